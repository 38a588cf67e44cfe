import type { Clock } from '../domain/clock.ts'
import type { SessionId } from '../protocol/ids.ts'

interface Leave {
  /** Every seat of the session up to this attempt is over. */
  readonly attempt: number
  /** The place of the leave: no cursor from before that continues. */
  readonly seat: number
  readonly at: number
}

/** Each session's last leave, kept while the room is open. */
export class Leaves {
  readonly #clock: Clock
  readonly #last = new Map<SessionId, Leave>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(id: SessionId, attempt: number, seat: number): void {
    this.#last.set(id, { attempt: Math.max(attempt, this.upTo(id)), seat, at: this.#clock.now() })
  }

  upTo(id: SessionId): number {
    return this.#last.get(id)?.attempt ?? -1
  }

  placeOf(id: SessionId): number {
    return this.#last.get(id)?.seat ?? 0
  }

  /** Those not longer ago than that. Milliseconds. */
  within(ms: number): { readonly id: SessionId; readonly attempt: number }[] {
    const since = this.#clock.now() - ms
    return [...this.#last].flatMap(([id, { attempt, at }]) => (at > since ? { id, attempt } : []))
  }
}
