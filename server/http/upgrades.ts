import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { Refusal } from '../domain/refusal.ts'
import type { HttpServices } from './services.ts'

export interface UpgradeRoute {
  readonly url: string
  readonly subprotocol: string
  /** Refuses an upgrade by throwing, before the subprotocol is looked at. */
  readonly admit: (request: FastifyRequest) => void
  /** Refuses one that comes too often. */
  readonly limit: (request: FastifyRequest) => void
  readonly opened: (socket: WebSocket, request: FastifyRequest) => void
}

const offers = (request: FastifyRequest): string[] =>
  (request.headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim())

/** A path for sockets: everything that is refused is refused before the upgrade, as an HTTP answer. */
export function upgradeRoute(app: FastifyInstance, { hub }: HttpServices, route: UpgradeRoute): void {
  app.route({
    method: 'GET',
    url: route.url,
    schema: { hide: true },
    preValidation: async (request) => {
      if (hub.draining) throw new Refusal('draining', 'This instance is shutting down. Connect again.', 1_000)
      route.admit(request)
      if (!offers(request).includes(route.subprotocol))
        throw new Refusal('invalid_request', `Offer the subprotocol ${route.subprotocol}.`)
      route.limit(request)
    },
    // An upgrade is answered below HTTP. The response that is never used would hold the request, its headers and the
    // reply for as long as the socket lives.
    preHandler: (request, reply, done) => {
      if (request.ws) reply.raw.detachSocket(request.raw.socket)
      done()
    },
    handler: async () => {
      throw new Refusal('invalid_request', 'This address takes WebSocket upgrades only.')
    },
    wsHandler: (socket: WebSocket, request: FastifyRequest) => {
      // The plugin's listener holds request and reply as well; whoever serves the socket listens itself.
      socket.removeAllListeners('error')
      route.opened(socket, request)
    },
  })
}
