import type { Clock, Disposer } from '../domain/clock.ts'
import type { CommandRef, CursorText, RoomId, SessionId } from '../protocol/ids.ts'
import type { LeaveReason, RoomEvent } from '../protocol/messages.ts'
import type { Device, Member, MemberState, Role, Room as RoomInfo } from '../protocol/models.ts'
import type { Connection } from './connection.ts'
import { cursorText, newOrigin, placeOf } from './cursor.ts'
import { ALL, RoomLog, type Audience, type LogEvent } from './log.ts'
import { frame, type Framed } from './wire.ts'

/** Who a session is, as its room needs to know. */
export interface Visitor {
  readonly id: SessionId
  readonly role: Role
  readonly name: string
  readonly device: Device
}

type Link =
  | { readonly kind: 'connected'; readonly connection: Connection }
  /** In its resume window, at whose end the seat is freed. */
  | { readonly kind: 'away'; readonly end: Disposer }

/** A member's place in the room, from its first hello until it has left. */
interface Seat extends Visitor {
  readonly joinedAt: number
  /** Events up to the n-th went by before it was seated [ROOM-4]. */
  readonly since: number
  /** The first place that a connection may continue from; one before it is of an earlier seat [RES-1]. */
  readonly continues: number
  state: MemberState
  link: Link
}

/** What a `hello` says of earlier connections. */
export interface Return {
  readonly attempt?: number
  readonly resume?: string
}

export type Entered =
  | { readonly kind: 'superseded' }
  | {
      readonly kind: 'entered'
      readonly resumed: boolean
      readonly at: CursorText
      readonly missed: readonly Framed[]
    }

/** An event before the room gave it its place, which is written into it. */
type Body<E = RoomEvent> = E extends unknown ? Omit<E, 'at'> & { at?: CursorText } : never

/** Commands that wait for their result; the oldest go first, so that cameras that never answer cost nothing. */
const MAX_OPEN_COMMANDS = 1_000

/** One room on this instance: seats, the tail of the log, fan-out. */
export class Room {
  readonly id: RoomId
  info: RoomInfo
  readonly #clock: Clock
  readonly #resumeWindowMs: number
  readonly #emptied: () => void
  readonly #origin = newOrigin()
  readonly #log = new RoomLog()
  readonly #seats = new Map<SessionId, Seat>()
  /** Connections of pending sessions: they see and send nothing [PAIR-5]. */
  readonly #waiting = new Map<SessionId, Connection>()
  /** The highest attempt of each session, kept while the room is open: a late, lower one must not win. */
  readonly #attempts = new Map<SessionId, number>()
  /** When the life of the room and its sessions was prolonged last by this instance; 0: not yet. */
  renewedAt = 0
  readonly #commands = new Map<CommandRef, { host: SessionId; camera: SessionId }>()

  constructor(options: { info: RoomInfo; clock: Clock; resumeWindowMs: number; emptied: () => void }) {
    this.id = options.info.id
    this.info = options.info
    this.#clock = options.clock
    this.#resumeWindowMs = options.resumeWindowMs
    this.#emptied = options.emptied
  }

