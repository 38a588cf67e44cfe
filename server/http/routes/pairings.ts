import type { FastifyRequest } from 'fastify'
import { deviceOf, nameOf } from '../../domain/devices.ts'
import { CodeUsed, type Claimed, type Presented } from '../../domain/pairing.ts'
import { Refusal } from '../../domain/refusal.ts'
import { ClaimPairing, Paired, PairingPreview, PreviewPairing } from '../../protocol/api.ts'
import type { WaitingClaim } from '../../protocol/messages.ts'
import type { Room } from '../../protocol/models.ts'
import { described } from '../schemas.ts'
import type { HttpServices, Routes } from '../services.ts'

const presentedIn = (body: PreviewPairing): Presented =>
  'secret' in body ? { secret: body.secret } : { code: body.code }

/** What a device does with a code. */
export const pairingRoutes: Routes = async (app, { services }) => {
  const { pairing, hub } = services
  const isFull = (room: Room) => hub.isFull(room.id)

  app.post<{ Body: PreviewPairing }>(
    '/api/pairings/preview',
    {
      schema: {
        tags: ['pairing'],
        summary: 'What a code would lead to; uses nothing up',
        body: PreviewPairing,
        response: { 200: PairingPreview, ...described(400, 404, 409, 413, 415, 423, 429) },
      },
    },
    async (request, reply) => {
      const presented = presentedIn(request.body)
      const found = await guarded(services, request, presented, () =>
        pairing.preview(presented, isFull, (id) => hub.info(id)),
      )
      return reply.header('cache-control', 'no-store').send({
        room: { name: found.room.name },
        host: { device: found.host },
        role: found.role,
        approvalNeeded: found.approvalNeeded,
        expiresInMs: found.expiresIn,
      })
    },
  )

  app.post<{ Body: ClaimPairing }>(
    '/api/pairings',
    {
      schema: {
        tags: ['pairing'],
        summary: 'Use a code: a session in its room',
        body: ClaimPairing,
        response: { 201: Paired, ...described(400, 404, 409, 413, 415, 423, 429) },
      },
    },
    async (request, reply) => {
      const { claimKey, deviceName } = request.body
      const presented = presentedIn(request.body)
      const device = deviceOf(request.headers['user-agent'])
      const name = deviceName ?? nameOf(device, request.headers['user-agent'])
      const claimed = await guarded(services, request, presented, () =>
        pairing.claim(
          presented,
          { name, device, ...(claimKey === undefined ? {} : { claimKey }) },
          isFull,
          (id) => hub.info(id),
        ),
      )
      // The first time may have ended without an answer of the store, before anybody was told; or be overtaken by the
      // second, and even by what became of it.
      const isNews =
        claimed.session.status === 'pending'
          ? !hub.claims.isTold(claimed.room.id, claimed.id)
          : !claimed.repeated
      if (isNews) {
        request.log.info(
          { room: claimed.room.id, member: claimed.session.id, status: claimed.session.status },
          'paired',
        )
        hub.arrivals.expect(claimed.room.id, claimed.session.id)
        announce(services, claimed, { name, device, presented: 'code' in presented ? 'typed' : 'scanned' })
      }
      const { session, room, check } = claimed
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ session, room, ...(check === undefined ? {} : { check }) })
    },
  )
}

/** Bounds guessing [PAIR-6] and tells hosts of used codes [PAIR-7]. */
async function guarded<T>(
  { limits, hub }: HttpServices,
  request: FastifyRequest,
  presented: Presented,
  attempt: () => Promise<T>,
): Promise<T> {
  const typed = 'code' in presented
  const over = await limits.turn(request.ip)
  try {
    limits.admitTry(request.ip, typed)
    return await attempt()
  } catch (error) {
    if (error instanceof Refusal && error.code === 'pairing_code_invalid')
      await limits.unknownCode(request.ip, typed)
    if (error instanceof CodeUsed && request.routeOptions.url === '/api/pairings')
      hub.claims.done(error.roomId, error.id, 'reused')
    throw error
  } finally {
    over()
  }
}

/** How often, and how far apart, a claim is looked at whose time is over while the store does not answer. */
const LOOKS = 10
const AGAIN_AFTER_MS = 1_000

/** Hosts learn that a device came in, or that one waits for them. */
function announce(
  { hub, sessions, clock, log }: HttpServices,
  { id, session, room }: Claimed,
  who: Pick<WaitingClaim, 'name' | 'device' | 'presented'>,
): void {
  if (session.status === 'active') {
    hub.claims.done(room.id, id, 'paired', session.id)
    return
  }
  const lifeMs = Math.max(0, Date.parse(session.expiresAt) - clock.now())
  const expire = (): void => {
    hub.end(room.id, session.id, 'revoked')
    hub.claims.done(room.id, id, 'expired', undefined, session.id)
    sessions
      .revoke(room.id, session.id)
      .then((seats) => hub.end(room.id, session.id, 'revoked', seats))
      .catch((error: unknown) => {
        // Its row says itself when it ends, so the claim is over all the same.
        log.warn({ err: error, room: room.id }, 'an expired claim could not be deleted')
      })
  }
  // A host may have let it in on another instance, which tells those in the room, and this one may not be among them.
  const look = (tries: number): void => {
    sessions.find(room.id, session.id).then(
      (record) => {
        if (record?.status !== 'active') expire()
      },
      (error: unknown) => {
        log.warn({ err: error, room: room.id }, 'a claim whose time is over could not be read')
        if (tries > 1) hub.later(AGAIN_AFTER_MS, () => look(tries - 1))
      },
    )
  }
  hub.claims.pending(room.id, { id, session: session.id, role: session.role, ...who }, lifeMs, () => {
    if (hub.isShared) look(LOOKS)
    else expire()
  })
}
