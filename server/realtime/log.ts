import type { SessionId } from '../protocol/ids.ts'
import { LOG_MAX_BYTES, LOG_MAX_EVENTS } from '../protocol/limits.ts'
import { frameSize, NO_PAGE, Pages, type Framed } from './wire.ts'

/** Whom an event is meant for; never its own sender. */
export type Audience =
  | { readonly kind: 'all' }
  | { readonly kind: 'hosts' }
  | { readonly kind: 'member'; readonly id: SessionId }

/** One for all events: the log keeps an event's audience. */
export const ALL: Audience = { kind: 'all' }
export const HOSTS: Audience = { kind: 'hosts' }

export interface LogEvent {
  readonly n: number
  /** Absent: the server itself. */
  readonly from: SessionId | undefined
  readonly audience: Audience
  readonly framed: Framed
}

/**
 * The newest events of a room, as far as a resume may reach back [RES-1]. Columns instead of an object for each
 * event: objects that outlive a few collections cost more than all else that is done for an event.
 */
export class RoomLog {
  readonly #pages = new Pages()
  // The k-th event that was added, from 0, stands at k % LOG_MAX_EVENTS of each column.
  readonly #numbers: number[] = []
  readonly #froms: (SessionId | undefined)[] = []
  readonly #audiences: Audience[] = []
  readonly #pageOf: Buffer[] = []
  readonly #starts: number[] = []
  readonly #sizes: number[] = []
  /** How many events were added, and how many of them are gone again. */
  #added = 0
  #dropped = 0
  #bytes = 0
  #newest = 0
  /** The number of the newest event that is gone. */
  #gone = 0

  /** The newest number; they count from 1, and not each is of an event. */
  get newest(): number {
    return this.#newest
  }

  /** Takes a number without an event. */
  skip(): void {
    this.#newest += 1
  }

  /** Frames the JSON text of the event with the next number and keeps it. */
  add(text: string, from: SessionId | undefined, audience: Audience): Framed {
    const framed = this.#pages.frame(text)
    if (this.#added - this.#dropped === LOG_MAX_EVENTS) this.#dropOldest()
    this.#newest += 1
    const at = this.#added % LOG_MAX_EVENTS
    this.#numbers[at] = this.#newest
    this.#froms[at] = from
    this.#audiences[at] = audience
    this.#pageOf[at] = framed.page
    this.#starts[at] = framed.start
    this.#sizes[at] = framed.size
    this.#added += 1
    this.#bytes += framed.size
    while (this.#bytes > LOG_MAX_BYTES) this.#dropOldest()
    return framed
  }

  /** The events behind the n-th place, in order; nothing where some are gone or the place has not been. */
  since(n: number): readonly LogEvent[] | undefined {
    if (n > this.#newest || n < this.#gone) return undefined
    let first = this.#added
    while (first > this.#dropped && (this.#numbers[(first - 1) % LOG_MAX_EVENTS] ?? 0) > n) first -= 1
    const events: LogEvent[] = []
    for (let next = first; next < this.#added; next += 1) {
      const event = this.#event(next % LOG_MAX_EVENTS)
      if (event === undefined) return undefined
      events.push(event)
    }
    return events
  }

  #event(at: number): LogEvent | undefined {
    const [n, audience, page] = [this.#numbers[at], this.#audiences[at], this.#pageOf[at]]
    const [start, size] = [this.#starts[at], this.#sizes[at]]
    if (n === undefined || audience === undefined || page === undefined) return undefined
    if (start === undefined || size === undefined) return undefined
    const framed = { page, start, end: start + frameSize(size), size }
    return { n, from: this.#froms[at], audience, framed }
  }

  #dropOldest(): void {
    const at = this.#dropped % LOG_MAX_EVENTS
    this.#gone = this.#numbers[at] ?? 0
    this.#bytes -= this.#sizes[at] ?? 0
    // Its page may be the last thing of it that takes much.
    this.#pageOf[at] = NO_PAGE
    this.#dropped += 1
  }
}
