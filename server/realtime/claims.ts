import type { Clock } from '../domain/clock.ts'
import type { SessionRecord } from '../domain/records.ts'
import type { CodeId, RoomId, SessionId } from '../protocol/ids.ts'
import type { PairingOutcome, WaitingClaim } from '../protocol/messages.ts'
import { Approvals, seenByHosts, type PendingPairing } from './approvals.ts'
import type { Concern, Outgoing } from './batch.ts'
import { Recent } from './recent.ts'

/** What hosts are told of claims. */
export type ClaimEvent =
  | { type: 'pairing-pending'; pairing: WaitingClaim }
  | { type: 'pairing-done'; pairing: CodeId; outcome: PairingOutcome; memberId?: SessionId }

export interface ClaimsDeps {
  readonly clock: Clock
  /** Tells the hosts of a room, on whatever instance. */
  readonly toHosts: (room: RoomId, body: ClaimEvent, concern?: Concern) => void
  /** A session that waited here was decided upon elsewhere, or has ended. */
  readonly admitted: (room: RoomId, id: SessionId) => void
  readonly ended: (room: RoomId, id: SessionId, how: 'denied' | 'revoked') => void
  readonly isOpen: (room: RoomId) => boolean
}

/** Decisions are remembered so long, since word of them may come twice. Milliseconds. */
const REMEMBERED_MS = 120_000
/** A claim that was made on another instance expires here only if that one does not say so. Milliseconds. */
const EXPIRY_GRACE_MS = 3_000

/** Claims that wait for a host's decision, wherever they were made, and what hosts are told of them [PAIR-5]. */
export class Claims {
  readonly #deps: ClaimsDeps
  readonly #approvals: Approvals
  readonly #decided: Recent<CodeId>

  constructor(deps: ClaimsDeps) {
    this.#deps = deps
    this.#approvals = new Approvals(deps.clock)
    this.#decided = new Recent(deps.clock, REMEMBERED_MS)
  }