  /** The newest place. */
  get at(): CursorText {
    return cursorText(this.#origin, this.#log.newest)
  }

  get size(): number {
    return this.#seats.size
  }

  get isEmpty(): boolean {
    return this.#seats.size === 0 && this.#waiting.size === 0
  }

  has(id: SessionId): boolean {
    return this.#seats.has(id)
  }

  roleOf(id: SessionId): Role | undefined {
    return this.#seats.get(id)?.role
  }

  members(): Member[] {
    return [...this.#seats.values()].map(shape)
  }

  member(id: SessionId): Member | undefined {
    const seat = this.#seats.get(id)
    return seat && shape(seat)
  }

  /** As what this connection, and no later one, speaks for the session now; nothing where it does not. */
  speaksAs(id: SessionId, connection: Connection): Role | 'pending' | undefined {
    const seat = this.#seats.get(id)
    if (seat?.link.kind === 'connected' && seat.link.connection === connection) return seat.role
    return this.#waiting.get(id) === connection ? 'pending' : undefined
  }

  /**
   * Seats an active session's connection; an earlier one of the session is closed [SESS-2].
   * The caller sends the welcome and what was missed before anything else can happen.
   */
  enter(visitor: Visitor, connection: Connection, back: Return, continues?: number): Entered {
    if (!this.#isLatest(visitor.id, back.attempt)) return { kind: 'superseded' }
    // It may have read of its approval before this room was told: the earlier connection still waits then.
    const earlier = this.#waiting.get(visitor.id)
    this.#waiting.delete(visitor.id)
    if (earlier !== connection) earlier?.close('connected_elsewhere')
    const seat = this.#seats.get(visitor.id)
    if (seat === undefined) {
      // A number of its own, or the last place of an earlier seat could not be told from the first of this one.
      this.#log.skip()
      const fresh: Seat = {
        ...visitor,
        joinedAt: this.#clock.now(),
        since: this.#log.newest,
        continues: continues ?? this.#log.newest,
        state: {},
        link: { kind: 'connected', connection },
      }
      this.#seats.set(visitor.id, fresh)
      this.#toOthers(visitor.id, { type: 'member-joined', at: this.at, member: shape(fresh) })
      return { kind: 'entered', resumed: false, at: this.at, missed: [] }
    }
    const missed = back.resume === undefined ? undefined : this.#missedBy(seat, back.resume)
    const { link } = seat
    seat.link = { kind: 'connected', connection }
    if (link.kind === 'connected') {
      link.connection.close('connected_elsewhere')
    } else {
      link.end()
      this.#toOthers(seat.id, { type: 'member-updated', at: this.at, member: shape(seat) })
    }
    return missed === undefined || back.resume === undefined
      ? { kind: 'entered', resumed: false, at: this.at, missed: [] }
      : { kind: 'entered', resumed: true, at: back.resume as CursorText, missed }
  }

  /** Lets a pending session's connection wait for the hosts' decision. */
  enterPending(id: SessionId, connection: Connection, back: Return): 'superseded' | 'waiting' {
    if (!this.#isLatest(id, back.attempt)) return 'superseded'
    const earlier = this.#waiting.get(id)
    this.#waiting.set(id, connection)
    earlier?.close('connected_elsewhere')
    return 'waiting'
  }

  /** A pending session became active; its waiting connection, if there is one, takes its seat. */
  admit(visitor: Visitor): Connection | undefined {
    const connection = this.#waiting.get(visitor.id)
    if (connection === undefined) return undefined
    // The word of it may be lost: then a place of the time of waiting is what its client comes back with.
    this.enter(visitor, connection, {}, 0)
    return connection
  }

  /** The connection is gone: its member stays for the resume window, shown as away [ROOM-2]. */
  dropped(id: SessionId, connection: Connection): void {
    if (this.#waiting.get(id) === connection) {
      this.#waiting.delete(id)
      this.#closeIfEmpty()
      return
    }
    const seat = this.#seats.get(id)
    if (seat?.link.kind !== 'connected' || seat.link.connection !== connection) return
    seat.link = { kind: 'away', end: this.#clock.after(this.#resumeWindowMs, () => this.remove(id, 'lost')) }
    this.#toOthers(id, { type: 'member-updated', at: this.at, member: shape(seat) })
  }

  /** Frees a seat and tells the others. The connection is the caller's to close. */
  remove(id: SessionId, reason: LeaveReason): Connection | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    const seat = this.#seats.get(id)
    this.#seats.delete(id)
    if (seat?.link.kind === 'away') seat.link.end()
    if (seat !== undefined) this.#toOthers(id, { type: 'member-left', at: this.at, memberId: id, reason })
    this.#closeIfEmpty()
    return seat?.link.kind === 'connected' ? seat.link.connection : waiting
  }

  /** Frees every seat without a word: the room is gone. */
  dissolve(): Connection[] {
    const connections = this.connections()
    for (const seat of this.#seats.values()) if (seat.link.kind === 'away') seat.link.end()
    this.#seats.clear()
    this.#waiting.clear()
    this.#emptied()
    return connections
  }

  connections(): Connection[] {
    const seated = [...this.#seats.values()].flatMap(({ link }) =>
      link.kind === 'connected' ? [link.connection] : [],
    )
    return [...seated, ...this.#waiting.values()]
  }

  /** Gives an event its place, keeps it for a resume and sends it to those it is meant for [ROOM-3, ROOM-4]. */
  publish(body: Body, from: SessionId | undefined, audience: Audience): CursorText {
    const at = this.#next
    body.at = at
    this.#send(JSON.stringify(body), from, audience)
    return at
  }

  /** Publishes a member's message, to one member or to all, with its data as the sender wrote it. */
  passOn(from: SessionId, to: SessionId | undefined, dataText: string): CursorText {
    const at = this.#next
    // Ids hold nothing that JSON would escape.
    const meantFor = to === undefined ? '' : `"to":"${to}",`
    const text = `{"type":"message","from":"${from}",${meantFor}"data":${dataText},"at":"${at}"}`
    this.#send(text, from, to === undefined ? ALL : { kind: 'member', id: to })
    return at
  }

  get #next(): CursorText {
    return cursorText(this.#origin, this.#log.newest + 1)
  }

  /** Logs the text of an event and delivers it. */
  #send(text: string, from: SessionId | undefined, audience: Audience): void {
    const framed = this.#log.add(text, from, audience)
    const sender = from === undefined ? undefined : this.#seats.get(from)
    if (audience.kind === 'member') {
      const seat = this.#seats.get(audience.id)
      if (seat !== undefined && seat !== sender) send(seat, framed)
    } else {
      const hostsOnly = audience.kind === 'hosts'
      for (const seat of this.#seats.values()) {
        if (seat !== sender && (!hostsOnly || seat.role === 'host')) send(seat, framed)
      }
    }
  }

  /** Presence travels beside the log: a resume does not replay it, the member list is the truth. */
  updateState(id: SessionId, state: MemberState): void {
    const seat = this.#seats.get(id)
    if (seat === undefined) return
    seat.state = state
    this.#toOthers(id, { type: 'member-updated', at: this.at, member: shape(seat) })
  }

  updateInfo(info: RoomInfo): void {
    this.info = info
    const framed = frame({ type: 'room-updated', at: this.at, room: info })
    for (const seat of this.#seats.values()) send(seat, framed)
  }

  openCommand(ref: CommandRef, host: SessionId, camera: SessionId): void {
    this.#commands.set(ref, { host, camera })
    if (this.#commands.size > MAX_OPEN_COMMANDS) {
      const [oldest] = this.#commands.keys()
      if (oldest !== undefined) this.#commands.delete(oldest)
    }
  }

  /** Ends a command; false where this camera owes this host no such result. */
  closeCommand(ref: CommandRef, host: SessionId, camera: SessionId): boolean {
    const command = this.#commands.get(ref)
    if (command?.host !== host || command.camera !== camera) return false
    return this.#commands.delete(ref)
  }

  #isLatest(id: SessionId, attempt: number | undefined): boolean {
    const highest = this.#attempts.get(id) ?? 0
    // A client that does not count is taken in the order of arrival.
    if (attempt !== undefined && attempt < highest) return false
    this.#attempts.set(id, attempt ?? highest)
    return true
  }

  /** All or nothing: never a part of what was missed. */
  #missedBy(seat: Seat, resume: string): Framed[] | undefined {
    const place = placeOf(resume, this.#origin)
    if (place === undefined || place < seat.continues) return undefined
    const missed = this.#log.since(place)
    return missed?.filter((event) => this.#isMeant(seat, event)).map((event) => event.framed)
  }

  #isMeant(seat: Seat, { n, from, audience }: LogEvent): boolean {
    if (from === seat.id || n <= seat.since) return false
    switch (audience.kind) {
      case 'all':
        return true
      case 'hosts':
        return seat.role === 'host'
      case 'member':
        return audience.id === seat.id
    }
  }

  #toOthers(id: SessionId, event: RoomEvent): void {
    let framed: Framed | undefined
    for (const seat of this.#seats.values()) {
      if (seat.id !== id) send(seat, (framed ??= frame(event)))
    }
  }

  #closeIfEmpty(): void {
    if (this.isEmpty) this.#emptied()
  }
}

function send(seat: Seat, framed: Framed): void {
  if (seat.link.kind === 'connected') seat.link.connection.send(framed)
}

const shape = (seat: Seat): Member => ({
  id: seat.id,
  role: seat.role,
  name: seat.name,
  device: seat.device,
  connected: seat.link.kind === 'connected',
  joinedAt: new Date(seat.joinedAt).toISOString(),
  state: seat.state,
})
