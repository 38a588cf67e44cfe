import type { Clock, Disposer } from '../domain/clock.ts'
import type { LogEntry, SharedRooms } from '../domain/shared-rooms.ts'
import type { RoomId } from '../protocol/ids.ts'
import { readBatch, type Batch, type Outgoing } from './batch.ts'
import { isBehind, type EntryId, type Origin } from './cursor.ts'
import { Checkpoint } from './checkpoint.ts'
import { Heard } from './heard.ts'
import type { Timeline } from './timeline.ts'
import { WaitingHints } from './waiting-hints.ts'
import type { Framed } from './wire.ts'

/** A hint may be there before a replica of the store has the entry: so often is looked again, so far apart. */
const LOOKS = 6
const LOOK_AGAIN = 200

/** What the way in needs of its room. */
export interface IncomingDeps {
  readonly room: RoomId
  readonly timeline: Timeline
  readonly shared: SharedRooms
  readonly clock: Clock
  /** Tells once more what members here may have been told the contrary of. */
  readonly retell: (event: Outgoing) => void
  /** Hands an event to the members here. */
  readonly deliver: (framed: Framed, event: Outgoing) => void
  /** Whether the event is to be delivered at all; the room learns from it. */
  readonly concerns: (event: Outgoing) => boolean
  /** Own events up to a number are in the log, whether or not that was answered. */
  readonly ownFound: (last: number, id: string) => void
  /** Whether hosts here believe that the claim waits which an event says is decided. */
  readonly isAwaited: (event: Outgoing) => boolean
  /** Adds an entry to the log that says nothing, to learn what the store calls this moment. @throws StoreUnavailable */
  readonly mark: () => Promise<EntryId>
  /** Events are missing that members here should have had. */
  readonly hole: () => void
  readonly warn: (what: string) => void
  readonly failed: (error: unknown) => void
}

/**
 * The way from the room's log to this instance's members. Hints bring events at once; where one does not follow on what
 * was delivered of its origin, or its sender has moved, the log is read, which is the truth.
 */
export class IncomingEvents {
  readonly #deps: IncomingDeps
  readonly #heard = new Heard()
  readonly #checkpoint: Checkpoint
  /** Of each origin the events that a hint brought last: its next one says which entry they are. */
  readonly #hinted = new Map<Origin, { readonly first: number; readonly last: number }>()
  readonly #waiting = new WaitingHints()
  /** How far origins say that they are. */
  readonly #wanted = new Map<Origin, number>()
  #reading: Promise<void> | undefined
  #again: Promise<void> | undefined
  #looks = 0
  #look: Disposer | undefined
  #isOpen = false
  #openedAt = 0

  constructor(deps: IncomingDeps) {
    this.#deps = deps
    this.#checkpoint = new Checkpoint({ ...deps, read: () => this.#want() })
  }

  /** Takes up what the log had when the room was opened here: nobody is sent it. */
  open(entries: readonly LogEntry[]): void {
    this.#isOpen = true
    this.#openedAt = this.#deps.clock.now()
    this.#take(entries, true)
    this.#settle(0)
  }

  /**
   * A room that was opened without the store finds out which of the log's entries are of before: nobody here is sent
   * those, and all that came since [STORE-4]. Entries are named by the store's clock, which tells how long ago that
   * was, whatever the clock here says.
   * @throws StoreUnavailable
   */
  async findBegin(): Promise<void> {
    const { timeline, clock, mark } = this.#deps
    if (timeline.read !== undefined || timeline.begin !== undefined) return
    const [ms] = (await mark()).split('-')
    timeline.begin ??= `${Math.max(0, Number(ms) - Math.ceil(clock.now() - this.#openedAt))}-0`
  }

