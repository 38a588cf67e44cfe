import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import { afterEach } from 'vitest'
import { testApp, type TestApp, type TestAppOptions } from '../support/app.ts'

const open: { app: TestApp; sockets: Set<Socket> }[] = []
afterEach(async () => {
  for (const { app, sockets } of open.splice(0)) {
    // A socket that the server forgot fails the test that looks for it, and must not hold up all the others.
    for (const socket of sockets) socket.destroy()
    await app.close()
  }
})

/** An app that ends with the test. */
export async function startApp(options: TestAppOptions = {}): Promise<TestApp> {
  const app = await testApp(options)
  const sockets = new Set<Socket>()
  app.server.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  open.push({ app, sockets })
  return app
}

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The server took the upgrade. */
  readonly upgraded: boolean
}

/** A request that fetch would not send: odd paths, upgrades, bodies of any kind. */
export const raw = (
  base: string,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base)
    const length =
      options.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(options.body)) }
    const request = httpRequest({
      hostname,
      port,
      path,
      method: options.method ?? 'GET',
      headers: { ...length, ...options.headers },
      agent: false,
    })
    request.on('response', (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, upgraded: false })
        // One request a socket: what the server would keep open is the business of a test of its own.
        request.destroy()
      })
    })
    request.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text: '', upgraded: true })
    })
    request.on('error', reject)
    request.end(options.body)
  })

/** Headers of a sound WebSocket upgrade. */
export const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
}
