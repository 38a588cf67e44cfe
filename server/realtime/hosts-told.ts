import type { SessionRecord } from '../domain/records.ts'
import type { SessionId } from '../protocol/ids.ts'
import { seenByHosts } from './approvals.ts'
import type { Concern } from './batch.ts'
import type { ClaimEvent, Claims } from './claims.ts'
import type { Connection } from './connection.ts'
import { HOSTS, type Audience } from './log.ts'
import type { Room } from './room.ts'
import { frame } from './wire.ts'

/** What hosts are told of claims that wait, whenever and wherever they and the claims came [PAIR-5]. */
export class HostsTold {
  readonly #claims: Claims
  readonly #failed: (error: unknown) => void
  /** Rooms whose hosts were told of the claims that were found when the store was back. */
  readonly #retold = new WeakSet<Room>()

  constructor(claims: Claims, failed: (error: unknown) => void) {
    this.#claims = claims
    this.#failed = failed
  }

  publish(room: Room, body: ClaimEvent, audience: Audience, concern?: Concern): void {
    Promise.resolve(room.events.publish(body, undefined, audience, concern)).catch(this.#failed)
  }

  /**
   * The sessions of a room were read. Hosts who are here already are told of claims whose word never came; who came into
   * a room that was opened without the store, of all of them.
   */
  claimsFound(room: Room, sessions: ReadonlyMap<SessionId, SessionRecord | undefined>): void {
    const known = new Set(this.#claims.of(room.id).map(({ id }) => id))
    this.#claims.found(room.id, sessions)
    if (room.isEmpty) return
    const isAnew = room.timeline.begin !== undefined && !this.#retold.has(room)
    if (isAnew) this.#retold.add(room)
    for (const pairing of this.#claims.of(room.id))
      if (isAnew || !known.has(pairing.id))
        this.publish(room, { type: 'pairing-pending', pairing: seenByHosts(pairing) }, HOSTS, {
          kind: 'retold',
          pairing: pairing.id,
        })
  }

  /** A host was let in. The claims go into the log, since its connection may be lost before they arrive. */
  admitted(room: Room, id: SessionId): void {
    for (const pairing of this.#claims.of(room.id)) {
      // Its own is still held.
      if (pairing.session !== id)
        this.publish(
          room,
          { type: 'pairing-pending', pairing: seenByHosts(pairing) },
          { kind: 'member', id },
          { kind: 'retold', pairing: pairing.id },
        )
    }
  }

  /** A host that was not there when claims came in would never learn of them: they are told again. */
  tellPending(room: Room, host: Connection): void {
    for (const pairing of this.#claims.of(room.id))
      host.send(frame({ type: 'pairing-pending', at: room.at, pairing: seenByHosts(pairing) }))
  }
}
