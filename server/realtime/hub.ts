import type { Clock } from '../domain/clock.ts'
import type { Health } from '../domain/health.ts'
import type { SessionRecord } from '../domain/records.ts'
import { StoreUnavailable } from '../domain/refusal.ts'
import type { Rows, StoredRoom } from '../domain/rooms.ts'
import type { Authenticated } from '../domain/sessions.ts'
import type { CloseReason } from '../protocol/closes.ts'
import type { CodeId, RoomId, SessionId } from '../protocol/ids.ts'
import type { PairingOutcome, WaitingClaim } from '../protocol/messages.ts'
import type { IceServer, Member, Room as RoomInfo, Session, StoreState } from '../protocol/models.ts'
import { Approvals, seenByHosts, type PendingPairing } from './approvals.ts'
import type { Concern, Outgoing } from './batch.ts'
import type { Connection } from './connection.ts'
import type { Comer, Place } from './doorway.ts'
import { ENDINGS, LEAVE_REASONS, type Ending } from './endings.ts'
import { HOSTS } from './log.ts'
import { Recent } from './recent.ts'
import { Room } from './room.ts'
import { SharedHub, type SharedHubDeps, type SharedOptions } from './shared-hub.ts'
import { frame } from './wire.ts'

/** A hello that is under way: it learns of an end of its session that came while it read the store. */
export interface Arrival {
  readonly room: RoomId
  ended: CloseReason | undefined
  /** It was let in meanwhile. */
  approved?: SessionRecord
  /** The room was changed meanwhile. */
  changed?: StoredRoom
}

/** Upper bound of the time after which clients come back to a draining server, for few and for many of them. */
const RECONNECT_WITHIN_MS = 1_000
const RECONNECT_EACH_MS = 2
const RECONNECT_MOST_MS = 10_000
/** Ends of sessions and decisions of claims are remembered so long, since word of them may come twice. Milliseconds. */
const REMEMBERED_MS = 120_000
/** A claim that was made on another instance expires here only if that one does not say so. Milliseconds. */
const EXPIRY_GRACE_MS = 3_000

/** What a hub is made with. */
export interface HubOptions {
  readonly clock: Clock
  readonly resumeWindowMs: number
  readonly maxRoomMembers: number
  readonly pairingTtlMs: number
  readonly random?: () => number
  /** Absent: no other instance can be in its rooms. */
  readonly sharing?: SharedOptions
  /** Lets in a session that another instance says was approved. */
  readonly admitted?: (room: RoomId, id: SessionId) => void
  readonly log?: SharedHubDeps['log']
}

const NOTHING = (): void => undefined
const NO_LOG: SharedHubDeps['log'] = { info: NOTHING, warn: NOTHING, error: NOTHING }

/** The rooms of this instance. */
export class Hub {
  readonly #options: HubOptions
  readonly #clock: Clock
  readonly #rooms = new Map<RoomId, Room>()
  readonly #arrivals = new Map<SessionId, Set<Arrival>>()
  /** Sessions that were made but have not said hello: they hold a place for a while. */
  readonly #expected = new Map<RoomId, Map<SessionId, () => void>>()
  readonly #approvals: Approvals
  readonly #random: () => number
  /** Every socket of this instance, those without a session too. */
  readonly #connections = new Set<Connection>()
  readonly #log: SharedHubDeps['log']
  /** Absent where no other instance can be. */
  readonly #shared: SharedHub | undefined
  readonly #ended: Recent<SessionId>
  readonly #decided: Recent<CodeId>
  readonly #stopHealth: () => void
  #draining = false

