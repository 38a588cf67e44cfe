import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { isPrivateAddress } from '../../domain/private-addresses.ts'
import { Refusal } from '../../domain/refusal.ts'
import { MEDIA_SUBPROTOCOL } from '../../protocol/limits.ts'
import { LinkListener, type LinkDeps } from '../../realtime/relay/link/listener.ts'
import { MEDIA_PATH } from '../../realtime/relay/link/opener.ts'
import type { HttpServices } from '../services.ts'
import { offers } from './socket.ts'

/** Where other instances get the pictures of cameras here; who cannot prove to be one gets nothing. */
export function internalMediaRoute(app: FastifyInstance, services: HttpServices, link: LinkDeps): void {
  const admit = async (request: FastifyRequest): Promise<void> => {
    if (services.hub.draining)
      throw new Refusal('draining', 'This instance is shutting down. Connect again.', 1_000)
    // Pages have no business here.
    if (request.headers.origin !== undefined)
      throw new Refusal('forbidden', 'This address is for other instances of this server.')
    if (!offers(request).includes(MEDIA_SUBPROTOCOL))
      throw new Refusal('invalid_request', `Offer the subprotocol ${MEDIA_SUBPROTOCOL}.`)
    // Instances that come back together open many at once, and have private addresses.
    if (!isPrivateAddress(request.ip)) services.limits.socket(request.ip)
  }
  app.route({
    method: 'GET',
    url: MEDIA_PATH,
    schema: { hide: true },
    preValidation: admit,
    preHandler: (request, reply, done) => {
      if (request.ws) reply.raw.detachSocket(request.raw.socket)
      done()
    },
    handler: async () => {
      throw new Refusal('invalid_request', 'This address takes WebSocket upgrades only.')
    },
    wsHandler: (socket: WebSocket, request: FastifyRequest) => {
      socket.removeAllListeners('error')
      void new LinkListener(socket, request.raw.socket, link)
    },
  })
}
