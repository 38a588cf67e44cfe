import type { SeatName, StoredState } from '../domain/shared-rooms.ts'
import type { CursorText, InstanceId, SessionId } from '../protocol/ids.ts'
import type { Outgoing } from './batch.ts'
import type { Origin } from './cursor.ts'
import { Greetings } from './greetings.ts'
import { holders } from './holders.ts'
import type { IncomingEvents } from './incoming.ts'
import { LeftBehind } from './left-behind.ts'
import type { Draft, LetterOf, List, Numbers, RemoteSeat, RoomLetter, SeatEnd } from './letters.ts'
import type { OutgoingEvents } from './outgoing.ts'
import type { Waiting } from './entering.ts'
import { part } from './parting.ts'
import type { Room, Shared } from './room.ts'
import { RowBook } from './row-book.ts'
import { sorted, toldOf } from './rows.ts'
import type { Seat } from './seat.ts'
import { ToldSeats } from './told-seats.ts'
import { wayIn, wayOut, type SharingDeps } from './ways.ts'

/** One room's part in what instances share: its events' way out and in, and who tells whom of which seats. */
export class Sharing implements Shared {
  readonly incoming: IncomingEvents
  readonly #outgoing: OutgoingEvents
  readonly #room: Room
  readonly #deps: SharingDeps
  readonly rows: RowBook
  readonly #leftBehind: LeftBehind
  readonly #told: ToldSeats
  readonly #greetings: Greetings
  #pn = 0
  /** Whether it is known which instances are in the room: those that came while the store was away are not. */
  #knowsOthers = false
  readonly #neighbours = new Set<InstanceId>()
  #isParted = false
  /** Something was told since the counts were repeated last. */
  #hasNews = false

