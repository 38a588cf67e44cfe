import type { Clock, Disposer } from '../domain/clock.ts'
import { readSession, type SessionRecord } from '../domain/records.ts'
import {
  seatName,
  type SeatName,
  type SeatRow,
  type SharedRooms,
  type StoredSeat,
  type StoredState,
} from '../domain/shared-rooms.ts'
import type { CursorText, InstanceId, SessionId } from '../protocol/ids.ts'
import type { Outgoing } from './batch.ts'
import type { Origin } from './cursor.ts'
import { IncomingEvents } from './incoming.ts'
import type { Draft, Letter, LetterOf, RemoteSeat, RoomLetter, SeatEnd } from './letters.ts'
import type { Neighbours } from './neighbours.ts'
import { OutgoingEvents } from './outgoing.ts'
import type { Room, Shared, Waiting } from './room.ts'
import { rowOf, toldOf } from './rows.ts'
import type { Seat } from './seat.ts'

/** How long a welcome waits for what other instances tell of their members. Milliseconds. */
const ANSWER_WITHIN = 400

/** What rooms that instances share have in common on this instance. */
export interface SharingDeps {
  readonly shared: SharedRooms
  readonly instance: InstanceId
  readonly clock: Clock
  readonly resumeWindowMs: number
  readonly neighbours: Neighbours
  readonly isAway: () => boolean
  /** @returns how many listened; nothing where it could not be sent */
  readonly post: (to: InstanceId, draft: Draft) => Promise<number | undefined>
  /** Whether a session is known to have ended: who holds it is told again. */
  readonly hasEnded: (id: SessionId) => boolean
  readonly warn: (what: string) => void
  readonly failed: (error: unknown) => void
}

/** One room's part in what instances share: its events' way out and in, and who tells whom of which seats. */
export class Sharing implements Shared {
  readonly incoming: IncomingEvents
  readonly #outgoing: OutgoingEvents
  readonly #room: Room
  readonly #deps: SharingDeps
  /** Rows of hellos that are under way. */
  readonly #preparing = new Map<SeatName, number>()
  /** Rows as they were put last. */
  readonly #rows = new Map<SeatName, string>()
  /** Ends of the resume windows of seats that were left behind. */
  readonly #windows = new Map<SeatName, Disposer>()
  #pn = 0
  #seatNumber = 0
  #greeted = new Set<InstanceId>()
  #answered: (() => void) | undefined
  /** Something was told since the counts were repeated last. */
  #hasNews = false

