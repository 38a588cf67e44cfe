import type { Clock, Disposer } from '../domain/clock.ts'
import { StoreUnavailable } from '../domain/refusal.ts'
import type { SharedRooms } from '../domain/shared-rooms.ts'
import type { CursorText, InstanceId, RoomId } from '../protocol/ids.ts'
import { LOG_MAX_BYTES, LOG_MAX_EVENTS } from '../protocol/limits.ts'
import { batchText, MOST_EVENTS, type Batch, type Outgoing } from './batch.ts'
import type { EntryId } from './cursor.ts'
import type { Audience } from './log.ts'
import type { Timeline } from './timeline.ts'

/** Most that goes into one entry of the log. */
const BATCH = { events: MOST_EVENTS, bytes: 128 * 1024 }
/** Entries kept beyond those that a resume may need: others may be adding theirs at the same time. */
const SLACK = 64
/** What waits for a store that is away, for each room [STORE-4]. Bytes. */
const MAX_WAITING = 1024 * 1024
/** Milliseconds to the next try where a single append failed. */
const RETRY = { first: 100, most: 1_000 }

/** An event with its number that is not in the stored log yet. */
interface Numbered {
  readonly n: number
  readonly event: Outgoing
  /** Members here have it already: the store is away. */
  delivered: boolean
  readonly taken: (at: CursorText) => void
}

/** What the way out needs of its room. */
export interface OutgoingDeps {
  readonly room: RoomId
  readonly instance: InstanceId
  readonly timeline: Timeline
  readonly shared: SharedRooms
  readonly clock: Clock
  readonly isAway: () => boolean
  /** Instances that have members in the room. */
  readonly others: () => readonly InstanceId[]
  /** Whether somebody on another instance is meant. */
  readonly reachesOthers: (audience: Audience) => boolean
  /** Gives the event its place and hands it to the members here. */
  readonly deliver: (event: Outgoing) => void
  readonly unheard: (instance: InstanceId) => void
  /** Nothing waits any more. */
  readonly idle: () => void
}

/**
 * The way from this instance's members into the room's log. One request is out at a time and carries what was sent
 * meanwhile. Members get an event when it is logged, so that nothing was seen that a crash could take back; while the
 * store is away they get it at once, and the log gets it later under the same number.
 */
export class OutgoingEvents {
  readonly #deps: OutgoingDeps
  /** Without a number yet. */
  #queue: Pick<Numbered, 'event' | 'taken'>[] = []
  /** In the order of their numbers. */
  #pending: Numbered[] = []
  #bytes = 0
  #last = 0
  #logged = 0
  /** The entry that ends with that number, where it is known. */
  #loggedAs: EntryId | undefined
  #isOut = false
  /** The store was away, and nothing was added since. */
  #isAnew = false
  #failures = 0
  #retry: Disposer | undefined
  #after: (() => void)[] = []

  constructor(deps: OutgoingDeps) {
    this.#deps = deps
  }