  constructor(options: HubOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#approvals = new Approvals(options.clock)
    this.#random = options.random ?? Math.random
    this.#log = options.log ?? NO_LOG
    this.#ended = new Recent(options.clock, REMEMBERED_MS)
    this.#decided = new Recent(options.clock, REMEMBERED_MS)
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
      ended: (room, id, ending) => void this.#endHere(room, id, ending),
      roomEnded: (room) => this.#endRoomHere(room),
      roomChanged: (stored) => this.#roomUpdatedHere(stored),
      hasEnded: (id) => this.#ended.has(id),
      sessionsFound: (room, sessions) => this.#findPending(room, sessions),
      textOf: (room, id) => this.#rooms.get(room)?.sessions.get(id)?.text,
    })
  }

  /** Whether other instances may be in its rooms. */
  get isShared(): boolean {
    return this.#shared !== undefined
  }

  /** What members are told of the store. */
  get store(): { readonly store: StoreState; readonly reason?: string } {
    const health = this.#options.sharing?.health.health
    if (health === undefined) return { store: 'memory' }
    return { store: health.state, ...(health.reason === undefined ? {} : { reason: health.reason }) }
  }

  get draining(): boolean {
    return this.#draining
  }

  counts(): { rooms: number; members: number; connections: number } {
    let members = 0
    for (const room of this.#rooms.values()) members += room.localSize
    return { rooms: this.#rooms.size, members, connections: this.#connections.size }
  }

  /** Members of a room that is open here. */
  members(id: RoomId): Member[] {
    return this.#rooms.get(id)?.members() ?? []
  }

  /** Members of a room, on whatever instance. @throws StoreUnavailable */
  async everybody(id: RoomId): Promise<Member[]> {
    const room = this.#rooms.get(id)
    if (room === undefined) return (await this.#shared?.membersElsewhere(id)) ?? []
    return room.members()
  }

  /** What is known of a room that is open here. */
  info(id: RoomId): RoomInfo | undefined {
    const room = this.#rooms.get(id)
    return room === undefined || room.isEmpty ? undefined : room.info
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
    return { room: this.#open(stored), session, back: returnOf(comer), done: NOTHING }
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
      emptied: () => {
        if (this.#rooms.get(info.id) !== room) return
        this.#rooms.delete(info.id)
        this.#shared?.closed(room)
      },
    })
    room.concerned = (event, own) => this.#concerned(room, event, own)
    this.#rooms.set(info.id, room)
    return room
  }

  /** A session holds a place from its making on, so that claims at once cannot overfill a room. */
  expect(room: RoomId, session: SessionId): void {
    const expected = this.#expected.get(room) ?? new Map<SessionId, () => void>()
    this.#expected.set(room, expected)
    if (!expected.has(session))
      expected.set(
        session,
        this.#clock.after(this.#options.pairingTtlMs, () => this.#arrived(room, session)),
      )
  }

  /** @throws StoreUnavailable */
  async isFull(id: RoomId): Promise<boolean> {
    const expected = this.#expected.get(id)?.size ?? 0
    const seated = this.#rooms.get(id)?.size ?? (await this.everybody(id)).length
    return seated + expected >= this.#options.maxRoomMembers
  }

  /** Whether a session that says hello finds a place. */
  admits(id: RoomId, session: SessionId): boolean {
    const room = this.#rooms.get(id)
    return room === undefined || room.has(session) || room.size < this.#options.maxRoomMembers
  }

  /** Runs something after a while. Milliseconds. */
  later(ms: number, task: () => void): void {
    this.#clock.after(ms, task)
  }

  /** Begins a hello; the disposer ends it, whatever became of it. */
  arriving(room: RoomId, id: SessionId): { arrival: Arrival; done: () => void } {
    const arrival: Arrival = { room, ended: undefined }
    const arrivals = this.#arrivals.get(id) ?? new Set()
    this.#arrivals.set(id, arrivals.add(arrival))
    return {
      arrival,
      done: () => {
        arrivals.delete(arrival)
        if (arrivals.size === 0 && this.#arrivals.get(id) === arrivals) this.#arrivals.delete(id)
      },
    }
  }

  /** A session found its seat or its waiting place. */
  settled(room: RoomId, session: SessionId): void {
    this.#arrived(room, session)
  }

  /**
   * A session has ended, by whatever way: its socket is closed and its seat freed, wherever it is [SESS-3].
   * @param seats the room's rows, as they were read behind the end
   * @returns whether it was anywhere
   */
  end(roomId: RoomId, id: SessionId, ending: Ending, seats: Rows = NO_ROWS): boolean {
    const wasHere = this.#endHere(roomId, id, ending)
    this.#shared?.tell(roomId, seats, { t: 'end', room: roomId, id, ending })
    return wasHere || [...seats.keys()].some((key) => key.startsWith(`${id}@`))
  }

  #endHere(roomId: RoomId, id: SessionId, ending: Ending): boolean {
    const reason = ENDINGS[ending]
    this.#ended.add(id)
    const arrivals = [...(this.#arrivals.get(id) ?? [])].filter(({ room }) => room === roomId)
    for (const arrival of arrivals) arrival.ended = reason
    this.#arrived(roomId, id)
    const pairing = this.#approvals.takeOf(roomId, id)
    if (pairing !== undefined) this.pairingDone(roomId, pairing.id, 'denied', undefined, id)
    const room = this.#rooms.get(roomId)
    const wasSeated = room?.has(id) === true
    room?.sessions.delete(id)
    const connection = room?.remove(id, LEAVE_REASONS[ending])
    connection?.close(reason)
    room?.forget(id, LEAVE_REASONS[ending])
    return wasSeated || connection !== undefined || pairing !== undefined || arrivals.length > 0
  }

  /** The room is gone: every socket in it is closed with 4404. */
  endRoom(id: RoomId, seats: Rows = NO_ROWS): void {
    this.#shared?.tell(id, seats, { t: 'room-gone', room: id })
    this.#endRoomHere(id)
  }

  #endRoomHere(id: RoomId): void {
    this.#approvals.clear(id)
    for (const arrival of this.#arrivalsIn(id)) arrival.ended = 'room_gone'
    for (const session of [...(this.#expected.get(id)?.keys() ?? [])]) this.#arrived(id, session)
    for (const connection of this.#rooms.get(id)?.dissolve() ?? []) connection.close('room_gone')
  }

  roomUpdated(stored: StoredRoom): void {
    this.#roomUpdatedHere(stored)
    const { room, rev } = stored
    this.#shared
      ?.tellEverybody(room.id, { t: 'room', room: room.id, info: room, rev })
      .catch((error: unknown) => this.#failed(error))
  }

  #roomUpdatedHere(stored: StoredRoom): void {
    for (const arrival of this.#arrivalsIn(stored.room.id)) arrival.changed = stored
    this.#rooms.get(stored.room.id)?.updateInfo(stored.room, stored.rev)
  }

  /** A claim waits for a decision: hosts are told, and it ends when its code would have [PAIR-5]. */
  pairingPending(room: RoomId, pairing: PendingPairing, lifeMs: number, expired: () => void): void {
    this.#approvals.add(room, pairing, lifeMs, expired)
    this.#toHosts(
      room,
      { type: 'pairing-pending', pairing: seenByHosts(pairing) },
      { kind: 'pending', pairing: pairing.id, session: pairing.session, endsAt: this.#clock.now() + lifeMs },
    )
  }

  /** Whether hosts were told of a claim, which waits still or was decided not long ago. */
  isTold(room: RoomId, pairing: CodeId): boolean {
    return this.#decided.has(pairing) || this.#approvals.of(room).some(({ id }) => id === pairing)
  }

  /** @param waiting the session that waited for this, if one did */
  pairingDone(
    room: RoomId,
    pairing: CodeId,
    outcome: PairingOutcome,
    memberId?: SessionId,
    waiting?: SessionId,
  ): void {
    const isDecision = waiting !== undefined && outcome !== 'reused'
    if (isDecision) {
      // Two instances may find at once that a claim has ended.
      if (this.#decided.has(pairing)) return
      this.#decided.add(pairing)
    }
    this.#toHosts(
      room,
      { type: 'pairing-done', pairing, outcome, ...(memberId === undefined ? {} : { memberId }) },
      isDecision ? { kind: 'decided', pairing, session: waiting, outcome } : undefined,
    )
  }

  /**
   * Gives a pending pairing to one host's decision: of two that decide at once, one does. Where `decide` rejects
   * nothing was decided, and the pairing waits on, or expires; the latter too where it finds a claim gone whose
   * code has ended meanwhile.
   * @returns nothing where nothing waits (any more)
   */
  async decide<T>(
    room: RoomId,
    id: CodeId,
    decide: (pairing: PendingPairing, isOverdue: () => boolean) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const pairing = this.#approvals.hold(room, id)
    if (pairing === undefined) return undefined
    try {
      const decision = await decide(pairing, () => this.#approvals.isOverdue(room, id))
      if (decision === undefined) this.#approvals.release(room, id)
      else this.#approvals.take(room, id)
      return decision
    } catch (error) {
      this.#approvals.release(room, id)
      throw error
    }
  }

  /** A pending session became active: if its connection waits, it is seated and told so. */
  approved(
    roomId: RoomId,
    who: { id: SessionId; record: SessionRecord },
    session: Session,
    iceServers: IceServer[],
  ): void {
    for (const arrival of this.#arrivals.get(who.id) ?? []) arrival.approved = who.record
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
    if (role !== 'host') return
    for (const pairing of this.#approvals.of(roomId)) {
      // Its own claim is still held. The others go into the log, since this connection may be lost before they arrive.
      if (pairing.session !== who.id)
        this.#publish(room, { type: 'pairing-pending', pairing: seenByHosts(pairing) }, { kind: 'member', id: who.id })
    }
  }

  /** A host that was not there when claims came in would never learn of them: they are told again. */
  tellPending(room: Room, host: Connection): void {
    for (const pairing of this.#approvals.of(room.id)) {
      host.send(frame({ type: 'pairing-pending', at: room.at, pairing: seenByHosts(pairing) }))
    }
  }

  /** Tells every client to come back to another instance, each at its own time, and closes [DRAIN-1]. */
  drain(): void {
    this.#draining = true
    const within = Math.min(
      RECONNECT_MOST_MS,
      RECONNECT_WITHIN_MS + this.#connections.size * RECONNECT_EACH_MS,
    )
    for (const connection of this.#connections) this.#sendAway(connection, within)
  }

  /** This instance ends: its members may take up their seats elsewhere [DRAIN-2]. */
  async leave(): Promise<void> {
    this.#stopHealth()
    await this.#shared?.leave()
  }

  /** A socket was opened; one that comes while this instance drains is sent on at once. */
  opened(connection: Connection): void {
    this.#connections.add(connection)
    if (this.#draining) this.#sendAway(connection)
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection)
  }

  /** What a client meets that arrives while this instance drains. */
  #sendAway(connection: Connection, withinMs = RECONNECT_WITHIN_MS): void {
    connection.send(frame({ type: 'going-away', reconnectInMs: Math.round(this.#random() * withinMs) }))
    connection.close('draining')
  }

  #arrivalsIn(room: RoomId): Arrival[] {
    return [...this.#arrivals.values()].flatMap((arrivals) =>
      [...arrivals].filter((arrival) => arrival.room === room),
    )
  }

  #arrived(room: RoomId, session: SessionId): void {
    const expected = this.#expected.get(room)
    expected?.get(session)?.()
    expected?.delete(session)
    if (expected?.size === 0) this.#expected.delete(room)
  }

  #toHosts(room: RoomId, body: PairingEvent, concern?: Concern): void {
    const open = this.#rooms.get(room)
    if (open !== undefined && !open.isEmpty) this.#publish(open, body, HOSTS, concern)
    else
      this.#shared?.publishOutside(room, {
        open: JSON.stringify(body).slice(0, -1),
        from: undefined,
        audience: HOSTS,
        speaker: undefined,
        concern,
      })
  }

  #publish(room: Room, body: PairingEvent, audience: Outgoing['audience'], concern?: Concern): void {
    Promise.resolve(room.publish(body, undefined, audience, concern)).catch((error: unknown) =>
      this.#failed(error),
    )
  }

  /** What an event of the room means for more than its receivers. @returns whether it is to be delivered */
  #concerned(room: Room, { concern, open }: Pick<Outgoing, 'concern' | 'open'>, own: boolean): boolean {
    if (own || concern === undefined) return true
    if (concern.kind === 'pending') {
      const { pairing } = JSON.parse(`${open}}`) as { pairing: WaitingClaim }
      this.#await(room, { ...pairing, session: concern.session }, concern.endsAt)
    }
    return concern.kind !== 'decided' || this.#learnDecision(room, concern)
  }

  /** A claim of another instance was decided, there or by a host elsewhere. */
  #learnDecision(room: Room, { pairing, session, outcome }: Extract<Concern, { kind: 'decided' }>): boolean {
    this.#approvals.take(room.id, pairing)
    if (this.#decided.has(pairing)) return false
    this.#decided.add(pairing)
    if (outcome === 'paired') {
      if (room.waitingAs(session) !== undefined || this.#arrivals.has(session))
        this.#options.admitted?.(room.id, session)
    } else this.#endHere(room.id, session, outcome === 'denied' ? 'denied' : 'revoked')
    return true
  }

  /** Claims that waited when the room was opened here: their hosts may ask for them. */
  #findPending(room: Room, sessions: ReadonlyMap<SessionId, string>): void {
    for (const [session, text] of sessions) {
      const record = this.#options.sharing?.sessions.read(text)
      if (record?.status !== 'pending') continue
      const { pairing: id, device, name, role, presented = 'typed' } = record
      this.#await(room, { id, device, name, role, presented, session }, record.expiresAt)
    }
  }

  /** Keeps a claim that was made elsewhere, until it is decided or has ended without a word. */
  #await(room: Room, pairing: PendingPairing, endsAt: number): void {
    const left = endsAt - this.#clock.now()
    if (left <= 0 || this.isTold(room.id, pairing.id)) return
    this.#approvals.add(room.id, pairing, left + EXPIRY_GRACE_MS, () => {
      if (this.#rooms.get(room.id) !== room) return
      this.#endHere(room.id, pairing.session, 'revoked')
      this.pairingDone(room.id, pairing.id, 'expired', undefined, pairing.session)
    })
  }

  #tellHealth({ state, reason }: Health): void {
    const framed = frame({ type: 'service', store: state, ...(reason === undefined ? {} : { reason }) })
    for (const room of this.#rooms.values()) for (const connection of room.connections()) connection.send(framed)
  }

  #failed(error: unknown): void {
    const say = error instanceof StoreUnavailable ? this.#log.info : this.#log.error
    say.call(this.#log, { err: error }, 'hosts could not be told')
  }
}

type PairingEvent =
  | { type: 'pairing-pending'; pairing: WaitingClaim }
  | { type: 'pairing-done'; pairing: CodeId; outcome: PairingOutcome; memberId?: SessionId }

const NO_ROWS: Rows = new Map()

const returnOf = ({ attempt, resume }: Comer): Place['back'] => ({
  ...(attempt === undefined ? {} : { attempt }),
  ...(resume === undefined ? {} : { resume }),
})
