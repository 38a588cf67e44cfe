import websocket from '@fastify/websocket'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { WebSocket } from 'ws'
import { Refusal } from '../../domain/refusal.ts'
import { CLOSE_WITHIN, MAX_BINARY_FRAME, SUBPROTOCOL } from '../../protocol/limits.ts'
import { Conversation, type Realtime } from '../../realtime/conversation.ts'
import type { HttpServices } from '../services.ts'

/** Of `ws` since 8.19, where its types do not have it: how long a peer may take to end TCP after a close frame. */
const CLOSE_TIMEOUT: object = { closeTimeout: CLOSE_WITHIN }

const offers = (header: string | undefined): string[] => (header ?? '').split(',').map((part) => part.trim())

/** The upgrades this server understands; registered before any hook that can refuse one. */
export const socketPlugin = fp(async (app: FastifyInstance) => {
  await app.register(websocket, {
    options: {
      maxPayload: MAX_BINARY_FRAME,
      // Compression costs a connection over 200 kB after its first use [SEC-2].
      perMessageDeflate: false,
      ...CLOSE_TIMEOUT,
      handleProtocols: (protocols: Set<string>) => (protocols.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    },
    errorHandler: (error, socket, request) => {
      request.log.error({ err: error }, 'a connection could not be served')
      socket.terminate()
    },
    // Connections are told to go before the app closes [DRAIN-1]; what is left by then is cut.
    preClose(done) {
      for (const socket of this.websocketServer.clients) socket.terminate()
      this.websocketServer.close(done)
    },
  })
  // The plugin upgrades on every route that exists.
  app.addHook('onRequest', async (request) => {
    if (request.ws && request.routeOptions.url !== '/ws' && !request.is404) {
      throw new Refusal('invalid_request', 'This address takes no WebSocket upgrades.')
    }
  })
})

/** The socket: everything that is refused is refused before the upgrade, as an HTTP answer. */
export function socketRoute(app: FastifyInstance, services: HttpServices, realtime: Realtime): void {
  const admit = async (request: FastifyRequest): Promise<void> => {
    if (services.hub.draining)
      throw new Refusal('draining', 'This instance is shutting down. Connect again.', 1_000)
    const { origin } = request.headers
    if (origin !== undefined && !services.origins.allows(origin)) {
      throw new Refusal(
        'forbidden',
        `Pages of ${origin} may not connect: set PUBLIC_URL or ALLOWED_ORIGINS on the server.`,
      )
    }
    if (!offers(request.headers['sec-websocket-protocol']).includes(SUBPROTOCOL)) {
      throw new Refusal('invalid_request', `Offer the subprotocol ${SUBPROTOCOL}.`)
    }
    services.limits.socket(request.ip)
  }
  app.route({
    method: 'GET',
    url: '/ws',
    schema: { hide: true },
    preValidation: admit,
    handler: async () => {
      throw new Refusal('invalid_request', 'This address takes WebSocket upgrades only.')
    },
    wsHandler: (socket: WebSocket, request: FastifyRequest) => {
      const conversation = new Conversation(realtime, { socket, stream: request.raw.socket })
      request.log.info({ conn: conversation.id }, 'connection opened')
    },
  })
}
