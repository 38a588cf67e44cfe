import type { CursorText, SessionId } from '../protocol/ids.ts'
import {
  cursorText,
  isBehind,
  newOrigin,
  partText,
  readCursor,
  type Cursor,
  type EntryId,
  type Origin,
} from './cursor.ts'
import { Heard } from './heard.ts'
import { KnownEntries } from './known-entries.ts'
import { RoomLog, type Audience, type LogEvent, type Speaker } from './log.ts'
import type { Framed } from './wire.ts'
import type { LogSpan } from '../domain/shared-rooms.ts'

/** The place that a seat began at: the k-th seat taken at an origin. */
export interface Start {
  readonly origin: Origin
  readonly seat: number
}

/** An event of another origin, before it is framed. */
export interface Foreign {
  readonly origin: Origin
  readonly n: number
  /** JSON text without its last brace: the cursor is written behind it. */
  readonly open: string
  readonly from: SessionId | undefined
  readonly audience: Audience
  readonly speaker: Speaker
  readonly id?: EntryId
}

/** Others' parts a cursor may have before it is learnt sooner how far the log goes, which makes them needless. */
const MANY_PARTS = 12

/** Events that may go by before it is learnt how far the log goes: fewer than half of what a log keeps. */
export interface LookAfter {
  readonly events: number
  /** Where a cursor has many parts. */
  readonly ofMany: number
}
const LOOK_AFTER: LookAfter = { events: 400, ofMany: 40 }

/**
 * The order of a room's events on this instance: its own numbers, what it has of other origins, the cursor behind the
 * newest event, and the tail that a resume is served from.
 */
export class Timeline {
  readonly origin = newOrigin()
  readonly log = new RoomLog()
  readonly #entries = new KnownEntries()
  readonly #lookAfter: LookAfter
  #n = 0
  #seats = 0
  /** Other origins: the newest number that was delivered here. */
  readonly #counts = new Map<Origin, number>()
  /** Those of them that have spoken since the log was read last, with their part of the cursor. */
  readonly #spoken = new Map<Origin, string>()
  /** Their parts as text, until one of them speaks. */
  #others: string | undefined = ''
  /** Events since the log was read last. */
  #sinceRead = 0
  /** How far each origin's events were read from the log. */
  readonly #inLog = new Map<Origin, number>()
  /** The newest place as text, until something changes. */
  #at: CursorText | undefined
  #read: EntryId | undefined
  /** The newest entry that was read; what stands in those up to `read` is with the members here too. */
  reached: EntryId | undefined
  /** Of a room that was opened without the store: what is before this in the log is of before, once it is known. */
  begin: EntryId | undefined

  constructor(lookAfter = LOOK_AFTER) {
    this.#lookAfter = lookAfter
  }