  /** A claim waits for a decision: hosts are told, and it ends when its code would have. */
  pending(room: RoomId, pairing: PendingPairing, lifeMs: number, expired: () => void): void {
    this.#approvals.add(room, pairing, lifeMs, expired)
    this.#deps.toHosts(
      room,
      { type: 'pairing-pending', pairing: seenByHosts(pairing) },
      {
        kind: 'pending',
        pairing: pairing.id,
        session: pairing.session,
        endsAt: this.#deps.clock.now() + lifeMs,
      },
    )
  }

  /** Whether hosts were told of a claim, which waits still or was decided not long ago. */
  isTold(room: RoomId, pairing: CodeId): boolean {
    return this.#decided.has(pairing) || this.#approvals.of(room).some(({ id }) => id === pairing)
  }

  /** @param waiting the session that waited for this, if one did */
  done(
    room: RoomId,
    pairing: CodeId,
    outcome: PairingOutcome,
    memberId?: SessionId,
    waiting?: SessionId,
  ): void {
    const isDecision = waiting !== undefined && outcome !== 'reused'
    if (isDecision) {
      // Two instances may find at once that a claim has ended.
      if (this.#decided.has(pairing)) return
      this.#decided.add(pairing)
    }
    this.#deps.toHosts(
      room,
      { type: 'pairing-done', pairing, outcome, ...(memberId === undefined ? {} : { memberId }) },
      isDecision ? { kind: 'decided', pairing, session: waiting, outcome } : undefined,
    )
  }

  /**
   * Gives a pending pairing to one host's decision: of two that decide at once, one does. Where `decide` rejects
   * nothing was decided, and the pairing waits on, or expires; the latter too where it finds a claim gone whose
   * code has ended meanwhile.
   * @returns nothing where nothing waits (any more)
   */
  async decide<T>(
    room: RoomId,
    id: CodeId,
    decide: (pairing: PendingPairing, isOverdue: () => boolean) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const pairing = this.#approvals.hold(room, id)
    if (pairing === undefined) return undefined
    try {
      const decision = await decide(pairing, () => this.#approvals.isOverdue(room, id))
      if (decision === undefined) this.#approvals.release(room, id)
      else this.#approvals.take(room, id)
      return decision
    } catch (error) {
      this.#approvals.release(room, id)
      throw error
    }
  }

  of(room: RoomId): readonly PendingPairing[] {
    return this.#approvals.of(room)
  }

  /** The claim that a session waits with, which waits no longer. */
  takeOf(room: RoomId, session: SessionId): PendingPairing | undefined {
    return this.#approvals.takeOf(room, session)
  }

  clear(room: RoomId): void {
    this.#approvals.clear(room)
  }

  /** What an event of another instance says of claims. @returns whether hosts here are to get it */
  learn(room: RoomId, { concern, open }: Pick<Outgoing, 'concern' | 'open'>): boolean {
    if (this.isOver({ concern })) return false
    if (concern?.kind === 'pending') {
      const { pairing } = JSON.parse(`${open}}`) as { pairing: WaitingClaim }
      this.#await(room, { ...pairing, session: concern.session }, concern.endsAt)
    }
    if (concern?.kind === 'decided') this.#learnDecision(room, concern)
    return true
  }

  /** Whether an event says of a claim that it waits, and it was decided while that was under way. */
  isOver({ concern }: Pick<Outgoing, 'concern'>): boolean {
    return (concern?.kind === 'pending' || concern?.kind === 'retold') && this.#decided.has(concern.pairing)
  }

  /** Claims that waited when a room was opened here: their hosts may ask for them. */
  found(room: RoomId, sessions: Iterable<readonly [SessionId, SessionRecord | undefined]>): void {
    for (const [session, record] of sessions) {
      if (record?.status !== 'pending') continue
      const { pairing: id, device, name, role, presented = 'typed' } = record
      this.#await(room, { id, device, name, role, presented, session }, record.expiresAt)
    }
  }

  awaits(room: RoomId, pairing: CodeId): boolean {
    return this.#approvals.of(room).some(({ id }) => id === pairing)
  }

  /** Before the sessions of a room are read again: who of those that wait by now waits no longer was decided unheard. */
  beforeReading<T>(
    room: RoomId,
    read: (rows: T) => ReadonlyMap<SessionId, SessionRecord | undefined>,
  ): (rows: T) => void {
    const before = this.#approvals.of(room)
    return (rows) => {
      const sessions = read(rows)
      for (const { id, session } of before) {
        const status = sessions.get(session)?.status
        if (status === 'pending' || this.#approvals.isHeld(room, id)) continue
        if (this.#approvals.take(room, id) === undefined) continue
        if (status === 'active') this.done(room, id, 'paired', session, session)
        else this.done(room, id, 'denied', undefined, session)
      }
    }
  }

  /** A claim of another instance was decided, there or by a host elsewhere. */
  #learnDecision(room: RoomId, { pairing, session, outcome }: Extract<Concern, { kind: 'decided' }>): void {
    this.#approvals.take(room, pairing)
    // Told all the same: who missed the first word of it, and comes back here, gets it by this one.
    if (this.#decided.has(pairing)) return
    this.#decided.add(pairing)
    if (outcome === 'paired') this.#deps.admitted(room, session)
    else this.#deps.ended(room, session, outcome === 'denied' ? 'denied' : 'revoked')
  }

  /** Keeps a claim that was made elsewhere, until it is decided or has ended without a word. */
  #await(room: RoomId, pairing: PendingPairing, endsAt: number): void {
    const left = endsAt - this.#deps.clock.now()
    if (left <= 0 || this.isTold(room, pairing.id)) return
    this.#approvals.add(room, pairing, left + EXPIRY_GRACE_MS, () => {
      if (!this.#deps.isOpen(room)) return
      this.#deps.ended(room, pairing.session, 'revoked')
      this.done(room, pairing.id, 'expired', undefined, pairing.session)
    })
  }
}
