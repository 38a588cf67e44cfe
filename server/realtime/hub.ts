import type { Clock } from '../domain/clock.ts'
import type { Health } from '../domain/health.ts'
import type { SessionRecord } from '../domain/records.ts'
import { StoreUnavailable } from '../domain/refusal.ts'
import type { Rows, StoredRoom } from '../domain/rooms.ts'
import type { Authenticated } from '../domain/sessions.ts'
import type { CloseReason } from '../protocol/closes.ts'
import type { RoomId, SessionId } from '../protocol/ids.ts'
import type { IceServer, Member, Room as RoomInfo, Session, StoreState } from '../protocol/models.ts'
import { Arrivals } from './arrivals.ts'
import type { Concern } from './batch.ts'
import { Claims, type ClaimEvent } from './claims.ts'
import { returnOf, type Comer, type Place } from './doorway.ts'
import { ENDINGS, LEAVE_REASONS, type Ending } from './endings.ts'
import { HostsTold } from './hosts-told.ts'
import { HOSTS } from './log.ts'
import { Recent } from './recent.ts'
import { Room } from './room.ts'
import { SharedHub, type SharedHubDeps, type SharedOptions } from './shared-hub.ts'
import { Sockets } from './sockets.ts'
import type { LookAfter } from './timeline.ts'
import { frame } from './wire.ts'

/** Ends of sessions are remembered so long, since word of them may come twice. Milliseconds. */
const REMEMBERED_MS = 120_000

/** What a hub is made with. */
export interface HubOptions {
  readonly clock: Clock
  readonly resumeWindowMs: number
  readonly maxRoomMembers: number
  readonly pairingTtlMs: number
  readonly random?: () => number
  readonly lookAfter?: LookAfter
  /** Absent: no other instance can be in its rooms. */
  readonly sharing?: SharedOptions
  /** Lets in a session that another instance says was approved. */
  readonly admitted?: (room: RoomId, id: SessionId) => void
  /** Told of each member of a room here that may have come, gone, moved or changed. */
  readonly memberChanged?: (room: RoomId, id: SessionId) => void
  readonly log?: SharedHubDeps['log']
}

const NOTHING = (): void => undefined
const NO_LOG: SharedHubDeps['log'] = { debug: NOTHING, info: NOTHING, warn: NOTHING, error: NOTHING }

/** The rooms of this instance. */
export class Hub {
  readonly #options: HubOptions
  readonly #clock: Clock
  readonly #rooms = new Map<RoomId, Room>()
  readonly arrivals: Arrivals
  readonly claims: Claims
  readonly hosts: HostsTold
  readonly sockets: Sockets
  readonly #random: () => number
  readonly #log: SharedHubDeps['log']
  /** Absent where no other instance can be. */
  readonly #shared: SharedHub | undefined
  readonly #ended: Recent<SessionId>
  readonly #stopHealth: () => void