  /** The newest place. */
  get at(): CursorText {
    if (this.#at !== undefined) return this.#at
    const own = this.#isBeyondRead(this.origin) ? this.#n : 0
    this.#others ??= [...this.#spoken.values()].join('')
    return (this.#at = cursorText(this.#read, this.origin, own, this.#seats, this.#others))
  }

  /** The newest own number. */
  get n(): number {
    return this.#n
  }

  /** Entries of the stored log up to this one were read. */
  get read(): EntryId | undefined {
    return this.#read
  }

  /** Whether to learn how far the log goes, though nothing is missing: what cursors name must not outlive it there. */
  get isUnread(): boolean {
    const { events, ofMany } = this.#lookAfter
    return this.#spoken.size > 0 && this.#sinceRead > (this.#spoken.size > MANY_PARTS ? ofMany : events)
  }

  /** The newest number of each origin. */
  counts(): Map<Origin, number> {
    return new Map(this.#counts).set(this.origin, this.#n)
  }

  countOf(origin: Origin): number {
    return origin === this.origin ? this.#n : (this.#counts.get(origin) ?? 0)
  }

  /** How many seats were taken here. */
  get place(): Start {
    return { origin: this.origin, seat: this.#seats }
  }

  /** Takes a place for a new seat, which no cursor from before it has. */
  seat(): Start {
    this.#seats += 1
    this.#at = undefined
    return { origin: this.origin, seat: this.#seats }
  }

  /** Frames the next own event. @param open JSON text without its last brace */
  own(open: string, from: SessionId | undefined, audience: Audience, speaker?: Speaker): Framed {
    this.#n += 1
    this.#sinceRead += 1
    this.#at = undefined
    const text = `${open},"at":"${this.at}"}`
    return this.log.add(this.origin, this.#n, text, from, audience, speaker)
  }

  /** An own number whose event is to be delivered to nobody any more. */
  pass(): void {
    this.#n += 1
  }

  /** Frames an event of another origin. */
  foreign({ origin, n, open, from, audience, speaker, id }: Foreign): Framed {
    this.count(origin, n)
    return this.log.add(origin, n, `${open},"at":"${this.at}"}`, from, audience, speaker, id)
  }

  /** An event of another origin went by, delivered or not. */
  count(origin: Origin, n: number): void {
    this.#counts.set(origin, n)
    this.#sinceRead += 1
    this.#speak(origin, n)
  }

  /**
   * The log was read up to an entry: what is in it by then cursors need not name.
   * @param inLog how far each origin's events are in what was read
   */
  readUpTo(id: EntryId, inLog: ReadonlyMap<Origin, number>): void {
    for (const [origin, n] of inLog) this.#inLog.set(origin, Math.max(n, this.#inLog.get(origin) ?? 0))
    // Of two reads at once the earlier may be answered last: cursors name nothing any more of what the later had.
    if (this.#read !== undefined && !isBehind(id, this.#read)) return
    this.#read = id
    this.#sinceRead = 0
    for (const origin of this.#spoken.keys()) if (!this.#isBeyondRead(origin)) this.#spoken.delete(origin)
    this.#moved()
  }

  /** Events that were delivered here are known to be an entry of the log. */
  identify(origin: Origin, first: number, last: number, id: EntryId): void {
    this.log.identify(origin, first, last, id)
    this.delivered(origin, last, id)
  }

  /** An entry's events, of which the last has that number, were delivered here, or are to be delivered to nobody. */
  delivered(origin: Origin, last: number, id: EntryId): void {
    if (last <= this.countOf(origin)) this.#entries.add(id, origin, last)
  }

  /** Whether the log is known up to an entry. */
  reaches(id: EntryId): boolean {
    return this.#read !== undefined && !isBehind(id, this.#read)
  }

  /** Takes the log for known up to its end where its entries are all known. @returns whether they are */
  passes(span: LogSpan): boolean {
    const { first, last } = span
    if (this.#read === undefined || !this.#entries.are(span)) return false
    const inLog = this.#entries.lastNumbers(this.#read, last)
    this.#entries.forgetBefore(first)
    if (!this.#hasReached(last)) this.reached = last
    this.readUpTo(last, inLog)
    return true
  }

  /**
   * Whether a cursor has events that this instance does not know of. If the log does not have them either they were
   * accepted by an instance that is cut off from it, and what else was, nobody else can tell: its place is not known.
   */
  isAhead(text: string): boolean {
    const cursor = readCursor(text)
    return cursor !== undefined && this.#isAhead(cursor)
  }

  /** Whether a cursor stands for more of the stored log than was read here: which events it has is not known yet. */
  isBehind(text: string): boolean {
    const read = readCursor(text)?.read
    return read !== undefined && (this.#read === undefined || isBehind(read, this.#read))
  }

  /** Whether a cursor is of a seat that began at these places, or at one that goes on from them. */
  continues(text: string, starts: readonly Start[]): boolean {
    const cursor = readCursor(text)
    return cursor !== undefined && hasStart(cursor, starts)
  }

  /**
   * What went by behind a cursor, oldest first; nothing where the cursor has not been or a part of it is gone.
   * @param starts the places that the seat began at, of which the cursor must have one
   */
  missed(text: string, starts: readonly Start[]): { events: LogEvent[]; cursor: Cursor } | undefined {
    const cursor = readCursor(text)
    if (cursor === undefined) return undefined
    const own = cursor.counts.get(this.origin)
    // Places of this origin that have not been.
    if ((own ?? 0) > this.#n || (cursor.seats.get(this.origin) ?? 0) > this.#seats) return undefined
    if (!hasStart(cursor, starts)) return undefined
    if (this.#isAhead(cursor)) return undefined
    // A room that was opened without the store, and has not read since, knows nothing of before.
    if (cursor.read !== undefined && this.reached === undefined) return undefined
    if (cursor.read === undefined && this.#counts.size === 0 && own !== undefined)
      return this.#isWhole(cursor) ? { events: this.log.behind(own), cursor } : undefined
    const placed = this.#placed(cursor)
    if (placed === undefined || !this.#isWhole(placed)) return undefined
    // What it stands for and was not read here would come a second time when it is.
    if (cursor.read !== undefined && !this.#hasReached(cursor.read)) return undefined
    const events = withoutLate(this.log.all(), placed)
    // Of events that came by hints alone it is not known whether they are of before the opening.
    const isUnsure = placed.read !== undefined && !this.#hasReached(placed.read)
    return isUnsure && events.some(({ id }) => id === undefined) ? undefined : { events, cursor: placed }
  }

  /** Whether an origin has spoken since the log was read last: its number then says more than the place in the log. */
  #isBeyondRead(origin: Origin): boolean {
    return this.#read === undefined || this.countOf(origin) > (this.#inLog.get(origin) ?? 0)
  }

  #hasReached(id: EntryId): boolean {
    return this.reached !== undefined && !isBehind(id, this.reached)
  }

  /** A place of a room that was opened without the store has no entry of the log: only that opening knows where it was. */
  #placed(cursor: Cursor): Cursor | undefined {
    if (cursor.read !== undefined) return cursor
    if (!cursor.seats.has(this.origin)) return undefined
    return this.begin === undefined ? cursor : { ...cursor, read: this.begin }
  }

  #isAhead(cursor: Cursor): boolean {
    return [...cursor.counts].some(([origin, n]) => n > this.countOf(origin))
  }

  #isWhole(cursor: Cursor): boolean {
    for (const [origin, gone] of this.log.gone) {
      const seen = cursor.counts.get(origin)
      if (seen !== undefined) {
        if (seen < gone.n) return false
        continue
      }
      const { id } = gone
      // Of an origin that the cursor does not name everything it saw is in the part that was read.
      if (cursor.read === undefined || id === undefined || isBehind(id, cursor.read)) return false
    }
    return true
  }

  #speak(origin: Origin, n: number): void {
    this.#spoken.set(origin, `.${partText(origin, n)}`)
    this.#moved()
  }

  #moved(): void {
    this.#others = undefined
    this.#at = undefined
  }
}

const hasStart = (cursor: Cursor, starts: readonly Start[]): boolean =>
  starts.some(({ origin, seat }) => (cursor.seats.get(origin) ?? -1) >= seat)

/** Whether a cursor has an event. */
function hasSeen(cursor: Cursor, { origin, n, id }: LogEvent): boolean {
  if (n <= (cursor.counts.get(origin) ?? 0)) return true
  return id !== undefined && cursor.read !== undefined && !isBehind(id, cursor.read)
}

/**
 * The events that a cursor has not seen, without those that came late: sent by an earlier connection of a sender of
 * whom it has seen a later one already [ROOM-3]. They were never answered with `ok`.
 */
function withoutLate(events: readonly LogEvent[], cursor: Cursor): LogEvent[] {
  const heard = new Heard()
  const missed: LogEvent[] = []
  for (const event of events) {
    const { from, speaker } = event
    if (!hasSeen(cursor, event)) missed.push(event)
    else if (from !== undefined && speaker !== undefined) heard.add(from, speaker)
  }
  return missed.filter(
    ({ from, speaker }) => from === undefined || speaker === undefined || !heard.isLate(from, speaker),
  )
}