  /** A hint. */
  offer(batch: Batch): void {
    if (batch.origin === this.#deps.timeline.origin) return
    // Nothing overtakes what waits.
    if (!this.#waiting.has(batch.origin) && this.#follows(batch, false)) {
      this.#deliver(batch, undefined, false)
      this.refresh()
    } else if (!this.#isOld(batch)) {
      this.#waiting.add(batch)
      if (this.#isOpen) this.#want()
    }
  }

  /** Learns now and then how far the log goes, so that cursors need not name origins for ever that have spoken once. */
  refresh(): void {
    if (!this.#isOpen || this.#reading !== undefined) return
    if (this.#checkpoint.isUnderWay) this.#checkpoint.look()
    else if (this.#deps.timeline.isUnread) this.#checkpoint.begin()
  }

  /** An origin says how far it is: what is missing is read. */
  reaches(origin: Origin, n: number): void {
    if (!this.#isOpen || origin === this.#deps.timeline.origin) return
    if (n <= this.#deps.timeline.countOf(origin)) return
    this.#wanted.set(origin, Math.max(n, this.#wanted.get(origin) ?? 0))
    this.#want()
  }

  /** Reads the log from where it was read last; what is in it by now has been delivered when this resolves. */
  async catchUp(): Promise<void> {
    if (this.#reading === undefined) {
      this.#reading = this.#read().finally(() => {
        this.#reading = undefined
      })
      return this.#reading
    }
    // The read that is under way may have begun too early.
    this.#again ??= this.#reading
      .catch(() => undefined)
      .then(() => {
        this.#again = undefined
        return this.catchUp()
      })
    return this.#again
  }

  /**
   * Entries that were read together with something else, from where the log was read last.
   * @param covered how many hints had come when the read began: what later ones stand behind it need not have
   */
  take(entries: readonly LogEntry[], covered = 0): void {
    this.#take(entries, false)
    this.#settle(covered)
  }

  /** Whether an event comes late: its sender was heard by a later connection of the same chain. If not, it speaks. */
  isLate({ from, speaker }: Pick<Outgoing, 'from' | 'speaker'>): boolean {
    if (from === undefined || speaker === undefined) return false
    if (this.#heard.isLate(from, speaker)) return true
    this.#heard.add(from, speaker)
    return false
  }

  dispose(): void {
    this.#look?.()
    this.#checkpoint.dispose()
    this.#waiting.clear()
  }

  #want(): void {
    this.catchUp().catch((error: unknown) => {
      this.#deps.failed(error)
      this.#lookAgain()
    })
  }

  #lookAgain(): void {
    this.#look ??= this.#deps.clock.after(LOOK_AGAIN, () => {
      this.#look = undefined
      this.#want()
    })
  }

  async #read(): Promise<void> {
    const { shared, room, timeline } = this.#deps
    await this.findBegin()
    const covered = this.#waiting.came
    this.take(await shared.readLog(room, timeline.read), covered)
  }

  #take(entries: readonly LogEntry[], quietly: boolean): void {
    const { timeline, warn } = this.#deps
    let newest: string | undefined
    const inLog = new Map<Origin, number>()
    let isWhole = true
    // What is missing stood before the oldest entry that is left, or in one that cannot be read.
    let missing = entries[0]?.id
    for (const { id, text } of entries) {
      const batch = readBatch(text)
      if (batch === undefined) {
        warn('an entry of a room log cannot be read and is treated as absent')
        missing = id
      } else {
        const isOfBefore = timeline.begin !== undefined && isBehind(timeline.begin, id)
        this.#deliver(batch, { id, missing: batch.cut ? id : missing }, quietly || isOfBefore)
        const last = batch.first + batch.events.length - 1
        // An own entry that was given up: its room here was closed.
        isWhole &&= last <= timeline.countOf(batch.origin)
        if (isWhole) inLog.set(batch.origin, last)
      }
      if (isWhole) newest = id
    }
    const last = entries.at(-1)?.id
    if (last !== undefined && (timeline.reached === undefined || isBehind(last, timeline.reached)))
      timeline.reached = last
    if (newest !== undefined) timeline.readUpTo(newest, inLog)
  }