  /** The newest number that is in the log. */
  get logged(): number {
    return this.#logged
  }

  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#pending.length === 0
  }

  /**
   * Sends an event on its way.
   * @returns the place behind it, when it has been accepted for delivery
   * @throws StoreUnavailable where too much waits for a store that is away
   */
  add(event: Outgoing): Promise<CursorText> {
    if (this.#deps.isAway()) return this.#addAlone(event)
    return new Promise((taken) => {
      this.#queue.push({ event, taken })
      // What one read of a socket brings goes together: the handlers of all of it run before this does.
      if (this.#queue.length === 1) queueMicrotask(() => this.#pumpQueue())
    })
  }

  /** The store is away. @throws StoreUnavailable */
  async #addAlone(event: Outgoing): Promise<CursorText> {
    this.#deliverWaiting()
    const isTooMuch = this.#bytes + event.open.length > MAX_WAITING
    if (isTooMuch && this.#deps.reachesOthers(event.audience))
      throw new StoreUnavailable('too much waits for the shared store already')
    this.#last += 1
    this.#deps.deliver(event)
    // What is not kept is missing in the log for good, which the next batch says (`cut`).
    if (!isTooMuch) this.#keep({ n: this.#last, event, delivered: true, taken: () => undefined })
    return this.#deps.timeline.at
  }

  /** Runs a task behind the request that is out. */
  afterCurrent(task: () => void): void {
    if (this.#isOut) this.#after.push(task)
    else task()
  }

  /** Own events up to a number were found in the log, before their append was answered. */
  found(last: number, id: string): void {
    this.#landed(
      this.#pending.filter(({ n }) => n <= last),
      id,
    )
  }

  /** The store went away or came back. */
  storeChanged(): void {
    if (this.#deps.isAway()) {
      if (!this.#isOut) this.#deliverWaiting()
    } else {
      this.#isAnew = true
      this.#failures = 0
      this.#retry?.()
      this.#retry = undefined
      this.#pump()
    }
  }

  dispose(): void {
    this.#retry?.()
    this.#queue = []
    this.#pending = []
  }

  #keep(numbered: Numbered): void {
    this.#pending.push(numbered)
    this.#bytes += numbered.event.open.length
  }

  #number(): void {
    for (const { event, taken } of this.#queue.splice(0)) {
      this.#last += 1
      this.#keep({ n: this.#last, event, delivered: false, taken })
    }
  }

  /** Members here do not wait for a store that is away. */
  #deliverWaiting(): void {
    this.#number()
    for (const numbered of this.#pending) this.#deliver(numbered)
  }

  #deliver(numbered: Numbered): void {
    if (numbered.delivered) return
    numbered.delivered = true
    this.#deps.deliver(numbered.event)
    numbered.taken(this.#deps.timeline.at)
  }

  #pumpQueue(): void {
    // It may have gone meanwhile, with what the store's return set off.
    if (this.#queue.length > 0) this.#pump()
  }

  #pump(): void {
    const { isAway, timeline, room, instance, shared, others } = this.#deps
    if (this.#isOut || this.#retry !== undefined || isAway()) return
    if (this.#pending.length === 0) this.#number()
    const part = this.#nextPart()
    const [first] = part
    if (first === undefined) {
      this.#deps.idle()
      return
    }
    const batch: Batch = {
      room,
      origin: timeline.origin,
      instance,
      first: first.n,
      cut: first.n !== this.#logged + 1,
      ...(first.n === this.#logged + 1 && this.#loggedAs !== undefined ? { after: this.#loggedAs } : {}),
      events: part.map(({ event }) => event),
    }
    const inboxes = others()
    this.#isOut = true
    shared.append(room, batchText(batch), { keep: this.#keepEntries(), inboxes, isAnew: this.#isAnew }).then(
      ({ id, received }) => {
        this.#isOut = false
        this.#isAnew = false
        this.#failures = 0
        this.#landed(part, id)
        for (const [index, inbox] of inboxes.entries()) if (received[index] === 0) this.#deps.unheard(inbox)
        this.#next()
      },
      (error: unknown) => {
        this.#isOut = false
        if (!(error instanceof StoreUnavailable)) throw error
        this.#failed()
        this.#next()
      },
    )
  }

  /** A run of numbers without a gap, as much as one entry holds. */
  #nextPart(): Numbered[] {
    const part: Numbered[] = []
    let bytes = 0
    for (const numbered of this.#pending) {
      const before = part.at(-1)
      bytes += numbered.event.open.length
      if (before !== undefined && (numbered.n !== before.n + 1 || bytes > BATCH.bytes)) break
      part.push(numbered)
      if (part.length === BATCH.events) break
    }
    return part
  }

  #landed(part: readonly Numbered[], id: string): void {
    const { timeline } = this.#deps
    const [first, last] = [part[0]?.n, part.at(-1)?.n]
    if (first === undefined || last === undefined) return
    // They may have been found there before.
    const left = this.#pending.filter(({ n }) => n <= last)
    this.#pending = this.#pending.filter(({ n }) => n > last)
    for (const numbered of left) {
      this.#bytes -= numbered.event.open.length
      this.#deliver(numbered)
    }
    if (last >= this.#logged) {
      this.#logged = last
      this.#loggedAs = id === '' ? undefined : id
    }
    timeline.identify(timeline.origin, first, last, id)
  }

  #failed(): void {
    if (this.#deps.isAway()) {
      this.#deliverWaiting()
      return
    }
    // It may be there all the same: under the same numbers it does no harm to add it again.
    const wait = Math.min(RETRY.most, RETRY.first * 2 ** this.#failures)
    this.#failures += 1
    this.#retry = this.#deps.clock.after(wait, () => {
      this.#retry = undefined
      this.#pump()
    })
  }

  #next(): void {
    for (const task of this.#after.splice(0)) task()
    this.#pump()
  }

  /** Entries that a resume may need: where events are large, fewer than so many hold what a log keeps. */
  #keepEntries(): number {
    const { log } = this.#deps.timeline
    const isBoundByBytes = log.gone.size > 0 && log.size < LOG_MAX_EVENTS && log.bytes > LOG_MAX_BYTES / 2
    return (isBoundByBytes ? log.size : LOG_MAX_EVENTS) + SLACK
  }
}
