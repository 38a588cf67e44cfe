/** A second door into the same app: https on the LAN addresses, with the leaf. */
import type { EventEmitter } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import { createServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { type KeyPair, toPem } from './certificate.ts'

/** What `attach` needs of a Fastify app: the server that its requests and upgrades go to. */
export interface Backend {
  readonly server: HttpServer
}

export interface ListenerOptions {
  readonly backend: Backend
  readonly port: number
  /** Undefined listens on every address, IPv6 too. */
  readonly host: string | undefined
  readonly leaf: KeyPair
  warn(text: string): void
}

export interface Listener {
  /** Where it listens; differs from the wish when that was 0. */
  readonly port: number
  /** Greets connections from now on with this leaf; those that stand go on. */
  present(leaf: KeyPair): void
  /** Stops listening; whoever is still connected after the grace is cut off. */
  close(): Promise<void>
}

/** How long requests and sockets under way may take to end by themselves. */
const CLOSE_GRACE = 2_000

/** A phone answers within a second; the default of two minutes only serves those who hold sockets. */
const HANDSHAKE_WITHIN = 10_000

const credentials = (leaf: KeyPair) => {
  const pem = toPem(leaf)
  return { key: pem, cert: pem }
}

/** Listens, or throws the system's error (EADDRINUSE, EACCES). */
export async function openListener({ backend, port, host, leaf, warn }: ListenerOptions): Promise<Listener> {
  const { server: app } = backend
  const server = createServer({
    ...credentials(leaf),
    handshakeTimeout: HANDSHAKE_WITHIN,
    keepAliveTimeout: app.keepAliveTimeout,
    requestTimeout: app.requestTimeout,
    headersTimeout: app.headersTimeout,
  })
  // The types tell a plain server's sockets from those of TLS; Fastify and ws take both.
  const events: EventEmitter = app
  const sockets = new Set<Duplex>()
  // 'connection' and not 'secureConnection': a socket that never ends its handshake must not hold up close().
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('request', (request, response) => events.emit('request', request, response))
  server.on('upgrade', (request, socket, head) => {
    if (!events.emit('upgrade', request, socket, head)) socket.destroy()
  })
  server.on('clientError', (error, socket) => {
    if (!events.emit('clientError', error, socket)) socket.destroy()
  })

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  server.on('error', (error) => warn(`[LAN] The https listener: ${error.message}`))
  const bound = server.address()

  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    present: (next) => server.setSecureContext(credentials(next)),
    close: () =>
      new Promise((resolve, reject) => {
        const cutOff = setTimeout(() => {
          for (const socket of sockets) socket.destroy()
        }, CLOSE_GRACE)
        server.close((error) => {
          clearTimeout(cutOff)
          if (error === undefined) resolve()
          else reject(error)
        })
        server.closeIdleConnections()
      }),
  }
}
