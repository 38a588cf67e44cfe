import type { Clock } from '../domain/clock.ts'
import type { Authenticated } from '../domain/sessions.ts'
import type { SeatName } from '../domain/shared-rooms.ts'
import type { CodeId, CursorText, RoomId, SessionId } from '../protocol/ids.ts'
import type { LeaveReason, RoomEvent } from '../protocol/messages.ts'
import type { Member, MemberState, Role, Room as RoomInfo } from '../protocol/models.ts'
import { Attempts } from './attempts.ts'
import type { Outgoing } from './batch.ts'
import type { Connection } from './connection.ts'
import type { RemoteSeat, SeatEnd } from './letters.ts'
import type { Entered, Return, Waiting } from './entering.ts'
import { changeOf } from './fan-out.ts'
import { freshSeat } from './entering.ts'
import { Leaves } from './leaves.ts'
import { RoomEvents } from './room-events.ts'
import { missedBy } from './resuming.ts'
import { connectionsOf, memberOf, membersOf, Presence } from './presence.ts'
import { isConnected, send, shape, type Earlier, type Seat, type Visitor, kept } from './seat.ts'
import { Timeline, type LookAfter, type Start } from './timeline.ts'
import { frame, type Framed } from './wire.ts'

/** What a room that instances share does besides. */
export interface Shared {
  add(event: Outgoing): Promise<CursorText>
  /** A seat or a waiting place here is new or changed. */
  changed(seat: Seat | Waiting): void
  ended(id: SessionId, attempt: number, key: SeatName | undefined, why: SeatEnd, left?: RemoteSeat): void
  /** Whether nothing is on its way any more that needs the room. */
  readonly isIdle: boolean
}

/** What a room is made with. */
export interface RoomOptions {
  readonly info: RoomInfo
  readonly rev?: number
  readonly clock: Clock
  readonly resumeWindowMs: number
  /** Absent: as ordinarily. */
  readonly lookAfter?: LookAfter | undefined
  /** Nobody is in it any more. */
  readonly emptied: () => void
}

/** One room on this instance: its members here, and those elsewhere as they are told of. */
export class Room {
  readonly id: RoomId
  info: RoomInfo
  /** Counts the changes of `info`. */
  rev: number
  readonly timeline: Timeline
  readonly events: RoomEvents
  readonly presence = new Presence()
  /** Absent where no other instance can be. */
  shared: Shared | undefined
  /** Whether a claim waits here. */
  awaits: (pairing: CodeId) => boolean = () => false
  /** Told of each member that may have come, gone, moved or changed. */
  memberChanged: (id: SessionId) => void = () => undefined
  /** Sessions that came in here, with the rows they were read from. */
  readonly sessions = new Map<SessionId, Authenticated>()
  readonly #options: RoomOptions
  readonly #seats = new Map<SessionId, Seat>()
  readonly #waiting = new Map<SessionId, Waiting>()
  readonly #attempts = new Attempts()
  readonly leaves: Leaves