  constructor(options: HubOptions) {
    this.#options = options
    this.#clock = options.clock
    this.arrivals = new Arrivals(options.clock, options.pairingTtlMs)
    this.claims = new Claims({
      clock: options.clock,
      toHosts: (room, body, concern) => this.#toHosts(room, body, concern),
      admitted: (room, id) => this.#admittedElsewhere(room, id),
      ended: (room, id, how) => void this.#endHere(room, id, how),
      isOpen: (room) => this.#rooms.has(room),
    })
    this.hosts = new HostsTold(this.claims, (error) => this.#failed(error))
    this.#random = options.random ?? Math.random
    this.sockets = new Sockets(this.#random)
    this.#log = options.log ?? NO_LOG
    this.#ended = new Recent(options.clock, REMEMBERED_MS)
    const { sharing } = options
    this.#shared = sharing && this.#share(sharing)
    this.#stopHealth = sharing?.health.onHealth((health) => this.#tellHealth(health)) ?? NOTHING
  }

  #share(sharing: SharedOptions): SharedHub {
    return new SharedHub({
      ...sharing,
      clock: this.#clock,
      resumeWindowMs: this.#options.resumeWindowMs,
      random: this.#random,
      log: this.#log,
      makeRoom: (stored) => this.#makeRoom(stored),
      ended: (room, id, ending) => void this.#endHere(room, id, ending, true),
      admitted: (room, id) => this.#admittedElsewhere(room, id),
      roomEnded: (room) => this.#endRoomHere(room),
      roomChanged: (stored) => this.#roomUpdatedHere(stored),
      hasEnded: (id) => this.#ended.has(id),
      sessionsFound: (room, sessions) => this.hosts.claimsFound(room, sharing.sessions.readAll(sessions)),
      readsAgain: ({ id }) => this.claims.beforeReading(id, (rows) => sharing.sessions.readAll(rows)),
      textOf: (room, id) => this.#rooms.get(room)?.sessions.get(id)?.text,
    })
  }

  /** Whether other instances may be in its rooms. */
  get isShared(): boolean {
    return this.#shared !== undefined
  }

  /** Whether what is not found may have been made elsewhere while the store was away, and not be written yet [STORE-4]. */
  get isReturning(): boolean {
    return this.#shared?.isReturning === true
  }

  /** What members are told of the store. */
  get store(): { readonly store: StoreState; readonly reason?: string } {
    const health = this.#options.sharing?.health.health
    if (health === undefined) return { store: 'memory' }
    return { store: health.state, ...(health.reason === undefined ? {} : { reason: health.reason }) }
  }

  counts(): { rooms: number; members: number; connections: number } {
    let members = 0
    for (const room of this.#rooms.values()) members += room.localSize
    return { rooms: this.#rooms.size, members, connections: this.sockets.size }
  }

  /** Members of a room that is open here. */
  members(id: RoomId): Member[] {
    return this.#rooms.get(id)?.members() ?? []
  }

  /** Members of a room, on whatever instance. @throws StoreUnavailable */
  async everybody(id: RoomId): Promise<Member[]> {
    return this.#rooms.get(id)?.members() ?? (await this.#shared?.membersElsewhere(id)) ?? []
  }

  /** What is known of a room that is open here. */
  info(id: RoomId): RoomInfo | undefined {
    return this.stored(id)?.room
  }

  /** A room as it is open here. */
  stored(id: RoomId): StoredRoom | undefined {
    const room = this.#rooms.get(id)
    return room === undefined || room.isEmpty ? undefined : { room: room.info, rev: room.rev }
  }

  /** A session that has a seat here, whether connected or in its resume window. */
  seated(roomId: RoomId, id: SessionId): { session: Authenticated; stored: StoredRoom } | undefined {
    const room = this.#rooms.get(roomId)
    const session = room?.seat(id) === undefined ? undefined : room.sessions.get(id)
    return room && session && { session, stored: { room: room.info, rev: room.rev } }
  }

  /** The session of a connection that lives here: what its socket may do, its token may do. */
  connected(roomId: RoomId, id: SessionId): Authenticated | undefined {
    // A store in this memory costs nothing to ask.
    const room = this.isShared ? this.#rooms.get(roomId) : undefined
    return room?.seat(id)?.link.kind === 'connected' ? room.sessions.get(id) : undefined
  }

  /**
   * Where a session that said hello may sit down, or why not.
   * @throws StoreUnavailable
   */
  async place(stored: StoredRoom, session: Authenticated, comer: Comer): Promise<Place | CloseReason> {
    if (this.#shared !== undefined) return this.#shared.place(stored, session, comer)
    const room = this.#open(stored)
    // Who is refused after all must not leave a room open that nobody is in.
    return { room, session, back: returnOf(comer), done: () => room.closeIfEmpty() }
  }

  #open(stored: StoredRoom): Room {
    return this.#rooms.get(stored.room.id) ?? this.#makeRoom(stored)
  }

  #makeRoom({ room: info, rev }: StoredRoom): Room {
    const room: Room = new Room({
      info,
      rev,
      clock: this.#clock,
      resumeWindowMs: this.#options.resumeWindowMs,
      lookAfter: this.#options.lookAfter,
      emptied: () => {
        if (this.#rooms.get(info.id) !== room) return
        this.#rooms.delete(info.id)
        this.#shared?.closed(room)
      },
    })
    room.events.concerned = (event, own) =>
      own ? !this.claims.isOver(event) : this.claims.learn(info.id, event)
    room.awaits = (pairing) => this.claims.awaits(info.id, pairing)
    room.memberChanged = (id) => this.#options.memberChanged?.(info.id, id)
    this.#rooms.set(info.id, room)
    return room
  }

  /** A room that is open here. */
  room(id: RoomId): Room | undefined {
    return this.#rooms.get(id)
  }

  /** @throws StoreUnavailable */
  async isFull(id: RoomId): Promise<boolean> {
    const seated = this.#rooms.get(id)?.members().length ?? (await this.everybody(id)).length
    return seated + this.arrivals.expectedIn(id).length >= this.#options.maxRoomMembers
  }

  /** Whether a session that says hello finds a place. */
  admits(id: RoomId, session: SessionId): boolean {
    const room = this.#rooms.get(id)
    return room === undefined || room.has(session) || room.members().length < this.#options.maxRoomMembers
  }

  /** Runs something after a while. Milliseconds. */
  later(ms: number, task: () => void): void {
    this.#clock.after(ms, task)
  }

  /**
   * A session has ended, by whatever way: its socket is closed and its seat freed, wherever it is [SESS-3].
   * @param seats the room's rows, as they were read behind the end
   * @param before what the session was: of a claim that was made elsewhere nothing else may be known here
   * @returns whether it was anywhere
   */
  end(
    roomId: RoomId,
    id: SessionId,
    ending: Ending,
    seats: Rows = new Map(),
    before?: SessionRecord,
  ): boolean {
    const wasHere = this.#endHere(roomId, id, ending)
    if (before?.status === 'pending') this.claims.done(roomId, before.pairing, 'denied', undefined, id)
    this.#shared?.tidings.ended(roomId, seats, { t: 'end', room: roomId, id, ending })
    return wasHere || [...seats.keys()].some((key) => key.startsWith(`${id}@`))
  }

  /** @param isTold another instance has ended it, and tells the hosts of its claim */
  #endHere(roomId: RoomId, id: SessionId, ending: Ending, isTold = false): boolean {
    const reason = ENDINGS[ending]
    this.#ended.add(id)
    this.#options.sharing?.sessions.forget(id)
    const arrivals = this.arrivals.of(id).filter(({ room }) => room === roomId)
    for (const arrival of arrivals) arrival.ended = reason
    this.arrivals.settled(roomId, id)
    const pairing = isTold ? undefined : this.claims.takeOf(roomId, id)
    if (pairing !== undefined) this.claims.done(roomId, pairing.id, 'denied', undefined, id)
    const room = this.#rooms.get(roomId)
    const wasSeated = room?.has(id) === true
    room?.sessions.delete(id)
    const connection = room?.remove(id, LEAVE_REASONS[ending])
    connection?.close(reason)
    room?.forget(id, LEAVE_REASONS[ending])
    return wasSeated || connection !== undefined || pairing !== undefined || arrivals.length > 0
  }

  /** The room is gone: every socket in it is closed with 4404. */
  endRoom(id: RoomId, seats: Rows = new Map()): void {
    this.#shared?.tidings.ended(id, seats, { t: 'room-gone', room: id })
    this.#endRoomHere(id)
  }

  #endRoomHere(id: RoomId): void {
    this.claims.clear(id)
    for (const arrival of this.arrivals.in(id)) arrival.ended = 'room_gone'
    for (const session of this.arrivals.expectedIn(id)) this.arrivals.settled(id, session)
    for (const connection of this.#rooms.get(id)?.dissolve() ?? []) connection.close('room_gone')
  }

  roomUpdated(stored: StoredRoom): void {
    this.#roomUpdatedHere(stored)
    this.#shared?.tidings.changed(stored).catch((error: unknown) => this.#failed(error))
  }

  #roomUpdatedHere(stored: StoredRoom): void {
    for (const arrival of this.arrivals.in(stored.room.id)) arrival.changed = stored
    this.#rooms.get(stored.room.id)?.updateInfo(stored.room, stored.rev)
  }

  /** A pending session became active: if its connection waits, it is seated and told so. */
  approved(
    roomId: RoomId,
    who: { id: SessionId; record: SessionRecord },
    session: Session,
    iceServers: IceServer[],
  ): void {
    for (const arrival of this.arrivals.of(who.id)) arrival.approved = who.record
    const room = this.#rooms.get(roomId)
    const { role, name, device } = who.record
    const connection = room?.admit({ id: who.id, role, name, device })
    const known = room?.sessions.get(who.id)
    if (room !== undefined && known !== undefined)
      room.sessions.set(who.id, { ...known, record: who.record, text: JSON.stringify(who.record) })
    if (room === undefined || connection === undefined) return
    connection.send(
      frame({ type: 'approved', session, room: room.info, members: room.members(), at: room.at, iceServers }),
    )
    if (role === 'host') this.hosts.admitted(room, who.id)
  }

  get draining(): boolean {
    return this.sockets.draining
  }

  /** Sends everybody to other instances [DRAIN-1]. */
  drain(): void {
    this.sockets.drain()
  }

  /** This instance ends: its members may take up their seats elsewhere [DRAIN-2]. */
  async leave(): Promise<void> {
    this.#stopHealth()
    await this.#shared?.leave()
  }

  #toHosts(room: RoomId, body: ClaimEvent, concern?: Concern): void {
    const open = this.#rooms.get(room)
    if (open !== undefined && !open.isEmpty) this.hosts.publish(open, body, HOSTS, concern)
    else
      this.#shared?.publishOutside(room, {
        open: JSON.stringify(body).slice(0, -1),
        from: undefined,
        audience: HOSTS,
        speaker: undefined,
        concern,
      })
  }

  /** A session that waits here, or is on its way in, was approved elsewhere. */
  #admittedElsewhere(room: RoomId, id: SessionId): void {
    this.#options.sharing?.sessions.forget(id)
    const waits = this.#rooms.get(room)?.waitingAs(id) !== undefined
    if (waits || this.arrivals.of(id).length > 0) this.#options.admitted?.(room, id)
  }

  #tellHealth({ state, reason }: Health): void {
    const framed = frame({ type: 'service', store: state, ...(reason === undefined ? {} : { reason }) })
    for (const room of this.#rooms.values())
      for (const connection of room.connections()) connection.send(framed)
  }

  #failed(error: unknown): void {
    const say = error instanceof StoreUnavailable ? this.#log.info : this.#log.error
    say.call(this.#log, { err: error }, 'hosts could not be told')
  }
}
