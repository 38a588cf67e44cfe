import type { FastifyInstance } from 'fastify'
import { isPrivateAddress } from '../../domain/private-addresses.ts'
import { Refusal } from '../../domain/refusal.ts'
import { MEDIA_SUBPROTOCOL } from '../../protocol/limits.ts'
import { LinkListener, type LinkDeps } from '../../realtime/relay/link/listener.ts'
import { MEDIA_PATH } from '../../realtime/relay/link/kept-link.ts'
import type { HttpServices } from '../services.ts'
import { upgradeRoute } from '../upgrades.ts'

/** Where other instances get the pictures of cameras here; who cannot prove to be one gets nothing. */
export function internalMediaRoute(app: FastifyInstance, services: HttpServices, link: LinkDeps): void {
  upgradeRoute(app, services, {
    url: MEDIA_PATH,
    subprotocol: MEDIA_SUBPROTOCOL,
    admit(request) {
      // Pages have no business here.
      if (request.headers.origin !== undefined)
        throw new Refusal('forbidden', 'This address is for other instances of this server.')
    },
    limit({ ip }) {
      // Instances that come back together open many at once, and have private addresses.
      if (!isPrivateAddress(ip)) services.limits.socket(ip)
    },
    opened: (socket, request) => void new LinkListener(socket, request.raw.socket, link),
  })
}
