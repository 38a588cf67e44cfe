import type { Clock, Disposer } from '../domain/clock.ts'
import type { CodeId, RoomId, SessionId } from '../protocol/ids.ts'
import type { WaitingClaim } from '../protocol/messages.ts'

/** A claim that waits for a host's decision. */
export interface PendingPairing extends Readonly<WaitingClaim> {
  readonly session: SessionId
}

/** The part of it that hosts see. */
export const seenByHosts = ({ id, device, name, role, presented }: PendingPairing): WaitingClaim => ({
  id,
  device,
  name,
  role,
  presented,
})

interface Entry {
  readonly pairing: PendingPairing
  readonly end: Disposer
  /** A decision is under way. */
  held: boolean
  /** Its life ended during that decision: it expires if nothing is decided. */
  overdue: boolean
  readonly expired: () => void
}

/** The claims of all rooms that wait for a decision; each is taken once, or expires [PAIR-5]. */
export class Approvals {
  readonly #clock: Clock
  readonly #rooms = new Map<RoomId, Map<CodeId, Entry>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(room: RoomId, pairing: PendingPairing, lifeMs: number, expired: () => void): void {
    const entries = this.#rooms.get(room) ?? new Map<CodeId, Entry>()
    this.#rooms.set(room, entries)
    entries.get(pairing.id)?.end()
    const end = this.#clock.after(lifeMs, () => {
      if (entry.held) entry.overdue = true
      else if (this.take(room, pairing.id) !== undefined) expired()
    })
    const entry: Entry = { pairing, end, held: false, overdue: false, expired }
    entries.set(pairing.id, entry)
  }

  /** The claim, for whoever decides first; it does not expire meanwhile, or both would be told. */
  hold(room: RoomId, id: CodeId): PendingPairing | undefined {
    const entry = this.#rooms.get(room)?.get(id)
    if (entry === undefined || entry.held) return undefined
    entry.held = true
    return entry.pairing
  }

  release(room: RoomId, id: CodeId): void {
    const entry = this.#rooms.get(room)?.get(id)
    if (entry === undefined) return
    entry.held = false
    if (entry.overdue && this.take(room, id) !== undefined) entry.expired()
  }

  /** Whether a claim that is being decided has outlived its code. */
  isOverdue(room: RoomId, id: CodeId): boolean {
    return this.#rooms.get(room)?.get(id)?.overdue === true
  }

  /** The claim, which waits no longer. */
  take(room: RoomId, id: CodeId): PendingPairing | undefined {
    const entries = this.#rooms.get(room)
    const entry = entries?.get(id)
    if (entries === undefined || entry === undefined) return undefined
    entry.end()
    entries.delete(id)
    if (entries.size === 0) this.#rooms.delete(room)
    return entry.pairing
  }

  /** The claim that a session waits with, if it does. */
  takeOf(room: RoomId, session: SessionId): PendingPairing | undefined {
    const found = this.of(room).find((pairing) => pairing.session === session)
    return found && this.take(room, found.id)
  }

  /** Whether a decision is under way. */
  isHeld(room: RoomId, id: CodeId): boolean {
    return this.#rooms.get(room)?.get(id)?.held === true
  }

  of(room: RoomId): PendingPairing[] {
    return [...(this.#rooms.get(room)?.values() ?? [])].map((entry) => entry.pairing)
  }

  clear(room: RoomId): void {
    for (const pairing of this.of(room)) this.take(room, pairing.id)
  }
}