  constructor(room: Room, deps: SharingDeps) {
    this.#room = room
    this.#deps = deps
    this.rows = new RowBook(room, deps)
    this.#leftBehind = new LeftBehind(room, this.rows, deps)
    this.#told = new ToldSeats(room, this.#leftBehind, {
      instance: deps.instance,
      hasEnded: deps.hasEnded,
      post: (to, draft) => void this.#post(to, draft),
      numbers: () => this.#numbers(),
      list: () => this.#list(),
    })
    this.#greetings = new Greetings(deps.clock)
    this.incoming = wayIn(room, deps, (last, id) => this.#outgoing.found(last, id))
    this.#outgoing = wayOut(room, deps, this.incoming)
  }

  get isIdle(): boolean {
    return this.#outgoing.isIdle && this.rows.isIdle
  }

  add(event: Outgoing): Promise<CursorText> {
    this.#hasNews = true
    return this.#outgoing.add(event)
  }

  changed(seat: Seat | Waiting): void {
    const { key } = seat
    if (key === undefined) return
    this.rows.keep(key, seat)
    this.#leftBehind.takenUp(seat.id, key)
    const leftBehind = this.#room.presence.leftBehind(seat.id)
    if (leftBehind !== undefined) {
      this.#leftBehind.forget(leftBehind)
      this.#room.presence.remove(seat.id, leftBehind.attempt)
    }
    this.#tell({ t: 'seat', ...this.#numbered(), seat: toldOf(seat, key) })
  }

  ended(id: SessionId, attempt: number, key: SeatName | undefined, why: SeatEnd, left?: RemoteSeat): void {
    this.rows.drop(key)
    if (left !== undefined && why !== 'moved') this.#leftBehind.forget(left)
    const gone = { t: 'gone', ...this.#numbered(), id, attempt, why } as const
    this.#tell(gone)
    if (why !== 'moved' && !this.#deps.isHeard()) this.#tellUnheard(gone).catch(this.#deps.failed)
  }

  /** The room was opened with what the store has of it; resolves when the others have told of their members. */
  async open(found: StoredState): Promise<void> {
    this.incoming.open(found.log)
    this.#suppose(found)
    await this.#greetAll()
  }

  /**
   * What the store has of the room was read again, behind the rows of this instance: it may not have heard much.
   * Resolves when the others have told of their members.
   */
  reopened(found: StoredState): Promise<void> {
    this.incoming.take(found.log)
    this.#suppose(found)
    return this.#greetAll()
  }

  receive(letter: RoomLetter): void {
    const { presence } = this.#room
    // Word of a change may have been lost, and a letter that comes late may be the only one that knows of it.
    if (letter.t !== 'room' && 'rev' in letter && (letter.rev ?? 0) > this.#room.rev)
      this.#deps.changed(this.#room.id)
    if ('opening' in letter && presence.isOver(letter.from, letter.opening)) {
      this.#lateTold(letter)
      return
    }
    if ('origin' in letter) presence.opened(letter.from, letter.opening)
    switch (letter.t) {
      case 'greet':
      case 'answer':
        this.#shares(letter.from)
        this.#listed(letter)
        if (letter.t === 'answer') this.#greetings.answered(letter.from)
        // What is on its way to the log now goes to those who were known before.
        else this.#outgoing.afterCurrent(() => void this.#post(letter.from, { t: 'answer', ...this.#list() }))
        break
      case 'seat':
        if (this.#isNext(letter)) this.#told.seat(letter)
        break
      case 'gone':
        // What has left up to an attempt has left, in whatever order word of it comes; what moved is told elsewhere.
        if (this.#isNext(letter) || letter.why !== 'moved') this.#told.gone(letter)
        break
      case 'counts':
        this.incoming.reaches(letter.origin, letter.n)
        if (!presence.isUpTo(letter.from, letter.origin, letter.pn)) this.#greet(letter.from)
        break
      case 'bye':
        presence.opened(letter.from, (letter.opening ?? -1) + 1)
        if (presence.originOf(letter.from) === letter.origin) this.#parted(letter.from, letter.stay)
        // Its events may have had no hint to who was not known to it.
        else this.#read()
        break
      case 'absent':
        presence.opened(letter.from, (letter.opening ?? -1) + 1)
        this.#parted(letter.from, false)
        break
      default:
        // Of sessions and the room itself: the hub's.
        break
    }
  }

  /** A letter of an opening that is over: what it says of those who left holds, and its events may have had no hint. */
  #lateTold(letter: RoomLetter): void {
    if (letter.t === 'gone' && letter.why !== 'moved') this.#told.left(letter.id, letter.attempt, letter.why)
    if (letter.t === 'bye') this.#read()
  }

  /** An instance that is in the room sent events: if it is not known, it is greeted. */
  heardFrom(instance: InstanceId): void {
    // It may be what this instance published before the room was open here.
    if (instance !== this.#deps.instance && !this.#room.presence.has(instance)) this.#greet(instance)
  }

  /** An instance is dead: its members have left, and may come back within the window [SYNC-3]. */
  dead(instance: InstanceId): void {
    this.#greetings.answered(instance)
    this.#leftBehind.instanceLeft(instance, false)
    const { shared, failed } = this.#deps
    shared.seats(this.#room.id).then((seats) => {
      // It may be back by now, or the room be closed here.
      if (!this.#isParted && !this.#room.presence.has(instance)) this.#leftBehind.clean(instance, seats)
    }, failed)
    this.#read()
  }

  /** What others missed without knowing they learn now. */
  repeatCounts(): void {
    if (!this.#hasNews) return
    this.#hasNews = false
    this.#tell({ t: 'counts', ...this.#numbers(), n: this.#outgoing.logged }, false)
  }

  storeChanged(): void {
    if (this.#deps.isAway()) this.#knowsOthers = false
    this.#outgoing.storeChanged()
  }

  /** The room is closed here. @param stay the members keep their seats for the resume window: this instance ends */
  async close(stay: boolean): Promise<void> {
    // At once: the room may be open again here, and with the same instances, before the last word is out.
    this.#partNeighbours()
    if (!stay) this.rows.end()
    const opening = { room: this.#room, rows: this.rows, knowsOthers: this.#knowsOthers }
    await part(opening, { t: 'bye', ...this.#numbered(), stay }, this.#deps)
    this.dispose()
  }

  dispose(): void {
    this.#leftBehind.dispose()
    this.#partNeighbours()
    this.#greetings.dispose()
    this.#outgoing.dispose()
    this.incoming.dispose()
  }

  #shares(instance: InstanceId): void {
    // What was read while the room was closed here concerns nobody any more.
    if (this.#isParted) return
    this.#neighbours.add(instance)
    this.#deps.neighbours.shares(instance, this.#room.id)
  }

  #partNeighbours(): void {
    if (this.#isParted) return
    this.#isParted = true
    for (const instance of this.#neighbours) this.#deps.neighbours.parts(instance, this.#room.id)
  }

  #read(): void {
    this.incoming.catchUp().catch(this.#deps.failed)
  }

  /** Members as the store knows them, until their instances tell of them. */
  #suppose({ seats, sessions }: StoredState): void {
    const { presence } = this.#room
    const { instance, warn } = this.#deps
    this.#knowsOthers = !this.#deps.isAway()
    this.rows.clean(seats)
    const others = seats.filter((stored) => stored.instance !== instance)
    const { held, left, revoked } = sorted(others, sessions, warn)
    for (const { stored, remote } of left) this.#leftBehind.found(stored, remote)
    // Its row is the affair of who holds it, and may be all that others find it by [SYNC-4].
    for (const { instance: holder, member: id } of revoked)
      void this.#post(holder, { t: 'end', room: this.#room.id, id, ending: 'revoked' })
    for (const [other, known] of held) {
      this.#shares(other)
      if (presence.isTold(other)) {
        for (const seat of known) this.#told.rowFound(other, seat)
        continue
      }
      const origin = (known[0]?.starts.at(-1)?.origin ?? '') as Origin
      // What was supposed before may have come of what this instance knew without the store.
      const concerned = new Set([...presence.seatsOf(other), ...known.map(({ id }) => id)])
      this.#room.changeOthers(concerned, () => presence.suppose(other, origin, known))
      for (const { id, attempt } of known) this.#told.met(id, attempt, other)
    }
  }

  #greetAll(): Promise<void> {
    return this.#greetings.all(this.#room.presence.instances, (instance) => this.#greet(instance))
  }

  #greet(instance: InstanceId): void {
    this.#outgoing.afterCurrent(() => {
      void this.#post(instance, { t: 'greet', ...this.#list() }).then((received) => {
        if (received === 0) this.#greetings.answered(instance)
      })
    })
  }

  #list(): List {
    // A place from before might be taken for one to continue from.
    const left = this.#room.leaves.within(this.#deps.resumeWindowMs)
    const url = this.#deps.internalUrl()
    return {
      ...this.#numbers(),
      seats: this.rows.told(),
      n: this.#outgoing.logged,
      ...(left.length === 0 ? {} : { left }),
      ...(url === undefined ? {} : { url }),
    }
  }

  #numbers(): Numbers {
    const { id, rev, timeline } = this.#room
    return { room: id, opening: this.#deps.opening, origin: timeline.origin, pn: this.#pn, rev }
  }

  #numbered(): Numbers {
    this.#pn += 1
    return this.#numbers()
  }

  #tell(draft: Draft<RoomLetter>, isNews = true): void {
    if (isNews) this.#hasNews = true
    for (const instance of this.#room.presence.instances) void this.#post(instance, draft)
  }

  /** Who hears nothing does not know who came into the room meanwhile: the store does. */
  async #tellUnheard(draft: Draft<RoomLetter>): Promise<void> {
    if (this.#deps.isAway()) return
    const others = await this.rows.behindWrites(() => holders(this.#room.id, this.#deps))
    for (const instance of others) if (!this.#room.presence.has(instance)) void this.#post(instance, draft)
  }

  async #post(to: InstanceId, draft: Draft): Promise<number | undefined> {
    const received = await this.#deps.post(to, draft)
    if (received === 0) this.#deps.neighbours.unheard(to)
    return received
  }

  #isNext(letter: LetterOf<'seat'> | LetterOf<'gone'>): boolean {
    const follows = this.#room.presence.follows(letter.from, letter.origin, letter.pn)
    if (follows === 'lost') this.#greet(letter.from)
    return follows === 'next'
  }

  #listed(letter: LetterOf<'greet'> | LetterOf<'answer'>): void {
    this.incoming.reaches(letter.origin, letter.n)
    this.#told.listed(letter)
  }

  /** An instance has nobody in the room any more. */
  #parted(instance: InstanceId, stay: boolean): void {
    this.#neighbours.delete(instance)
    this.#deps.neighbours.parts(instance, this.#room.id)
    this.#greetings.answered(instance)
    if (stay) this.#leftBehind.instanceLeft(instance, true)
    else
      this.#room.changeOthers(this.#room.presence.seatsOf(instance), () => this.#room.presence.drop(instance))
    // Its last events may have had no hint.
    this.#read()
  }
}
