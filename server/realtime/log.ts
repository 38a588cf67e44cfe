import type { SessionId } from '../protocol/ids.ts'
import { LOG_MAX_BYTES, LOG_MAX_EVENTS } from '../protocol/limits.ts'
import type { Framed } from './wire.ts'

/** Whom an event is meant for; never its own sender. */
export type Audience =
  | { readonly kind: 'all' }
  | { readonly kind: 'hosts' }
  | { readonly kind: 'member'; readonly id: SessionId }

export interface LogEvent {
  readonly n: number
  /** Absent: the server itself. */
  readonly from: SessionId | undefined
  readonly audience: Audience
  readonly framed: Framed
}

/** The newest events of a room, as far as a resume may reach back [RES-1]. */
export class RoomLog {
  readonly #events: LogEvent[] = []
  #first = 0
  #bytes = 0
  /** The number of the newest event that is gone. */
  #gone = 0

  add(event: LogEvent): void {
    this.#events.push(event)
    this.#bytes += event.framed.size
    while (this.#events.length - this.#first > LOG_MAX_EVENTS || this.#bytes > LOG_MAX_BYTES) {
      const oldest = this.#events[this.#first]
      if (oldest === undefined) break
      this.#gone = oldest.n
      this.#bytes -= oldest.framed.size
      this.#first += 1
    }
    // Cutting the front off for each event would move the rest each time.
    if (this.#first > this.#events.length / 2) {
      this.#events.splice(0, this.#first)
      this.#first = 0
    }
  }

  /** The events behind the n-th, in order, where `last` is the newest number; nothing where some are gone. */
  since(n: number, last: number): readonly LogEvent[] | undefined {
    if (n > last || n < this.#gone) return undefined
    let from = this.#events.length
    while (from > this.#first && (this.#events[from - 1]?.n ?? 0) > n) from -= 1
    return this.#events.slice(from)
  }
}