  /** Hints that waited for a read. @param covered those up to this one had come when it began */
  #settle(covered: number): void {
    const isLastLook = this.#looks >= LOOKS
    const left = this.#waiting.settle(
      covered,
      (batch, isCovered) => {
        if (this.#isOld(batch)) return 'old'
        return this.#follows(batch, isCovered) || (isCovered && isLastLook) ? 'goes' : 'waits'
      },
      (batch) => this.#deliver(batch, undefined, false),
    )
    if (left.uncovered) this.#want()
    for (const [origin, n] of this.#wanted) {
      const before = this.#deps.timeline.countOf(origin)
      if (n > before && !isLastLook) continue
      this.#wanted.delete(origin)
      if (n <= before) continue
      // They are nowhere to be had.
      this.#deps.timeline.log.lose(origin, n)
      this.#deps.timeline.count(origin, n)
      if (before > 0) this.#deps.hole()
    }
    if (!left.covered && this.#wanted.size === 0) {
      this.#looks = 0
      return
    }
    // Of several reads at once one counts: what is looked for is given time.
    if (this.#look === undefined) this.#looks += 1
    this.#lookAgain()
  }

  #isOld({ origin, first, events }: Batch): boolean {
    return first + events.length - 1 <= this.#deps.timeline.countOf(origin)
  }

  /** Whether a hint can be delivered without a look at the log. */
  #follows(batch: Batch, wasRead: boolean): boolean {
    const { timeline } = this.#deps
    if (!this.#isOpen || this.#isOld(batch)) return false
    if (batch.first > timeline.countOf(batch.origin) + 1 && !batch.cut) return false
    return wasRead || !batch.events.some(({ moved }) => moved === true)
  }

  /** @param entry absent: a hint. `missing`: what is missing before the batch does not stand behind this entry */
  #deliver(
    batch: Batch,
    entry: { readonly id: EntryId; readonly missing: EntryId | undefined } | undefined,
    quietly: boolean,
  ): void {
    const { timeline, deliver, retell, concerns } = this.#deps
    const id = entry?.id
    const { origin, first, events } = batch
    const last = first + events.length - 1
    if (id !== undefined && origin === timeline.origin) this.#deps.ownFound(last, id)
    if (id !== undefined) timeline.log.identify(origin, first, last, id)
    if (origin === timeline.origin) {
      if (id !== undefined) timeline.delivered(origin, last, id)
      return
    }
    this.#identifyHinted(batch)
    const before = timeline.countOf(origin)
    if (first > before + 1) {
      timeline.log.lose(origin, first - 1, entry?.missing)
      if (!quietly && !batch.cut && before > 0) this.#deps.hole()
    }
    for (const [index, event] of events.entries()) {
      const n = first + index
      if (n <= before) continue
      // Hosts of a room that was opened without the store may have been told of claims that were decided before.
      const isAwaited = quietly && this.#deps.isAwaited(event)
      if (this.isLate(event) || !concerns(event)) {
        timeline.count(origin, n)
        continue
      }
      const { open, audience, from, speaker } = event
      const known = id === undefined ? {} : { id }
      const framed = timeline.foreign({
        origin,
        n,
        open,
        from,
        audience,
        speaker: speaker ?? { attempt: 0, since: 0 },
        ...known,
      })
      if (!quietly) deliver(framed, event)
      // Who is away for a moment would resume behind it: it is of before.
      else if (isAwaited) retell(event)
    }
    if (id === undefined) this.#hinted.set(origin, { first, last })
    else timeline.delivered(origin, last, id)
  }

  /** The events of a hint have got the name of their entry. */
  #identifyHinted({ origin, first, after }: Batch): void {
    const hinted = this.#hinted.get(origin)
    if (hinted === undefined) return
    this.#hinted.delete(origin)
    if (after !== undefined && hinted.last === first - 1)
      this.#deps.timeline.identify(origin, hinted.first, hinted.last, after)
  }
}
