import type { SessionId } from '../protocol/ids.ts'
import { LOG_MAX_BYTES, LOG_MAX_EVENTS } from '../protocol/limits.ts'
import { isBehind, type EntryId, type Origin } from './cursor.ts'
import { frameSize, NO_PAGE, Pages, type Framed } from './wire.ts'

/** Whom an event is meant for; never its own sender. */
export type Audience =
  | { readonly kind: 'all' }
  | { readonly kind: 'hosts' }
  | { readonly kind: 'member'; readonly id: SessionId }

/** One for all events: the log keeps an event's audience. */
export const ALL: Audience = { kind: 'all' }
export const HOSTS: Audience = { kind: 'hosts' }

/** Which connection of its sender an event came by, where a sender may be on another instance. */
export interface Speaker {
  readonly attempt: number
  /** The first attempt of the chain of resumed connections. */
  readonly since: number
}

export interface LogEvent {
  /** The event's number among those of its origin. */
  readonly n: number
  readonly origin: Origin
  /** Absent: the server itself. */
  readonly from: SessionId | undefined
  readonly audience: Audience
  readonly framed: Framed
  readonly speaker: Speaker | undefined
  /** Its entry in the stored log, where it is known. */
  readonly id: EntryId | undefined
}

/** What is gone of an origin: everything up to the n-th event. */
export interface Gone {
  readonly n: number
  /** An entry of the stored log behind which none of it stands, where one is known. */
  readonly id: EntryId | undefined
}

/**
 * The newest events of a room, as far as a resume may reach back [RES-1]. Columns instead of an object for each
 * event: objects that outlive a few collections cost more than all else that is done for an event.
 */
export class RoomLog {
  readonly #pages = new Pages()
  // The k-th event that was added, from 0, stands at k % LOG_MAX_EVENTS of each column.
  readonly #numbers: number[] = []
  readonly #origins: Origin[] = []
  readonly #froms: (SessionId | undefined)[] = []
  readonly #audiences: Audience[] = []
  readonly #pageOf: Buffer[] = []
  readonly #starts: number[] = []
  readonly #sizes: number[] = []
  /** These two are filled where instances share the room. */
  readonly #speakers: (Speaker | undefined)[] = []
  readonly #ids: (EntryId | undefined)[] = []
  /** How many events were added, and how many of them are gone again. */
  #added = 0
  #dropped = 0
  #bytes = 0
  readonly #gone = new Map<Origin, Gone>()

  get size(): number {
    return this.#added - this.#dropped
  }

  /** Of the JSON texts that are kept. */
  get bytes(): number {
    return this.#bytes
  }

  get gone(): ReadonlyMap<Origin, Gone> {
    return this.#gone
  }

  /** Events of an origin up to the n-th cannot be had any more, or never could. @param id none stands behind it */
  lose(origin: Origin, n: number, id?: EntryId): void {
    if (n > (this.#gone.get(origin)?.n ?? 0)) this.#gone.set(origin, { n, id })
  }

  /** Frames the JSON text of an origin's n-th event and keeps it. */
  add(
    origin: Origin,
    n: number,
    text: string,
    from: SessionId | undefined,
    audience: Audience,
    speaker?: Speaker,
    id?: EntryId,
  ): Framed {
    const framed = this.#pages.frame(text)
    if (this.size === LOG_MAX_EVENTS) this.#dropOldest()
    const at = this.#added % LOG_MAX_EVENTS
    this.#numbers[at] = n
    this.#origins[at] = origin
    this.#froms[at] = from
    this.#audiences[at] = audience
    this.#pageOf[at] = framed.page
    this.#starts[at] = framed.start
    this.#sizes[at] = framed.size
    if (speaker !== undefined || id !== undefined) {
      this.#speakers[at] = speaker
      this.#ids[at] = id
    } else if (this.#ids.length > 0) {
      this.#speakers[at] = undefined
      this.#ids[at] = undefined
    }
    this.#added += 1
    this.#bytes += framed.size
    while (this.#bytes > LOG_MAX_BYTES) this.#dropOldest()
    return framed
  }

  /**
   * The entries of events that were kept before their entries were known. One whose answer was lost was added twice:
   * who has read the first of them has its events.
   */
  identify(origin: Origin, first: number, last: number, id: EntryId): void {
    const gone = this.#gone.get(origin)
    // Many large events at once may be gone again before their entries are known: an origin's later ones stand behind.
    if (gone !== undefined && last >= gone.n && (gone.id === undefined || isBehind(gone.id, id)))
      this.#gone.set(origin, { n: gone.n, id })
    for (let next = this.#added - 1; next >= this.#dropped; next -= 1) {
      const at = next % LOG_MAX_EVENTS
      const n = this.#numbers[at] ?? 0
      if (this.#origins[at] !== origin || n < first || n > last) continue
      const known = this.#ids[at]
      if (known === undefined || isBehind(known, id)) this.#ids[at] = id
      // Entries hold whole batches, which stand together or nearly so.
      if (n === first) return
    }
  }

  /** The events of one origin behind its n-th, oldest first; it must be the only origin. */
  behind(n: number): LogEvent[] {
    let first = this.#added
    while (first > this.#dropped && (this.#numbers[(first - 1) % LOG_MAX_EVENTS] ?? 0) > n) first -= 1
    return this.#from(first)
  }

  /** Everything that is kept, oldest first. */
  all(): LogEvent[] {
    return this.#from(this.#dropped)
  }

  #from(first: number): LogEvent[] {
    const events: LogEvent[] = []
    for (let next = first; next < this.#added; next += 1) {
      const event = this.#event(next % LOG_MAX_EVENTS)
      if (event !== undefined) events.push(event)
    }
    return events
  }

  #event(at: number): LogEvent | undefined {
    const [n, origin, audience] = [this.#numbers[at], this.#origins[at], this.#audiences[at]]
    const [page, start, size] = [this.#pageOf[at], this.#starts[at], this.#sizes[at]]
    if (n === undefined || origin === undefined || audience === undefined) return undefined
    if (page === undefined || start === undefined || size === undefined) return undefined
    const framed = { page, start, end: start + frameSize(size), size }
    const [speaker, id] = [this.#speakers[at], this.#ids[at]]
    return { n, origin, from: this.#froms[at], audience, framed, speaker, id }
  }

  #dropOldest(): void {
    const at = this.#dropped % LOG_MAX_EVENTS
    const [n, origin] = [this.#numbers[at], this.#origins[at]]
    if (n !== undefined && origin !== undefined) this.#gone.set(origin, { n, id: this.#ids[at] })
    this.#bytes -= this.#sizes[at] ?? 0
    // Its page may be the last thing of it that takes much.
    this.#pageOf[at] = NO_PAGE
    this.#dropped += 1
  }
}
