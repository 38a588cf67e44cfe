import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { WebSocket } from 'ws'
import { Refusal } from '../../domain/refusal.ts'
import { CLOSE_WITHIN, MAX_BINARY_FRAME, MEDIA_SUBPROTOCOL, SUBPROTOCOL } from '../../protocol/limits.ts'
import { MEDIA_PATH } from '../../realtime/relay/link/kept-link.ts'
import { Conversation, type Realtime } from '../../realtime/conversation.ts'
import type { HttpServices } from '../services.ts'
import { upgradeRoute } from '../upgrades.ts'

/** Says when it is about to write a close frame, also where `ws` does so by itself: what waits goes out before. */
class AnnouncedSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    this.emit('closing')
    super.close(code, reason)
  }
}

/** Whose types differ: the class, and of `ws` since 8.19 how long a peer may take to end TCP after a close frame. */
const SOCKETS: object = { WebSocket: AnnouncedSocket, closeTimeout: CLOSE_WITHIN }

/** One is chosen by the address that is asked for: each refuses the upgrade that does not offer its own. */
const SUBPROTOCOLS = [SUBPROTOCOL, MEDIA_SUBPROTOCOL]

/** The upgrades this server understands; registered before any hook that can refuse one. */
export const socketPlugin = fp(async (app: FastifyInstance) => {
  let isClosing = false
  await app.register(websocket, {
    options: {
      maxPayload: MAX_BINARY_FRAME,
      // Compression costs a connection over 200 kB after its first use [SEC-2].
      perMessageDeflate: false,
      ...SOCKETS,
      handleProtocols: (protocols: Set<string>) =>
        SUBPROTOCOLS.find((known) => protocols.has(known)) ?? false,
    },
    errorHandler: (error, socket, request) => {
      request.log.error({ err: error }, 'a connection could not be served')
      socket.terminate()
    },
    // Connections are told to go before the app closes [DRAIN-1]; what is left by then is cut.
    preClose(done) {
      isClosing = true
      for (const socket of this.websocketServer.clients) socket.terminate()
      this.websocketServer.close(done)
    },
  })
  // Node knows an upgraded socket no more: one that comes from now on would hold the close up until its client goes.
  app.server.on('upgrade', (_request, socket) => {
    if (!isClosing) return
    const cut = setTimeout(() => socket.destroy(), CLOSE_WITHIN)
    socket.once('close', () => clearTimeout(cut))
  })
  // The plugin upgrades on every route that exists.
  app.addHook('onRequest', async (request) => {
    const { url = '' } = request.routeOptions
    if (request.ws && url !== '/ws' && url !== MEDIA_PATH && !request.is404) {
      throw new Refusal('invalid_request', 'This address takes no WebSocket upgrades.')
    }
  })
})

/** The socket of devices. */
export function socketRoute(app: FastifyInstance, services: HttpServices, realtime: Realtime): void {
  upgradeRoute(app, services, {
    url: '/ws',
    subprotocol: SUBPROTOCOL,
    admit({ headers: { origin } }) {
      if (origin !== undefined && !services.origins.allows(origin)) {
        throw new Refusal(
          'forbidden',
          `Pages of ${origin} may not connect: set PUBLIC_URL or ALLOWED_ORIGINS on the server.`,
        )
      }
    },
    limit: ({ ip }) => services.limits.socket(ip),
    opened(socket, request) {
      const conversation = new Conversation(realtime, { socket, stream: request.raw.socket })
      request.log.info({ conn: conversation.id }, 'connection opened')
    },
  })
}