  constructor(room: Room, deps: SharingDeps) {
    this.#room = room
    this.#deps = deps
    const { shared, instance, clock, isAway, neighbours, warn, failed } = deps
    const { timeline, presence } = room
    this.#outgoing = new OutgoingEvents({
      room: room.id,
      instance,
      timeline,
      shared,
      clock,
      isAway,
      others: () => presence.instances,
      reachesOthers: (audience) =>
        audience.kind === 'member' ? room.seat(audience.id) === undefined : presence.instances.length > 0,
      deliver: (event) => {
        // Its sender has moved on and was heard from there first.
        if (this.incoming.isLate(event)) timeline.pass()
        else room.place(event)
      },
      unheard: (other) => neighbours.unheard(other),
      idle: () => room.closeIfEmpty(),
    })
    this.incoming = new IncomingEvents({
      room: room.id,
      timeline,
      shared,
      clock,
      deliver: (framed, event, origin, n) => room.deliverForeign(framed, event, origin, n),
      concerns: (event) => room.learn(event),
      hole: () => {
        warn('events of a room were missed: its members here connect again')
        for (const connection of room.connections()) connection.close('overloaded')
      },
      lasting: () => presence.origins(),
      warn,
      failed,
    })
  }

  get isIdle(): boolean {
    return this.#outgoing.isIdle && this.#preparing.size === 0
  }

  add(event: Outgoing): Promise<CursorText> {
    this.#hasNews = true
    return this.#outgoing.add(event)
  }

  /** A row for a seat, a new one or that of a seat here; it stays until `release`. */
  prepare(member: SessionId, known?: SeatName): SeatName {
    if (known === undefined) this.#seatNumber += 1
    const key = known ?? seatName(member, this.#deps.instance, this.#seatNumber)
    this.#preparing.set(key, (this.#preparing.get(key) ?? 0) + 1)
    return key
  }

  /** A hello has ended, well or not: its row stays only if it has become a seat's. */
  release(key: SeatName): void {
    const left = (this.#preparing.get(key) ?? 1) - 1
    if (left > 0) this.#preparing.set(key, left)
    else this.#preparing.delete(key)
    if (left === 0 && !this.#holds(key)) this.#remove([key])
  }

  /** Notes a row that was put. */
  noted(key: SeatName, row: SeatRow): void {
    this.#rows.set(key, JSON.stringify(row))
  }

  changed(seat: Seat | Waiting): void {
    const { key } = seat
    if (key === undefined) return
    const row = rowOf(seat)
    // A row that was put with the hello is right unless the seat continues one from elsewhere.
    if (this.#rows.get(key) !== JSON.stringify(row)) {
      this.noted(key, row)
      this.#deps.shared.put(this.#room.id, new Map([[key, row]])).catch(this.#deps.failed)
    }
    const leftBehind = this.#room.presence.leftBehind(seat.id)
    if (leftBehind !== undefined) {
      this.#forget(leftBehind)
      this.#room.presence.remove(seat.id, leftBehind.attempt)
    }
    this.#tell({ t: 'seat', ...this.#numbered(), seat: toldOf(seat, key) })
  }

  ended(id: SessionId, attempt: number, key: SeatName | undefined, why: SeatEnd): void {
    if (key !== undefined && !this.#preparing.has(key)) this.#remove([key])
    const leftBehind = this.#room.presence.leftBehind(id)
    if (leftBehind !== undefined && why !== 'moved') this.#forget(leftBehind)
    this.#tell({ t: 'gone', ...this.#numbered(), id, attempt, why })
  }

  /** The room was opened with what the store has of it; resolves when the others have told of their members. */
  async open(found: StoredState): Promise<void> {
    this.incoming.open(found.log)
    this.#suppose(found)
    await this.#greetAll()
  }

  /** What the store has of the room was read again, behind the rows of this instance: it may not have heard much. */
  reopened(found: StoredState): void {
    this.incoming.take(found.log)
    const { instance } = this.#deps
    // Of leaves that the store never heard of.
    this.#remove(
      found.seats.flatMap(({ key, instance: of }) =>
        of === instance && !this.#holds(key) && !this.#preparing.has(key) ? [key] : [],
      ),
    )
    this.#suppose(found)
    void this.#greetAll()
  }

  /** Rows of the seats here, to be put again. */
  ownRows(): Map<SeatName, SeatRow> {
    const rows = new Map<SeatName, SeatRow>()
    for (const seat of [...this.#room.seats(), ...this.#room.waiting()])
      if (seat.key !== undefined) rows.set(seat.key, rowOf(seat))
    return rows
  }

  receive(letter: RoomLetter): void {
    switch (letter.t) {
      case 'greet':
        this.#deps.neighbours.shares(letter.from, this.#room.id)
        this.#listed(letter)
        // What is on its way to the log now goes to those who were known before.
        this.#outgoing.afterCurrent(() => this.#post(letter.from, { t: 'answer', ...this.#list() }))
        break
      case 'answer':
        this.#deps.neighbours.shares(letter.from, this.#room.id)
        this.#listed(letter)
        this.#hasAnswered(letter.from)
        break
      case 'seat':
        if (this.#isNext(letter)) this.#seatTold(letter)
        break
      case 'gone':
        // What has left up to an attempt has left, in whatever order word of it comes; what moved is told elsewhere.
        if (this.#isNext(letter) || letter.why !== 'moved') this.#goneTold(letter)
        break
      case 'counts':
        this.incoming.reaches(letter.origin, letter.n)
        if (!this.#room.presence.isUpTo(letter.from, letter.origin, letter.pn)) this.#greet(letter.from)
        break
      case 'bye':
        if (this.#room.presence.originOf(letter.from) === letter.origin)
          this.#parted(letter.from, letter.stay)
        break
      case 'absent':
        this.#parted(letter.from, false)
        break
      default:
        // Of sessions and the room itself: the hub's.
        break
    }
  }

  /** An instance that is in the room sent events: if it is not known, it is greeted. */
  heardFrom(instance: InstanceId): void {
    // It may be what this instance published before the room was open here.
    if (instance !== this.#deps.instance && !this.#room.presence.has(instance)) this.#greet(instance)
  }

  /** An instance is dead: its members have left, and may come back within the window [SYNC-3]. */
  dead(instance: InstanceId): void {
    this.#hasAnswered(instance)
    this.#leftBehind(instance, false)
    this.#read()
  }

  /** What others missed without knowing they learn now. */
  repeatCounts(): void {
    if (!this.#hasNews) return
    this.#hasNews = false
    this.#tell({ t: 'counts', ...this.#numbers(), n: this.#outgoing.logged }, false)
  }

  storeChanged(): void {
    this.#outgoing.storeChanged()
  }

  /** The room is closed here. @param stay the members keep their seats for the resume window: this instance ends */
  async close(stay: boolean): Promise<void> {
    const { shared, clock, failed } = this.#deps
    const lost = { at: clock.now(), shown: true }
    try {
      if (stay) {
        const rows = [...this.ownRows()].map(([key, row]) => [key, { ...row, lost }] as const)
        await shared.put(this.#room.id, new Map(rows))
      }
    } catch (error) {
      failed(error)
    }
    await Promise.all(
      this.#room.presence.instances.map((to) => this.#deps.post(to, { t: 'bye', ...this.#numbered(), stay })),
    )
    this.dispose()
  }

  dispose(): void {
    for (const end of this.#windows.values()) end()
    for (const instance of this.#room.presence.instances) this.#deps.neighbours.parts(instance, this.#room.id)
    this.#answered?.()
    this.#outgoing.dispose()
    this.incoming.dispose()
  }

  #holds(key: SeatName): boolean {
    return [...this.#room.seats(), ...this.#room.waiting()].some((seat) => seat.key === key)
  }

  #remove(keys: readonly SeatName[]): void {
    for (const key of keys) this.#rows.delete(key)
    this.#deps.shared.remove(this.#room.id, keys).catch(this.#deps.failed)
  }

  #read(): void {
    this.incoming.catchUp().catch(this.#deps.failed)
  }

  /** Members as the store knows them, until their instances tell of them. */
  #suppose({ seats, sessions }: StoredState): void {
    const { presence } = this.#room
    const { instance, neighbours, warn } = this.#deps
    const byInstance = new Map<InstanceId, RemoteSeat[]>()
    for (const stored of seats) {
      if (stored.instance === instance) continue
      const record = readSession(sessions.get(stored.member), warn)
      const remote = record && remoteOf(stored, record)
      if (stored.lost !== undefined) this.#supposeLost(stored, remote)
      else if (remote === undefined) this.#remove([stored.key])
      else byInstance.set(stored.instance, [...(byInstance.get(stored.instance) ?? []), remote])
    }
    for (const [other, known] of byInstance) {
      neighbours.shares(other, this.#room.id)
      if (presence.isTold(other)) continue
      const origin = (known[0]?.starts.at(-1)?.origin ?? '') as Origin
      this.#room.changeOthers(
        known.map(({ id }) => id),
        () => presence.suppose(other, origin, known),
      )
      for (const { id, attempt } of known) this.#met(id, attempt, other)
    }
  }

  #supposeLost({ key, lost }: StoredSeat, remote: RemoteSeat | undefined): void {
    const { clock, resumeWindowMs } = this.#deps
    const left = (lost?.at ?? 0) + resumeWindowMs - clock.now()
    if (remote === undefined || left <= 0) {
      this.#remove([key])
      return
    }
    if (this.#windows.has(key) || this.#room.seat(remote.id) !== undefined) return
    this.#leave(remote, lost?.shown === true, left)
  }

  async #greetAll(): Promise<void> {
    const { presence } = this.#room
    this.#greeted = new Set(presence.instances)
    if (this.#greeted.size === 0) return
    const answered = new Promise<void>((resolve) => {
      this.#answered = resolve
    })
    const end = this.#deps.clock.after(ANSWER_WITHIN, () => this.#answered?.())
    for (const instance of presence.instances) this.#greet(instance)
    await answered
    end()
    this.#answered = undefined
  }

  #greet(instance: InstanceId): void {
    this.#outgoing.afterCurrent(() => {
      void this.#post(instance, { t: 'greet', ...this.#list() }).then((received) => {
        if (received === 0) this.#hasAnswered(instance)
      })
    })
  }

  #hasAnswered(instance: InstanceId): void {
    this.#greeted.delete(instance)
    if (this.#greeted.size === 0) this.#answered?.()
  }

  #list(): Pick<LetterOf<'greet'>, 'room' | 'origin' | 'pn' | 'seats' | 'n'> {
    const seats = [...this.#room.seats(), ...this.#room.waiting()].flatMap((seat) =>
      seat.key === undefined ? [] : [toldOf(seat, seat.key)],
    )
    return { ...this.#numbers(), seats, n: this.#outgoing.logged }
  }

  #numbers(): { room: Room['id']; origin: Origin; pn: number } {
    return { room: this.#room.id, origin: this.#room.timeline.origin, pn: this.#pn }
  }

  #numbered(): { room: Room['id']; origin: Origin; pn: number } {
    this.#pn += 1
    return this.#numbers()
  }

  #tell(draft: Draft<RoomLetter>, isNews = true): void {
    if (isNews) this.#hasNews = true
    for (const instance of this.#room.presence.instances) void this.#post(instance, draft)
  }

  async #post(to: InstanceId, draft: Draft<Letter>): Promise<number | undefined> {
    const received = await this.#deps.post(to, draft)
    if (received === 0) this.#deps.neighbours.unheard(to)
    return received
  }

  #isNext(letter: LetterOf<'seat'> | LetterOf<'gone'>): boolean {
    const follows = this.#room.presence.follows(letter.from, letter.origin, letter.pn)
    if (follows === 'lost') this.#greet(letter.from)
    return follows === 'next'
  }

  #listed({ from, origin, pn, seats, n }: LetterOf<'greet'> | LetterOf<'answer'>): void {
    const { presence, timeline } = this.#room
    const before = presence.seatsOf(from)
    const concerned = [...new Set([...before, ...seats.map(({ id }) => id)])]
    this.#room.changeOthers(concerned, () => {
      presence.list(from, origin, pn, seats)
      for (const seat of seats) presence.put(from, seat)
    })
    timeline.watch(origin)
    this.incoming.reaches(origin, n)
    for (const { id, attempt } of seats) this.#met(id, attempt, from)
  }

  #seatTold({ from, seat }: LetterOf<'seat'>): void {
    const leftBehind = this.#room.presence.leftBehind(seat.id)
    this.#room.changeOthers([seat.id], () => this.#room.presence.put(from, seat))
    if (leftBehind !== undefined && this.#room.presence.leftBehind(seat.id) === undefined)
      this.#forget(leftBehind)
    this.#met(seat.id, seat.attempt, from)
  }

  #goneTold({ from, id, attempt, why }: LetterOf<'gone'>): void {
    const { presence } = this.#room
    const isElsewhere = why === 'moved'
    if (!isElsewhere) {
      this.#room.hasLeft(id, attempt)
      // It had moved from here before, and word of that has not come.
      if (attempt > (this.#attemptHere(id) ?? Infinity))
        this.#room.remove(id, why)?.close('connected_elsewhere')
    }
    this.#room.changeOthers(
      [id],
      () => {
        if (isElsewhere) this.#movedFrom(from, id, attempt)
        else presence.remove(id, attempt)
      },
      isElsewhere ? 'left' : why,
    )
  }

  /** Word of the newer seat may come behind that of the older one: its member has not left in between. */
  #movedFrom(instance: InstanceId, id: SessionId, attempt: number): void {
    const seat = this.#room.presence.removeAt(instance, id, attempt)
    if (seat === undefined || seat.pending || this.#latestOf(id) >= seat.attempt) return
    this.#leave(seat, true, this.#deps.resumeWindowMs, seat.connected)
  }

  /** The highest attempt of a session's seats, here and elsewhere. */
  #latestOf(id: SessionId): number {
    const { presence } = this.#room
    return Math.max(presence.find(id)?.attempt ?? -1, this.#room.seat(id)?.speaker.attempt ?? -1)
  }

  /** A session has a seat on another instance: a later one there ends the one here, and the other way round [SESS-2]. */
  #met(id: SessionId, attempt: number, instance: InstanceId): void {
    if (this.#deps.hasEnded(id)) {
      void this.#post(instance, { t: 'end', room: this.#room.id, id, ending: 'revoked' })
      return
    }
    const left = this.#room.leftUpTo(id)
    if (attempt <= left) {
      // A hello that was given up came in there after its session had left.
      this.#room.changeOthers([id], () => this.#room.presence.removeAt(instance, id, attempt))
      void this.#post(instance, { t: 'gone', ...this.#numbers(), id, attempt: left, why: 'left' })
      return
    }
    const here = this.#attemptHere(id)
    if (here === undefined) return
    // Of two with the same count one must yield, and both must say the same one.
    if (attempt > here || (attempt === here && instance > this.#deps.instance))
      this.#room.supersede(id, attempt)
    else void this.#post(instance, { t: 'answer', ...this.#list() })
  }

  #attemptHere(id: SessionId): number | undefined {
    const waiting = [...this.#room.waiting()].find((each) => each.id === id)
    return this.#room.seat(id)?.speaker.attempt ?? waiting?.attempt
  }

  /** An instance has nobody in the room any more. */
  #parted(instance: InstanceId, stay: boolean): void {
    this.#deps.neighbours.parts(instance, this.#room.id)
    this.#hasAnswered(instance)
    if (stay) this.#leftBehind(instance, true)
    else
      this.#room.changeOthers(this.#room.presence.seatsOf(instance), () => this.#room.presence.drop(instance))
    // Its last events may have had no hint.
    this.#read()
  }

  #leftBehind(instance: InstanceId, shown: boolean): void {
    const { presence, id: room } = this.#room
    const { clock, resumeWindowMs, shared, failed } = this.#deps
    const lost = { at: clock.now(), shown }
    const rows = new Map<SeatName, SeatRow>()
    const needless: SeatName[] = []
    this.#room.changeOthers(
      presence.seatsOf(instance),
      () => {
        for (const seat of presence.drop(instance)) {
          if (this.#latestOf(seat.id) >= seat.attempt || seat.pending) needless.push(seat.key)
          else {
            rows.set(seat.key, { ...rowOfRemote(seat), lost })
            this.#leave(seat, shown, resumeWindowMs)
          }
        }
      },
      'instance-lost',
    )
    if (!shown) shared.put(room, rows).catch(failed)
    this.#remove(needless)
  }

  /** A seat whose instance is gone may be taken up until the window is over. */
  #leave(seat: RemoteSeat, shown: boolean, forMs: number, connected = false): void {
    const { presence } = this.#room
    presence.leave(seat, shown, connected)
    this.#windows.get(seat.key)?.()
    this.#windows.set(
      seat.key,
      this.#deps.clock.after(forMs, () => {
        this.#room.changeOthers([seat.id], () => presence.remove(seat.id, seat.attempt), 'lost')
        this.#forget(seat)
      }),
    )
  }

  /** A seat that was left behind is of no use any more. */
  #forget({ key }: RemoteSeat): void {
    this.#windows.get(key)?.()
    this.#windows.delete(key)
    this.#remove([key])
  }
}

const rowOfRemote = (seat: RemoteSeat): SeatRow => ({
  v: 1,
  attempt: seat.attempt,
  since: seat.since,
  starts: [...seat.starts],
  joinedAt: seat.joinedAt,
})

const remoteOf = (stored: StoredSeat, record: SessionRecord): RemoteSeat => ({
  id: stored.member,
  key: stored.key,
  attempt: stored.attempt,
  since: stored.since,
  starts: stored.starts.map(({ origin, seat }) => ({ origin: origin as Origin, seat })),
  // Until its instance says otherwise: it may be gone.
  connected: false,
  pending: stored.pending === true && record.status === 'pending',
  joinedAt: stored.joinedAt,
  role: record.role,
  name: record.name,
  device: record.device,
  state: {},
})