  constructor(options: RoomOptions) {
    this.#options = options
    this.id = options.info.id
    this.info = options.info
    this.rev = options.rev ?? 0
    this.timeline = new Timeline(options.lookAfter)
    this.events = new RoomEvents(this.#seats, this.timeline, () => this.shared)
    this.leaves = new Leaves(options.clock)
  }

  /** The newest place. */
  get at(): CursorText {
    return this.timeline.at
  }

  /** Members on this instance. */
  get localSize(): number {
    return this.#seats.size
  }

  get isEmpty(): boolean {
    return this.#seats.size === 0 && this.#waiting.size === 0
  }

  has(id: SessionId): boolean {
    return this.#seats.has(id) || this.presence.member(id) !== undefined
  }

  roleOf(id: SessionId): Role | undefined {
    return this.#seats.get(id)?.role ?? this.presence.member(id)?.role
  }

  members(): Member[] {
    return membersOf(this.#seats, this.presence)
  }

  member(id: SessionId): Member | undefined {
    return memberOf(id, this.#seats, this.presence)
  }

  /** A member's seat on this instance. */
  seat(id: SessionId): Seat | undefined {
    return this.#seats.get(id)
  }

  seats(): IterableIterator<Seat> {
    return this.#seats.values()
  }

  waiting(): IterableIterator<Waiting> {
    return this.#waiting.values()
  }

  /** A session's waiting place on this instance. */
  waitingAs(id: SessionId): Waiting | undefined {
    return this.#waiting.get(id)
  }

  /** The highest attempt that is known of a session, here and elsewhere. */
  attemptOf(id: SessionId): number {
    return Math.max(this.#attempts.of(id), this.presence.find(id)?.attempt ?? 0)
  }

  /** The highest attempt of a session's seats, here and elsewhere. */
  latestOf(id: SessionId): number {
    return Math.max(this.presence.find(id)?.attempt ?? -1, this.#seats.get(id)?.speaker.attempt ?? -1)
  }

  /** As what this connection, and no later one, speaks for the session now; nothing where it does not. */
  speaksAs(id: SessionId, connection: Connection): Role | 'pending' | undefined {
    const seat = this.#seats.get(id)
    if (seat?.link.kind === 'connected' && seat.link.connection === connection) return seat.role
    return this.#waiting.get(id)?.connection === connection ? 'pending' : undefined
  }

  /**
   * Seats an active session's connection; an earlier one of the session is closed [SESS-2].
   * The caller sends the welcome and what was missed before anything else can happen.
   */
  enter(visitor: Visitor, connection: Connection, back: Return, waited = false): Entered {
    const { id } = visitor
    const attempt = this.#attempts.take(id, back.attempt, this.attemptOf(id))
    if (attempt === undefined) return { kind: 'superseded' }
    // It may have read of its approval before this room was told: the earlier connection still waits then.
    const earlierWaiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (earlierWaiting?.connection !== connection) earlierWaiting?.connection.close('connected_elsewhere')
    const before = this.member(id)
    const known = this.#seats.get(id)
    const missedSince = (seat: Earlier | Seat | undefined) =>
      missedBy(this.timeline, visitor, seat, back.resume, this.shared !== undefined)
    const here = missedSince(known)
    const missed = here ?? missedSince(back.earlier)
    const resumesFrom = here === undefined ? back.earlier?.since : known?.speaker.since
    const since = missed === undefined ? attempt : (resumesFrom ?? attempt)
    const seat =
      known ??
      freshSeat(visitor, connection, back, {
        joinedAt: this.#options.clock.now(),
        starts: missed === undefined ? undefined : this.#startsFrom(id, back.earlier),
        timeline: this.timeline,
        waited,
      })
    // It was elsewhere since, and word of that has not come here.
    if (known !== undefined && here === undefined && missed !== undefined) {
      known.starts = this.#startsFrom(id, back.earlier)
      known.waitedUntil = undefined
    }
    // It may have spoken elsewhere in between: what it says here stands behind that.
    if (known !== undefined && missed !== undefined && attempt > known.speaker.attempt + 1) known.moved = true
    seat.speaker = { attempt, since }
    // Of two hellos at once each has put a row: the first stays the seat's, the other goes with its hello.
    seat.key = known?.key ?? earlierWaiting?.key ?? back.key
    this.#seats.set(id, seat)
    const { link } = seat
    seat.link = { kind: 'connected', connection }
    if (link.kind === 'away') link.end()
    else if (link.connection !== connection) link.connection.close('connected_elsewhere')
    this.#announce(id, before)
    this.shared?.changed(seat)
    return missed === undefined || back.resume === undefined
      ? { kind: 'entered', resumed: false, at: this.at, missed: [] }
      : { kind: 'entered', resumed: true, at: back.resume as CursorText, missed }
  }

  /**
   * Where a seat that goes on here begins: it may have been told events from before it came, and none from before its
   * session left.
   */
  continues(id: SessionId): Start {
    return { origin: this.timeline.origin, seat: this.leaves.placeOf(id) }
  }

  #startsFrom(id: SessionId, earlier: Earlier | undefined): readonly Start[] {
    return kept([...(earlier?.starts ?? []), this.continues(id)])
  }

  /** Lets a pending session's connection wait for the hosts' decision. */
  enterPending(visitor: Visitor, connection: Connection, back: Return): 'superseded' | 'waiting' {
    const attempt = this.#attempts.take(visitor.id, back.attempt, this.attemptOf(visitor.id))
    if (attempt === undefined) return 'superseded'
    const earlier = this.#waiting.get(visitor.id)
    const waiting: Waiting = { ...visitor, connection, attempt, key: earlier?.key ?? back.key }
    this.#waiting.set(visitor.id, waiting)
    earlier?.connection.close('connected_elsewhere')
    this.shared?.changed(waiting)
    return 'waiting'
  }

  /** A pending session became active; its waiting connection, if there is one, takes its seat. */
  admit(visitor: Visitor): Connection | undefined {
    const waiting = this.#waiting.get(visitor.id)
    if (waiting === undefined) return undefined
    const { connection, attempt, key } = waiting
    // The word of it may be lost: then a place of the time of waiting is what its client comes back with.
    this.enter(visitor, connection, { attempt, ...(key === undefined ? {} : { key }) }, true)
    return connection
  }

  /** The connection is gone: its member stays for the resume window, shown as away [ROOM-2]. */
  dropped(id: SessionId, connection: Connection): void {
    const waiting = this.#waiting.get(id)
    if (waiting?.connection === connection) {
      this.#waiting.delete(id)
      this.shared?.ended(id, waiting.attempt, waiting.key, 'left')
      this.closeIfEmpty()
      return
    }
    const seat = this.#seats.get(id)
    if (seat?.link.kind !== 'connected' || seat.link.connection !== connection) return
    const before = this.member(id)
    seat.link = {
      kind: 'away',
      end: this.#options.clock.after(this.#options.resumeWindowMs, () => this.remove(id, 'lost')),
    }
    this.#announce(id, before)
    this.shared?.changed(seat)
  }

  /** Frees a seat and tells the others. The connection is the caller's to close. */
  remove(id: SessionId, reason: SeatEnd): Connection | undefined {
    const waiting = this.#waiting.get(id)
    const seat = this.#seats.get(id)
    const before = this.member(id)
    const left = this.presence.leftBehind(id)
    this.#waiting.delete(id)
    this.#seats.delete(id)
    if (seat?.link.kind === 'away') seat.link.end()
    if (seat !== undefined && reason !== 'moved') {
      this.presence.remove(id, seat.speaker.attempt)
      this.hasLeft(id, seat.speaker.attempt)
    }
    if (seat !== undefined) {
      this.#announce(id, before, reason === 'moved' ? 'left' : reason)
      this.shared?.ended(id, seat.speaker.attempt, seat.key, reason, left)
    } else if (waiting !== undefined) this.shared?.ended(id, waiting.attempt, waiting.key, reason)
    this.closeIfEmpty()
    return seat?.link.kind === 'connected' ? seat.link.connection : waiting?.connection
  }

  /** A session's seat was freed, here or elsewhere: the next one is new. */
  hasLeft(id: SessionId, attempt: number): void {
    this.leaves.add(id, attempt, this.timeline.seat().seat)
    // A hello from before it left may still be under way.
    this.#attempts.raise(id, attempt)
  }

  /** The attempt up to which a session has left; every seat of it up to that is over. */
  leftUpTo(id: SessionId): number {
    return this.leaves.upTo(id)
  }

  /** A session has ended: what is left of it elsewhere is no member any more. */
  forget(id: SessionId, reason: LeaveReason): void {
    this.changeOthers([id], () => this.presence.remove(id, Infinity), reason)
  }

  /** The session has a later connection on another instance. */
  supersede(id: SessionId, attempt: number): void {
    this.#attempts.raise(id, attempt)
    if (this.#seats.has(id) || this.#waiting.has(id)) this.remove(id, 'moved')?.close('connected_elsewhere')
  }

  /** Changes what is known of others' seats, and tells the members here what that changed for them. */
  changeOthers(ids: Iterable<SessionId>, change: () => void, reason: LeaveReason = 'left'): void {
    const before = [...ids].map((id) => [id, this.member(id)] as const)
    change()
    for (const [id, member] of before) this.#announce(id, member, reason)
  }

  /** Frees every seat without a word: the room is gone. */
  dissolve(): Connection[] {
    const connections = this.connections()
    for (const seat of this.#seats.values()) if (seat.link.kind === 'away') seat.link.end()
    const ids = [...this.#seats.keys()]
    this.#seats.clear()
    this.#waiting.clear()
    for (const id of ids) this.memberChanged(id)
    this.#options.emptied()
    return connections
  }

  connections(): Connection[] {
    return connectionsOf(this.#seats.values(), this.#waiting.values())
  }

  /** Presence travels beside the log: a resume does not replay it, the member list is the truth. */
  updateState(id: SessionId, state: MemberState): void {
    const seat = this.#seats.get(id)
    if (seat === undefined) return
    seat.state = state
    this.#toOthers(id, { type: 'member-updated', at: this.at, member: shape(seat) })
    this.shared?.changed(seat)
  }

  updateInfo(info: RoomInfo, rev: number): void {
    // Word of an earlier change may come behind that of a later one.
    if (rev < this.rev) return
    this.info = info
    this.rev = rev
    const framed = frame({ type: 'room-updated', at: this.at, room: info })
    for (const seat of this.#seats.values()) send(seat, framed)
  }

  closeIfEmpty(): void {
    if (this.isEmpty && this.shared?.isIdle !== false) this.#options.emptied()
  }

  /** Tells the others here what became of a member. */
  #announce(id: SessionId, before: Member | undefined, reason: LeaveReason = 'left'): void {
    this.memberChanged(id)
    const event = changeOf(id, before, this.member(id), this.at, reason)
    if (event !== undefined) this.#toOthers(id, event)
  }

  #toOthers(id: SessionId, event: RoomEvent): void {
    let framed: Framed | undefined
    for (const seat of this.#seats.values()) {
      if (seat.id !== id && isConnected(seat)) send(seat, (framed ??= frame(event)))
    }
  }
}
