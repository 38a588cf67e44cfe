import type { Clock } from '../domain/clock.ts'
import type { SessionRecord } from '../domain/records.ts'
import type { CloseReason } from '../protocol/closes.ts'
import type { CodeId, RoomId, SessionId } from '../protocol/ids.ts'
import type { LeaveReason, PairingOutcome, WaitingClaim } from '../protocol/messages.ts'
import type { IceServer, Member, Room as RoomInfo, Session } from '../protocol/models.ts'
import { Approvals, seenByHosts, type PendingPairing } from './approvals.ts'
import type { Connection } from './connection.ts'
import { HOSTS } from './log.ts'
import { Room } from './room.ts'
import { frame } from './wire.ts'

/** Why a session ended, with the close code its socket gets. */
const ENDINGS = {
  kicked: 'kicked',
  revoked: 'session_invalid',
  left: 'session_invalid',
  denied: 'kicked',
} as const satisfies Record<string, CloseReason>
export type Ending = keyof typeof ENDINGS

const LEAVE_REASONS: Record<Ending, LeaveReason> = {
  kicked: 'kicked',
  revoked: 'revoked',
  left: 'left',
  denied: 'revoked',
}

/** A hello that is under way: it learns of an end of its session that came while it read the store. */
export interface Arrival {
  readonly room: RoomId
  ended: CloseReason | undefined
  /** It was let in meanwhile. */
  approved?: SessionRecord
  /** The room was changed meanwhile. */
  info?: RoomInfo
}

/** Upper bound of the time after which clients come back to a draining server, for few and for many of them. */
const RECONNECT_WITHIN_MS = 1_000
const RECONNECT_EACH_MS = 2
const RECONNECT_MOST_MS = 10_000

/** The rooms of this instance. */
export class Hub {
  readonly #clock: Clock
  readonly #resumeWindowMs: number
  readonly #maxMembers: number
  readonly #claimedForMs: number
  readonly #rooms = new Map<RoomId, Room>()
  readonly #arrivals = new Map<SessionId, Set<Arrival>>()
  /** Sessions that were made but have not said hello: they hold a place for a while. */
  readonly #expected = new Map<RoomId, Map<SessionId, () => void>>()
  readonly #approvals: Approvals
  readonly #random: () => number
  /** Every socket of this instance, those without a session too. */
  readonly #connections = new Set<Connection>()
  #draining = false

  constructor(options: {
    clock: Clock
    resumeWindowMs: number
    maxRoomMembers: number
    pairingTtlMs: number
    random?: () => number
  }) {
    this.#clock = options.clock
    this.#resumeWindowMs = options.resumeWindowMs
    this.#maxMembers = options.maxRoomMembers
    this.#claimedForMs = options.pairingTtlMs
    this.#approvals = new Approvals(options.clock)
    this.#random = options.random ?? Math.random
  }

  get draining(): boolean {
    return this.#draining
  }

  counts(): { rooms: number; members: number; connections: number } {
    let members = 0
    for (const room of this.#rooms.values()) members += room.size
    return { rooms: this.#rooms.size, members, connections: this.#connections.size }
  }

  members(id: RoomId): Member[] {
    return this.#rooms.get(id)?.members() ?? []
  }

  /** The room as it is open here, made where it is not. */
  open(info: RoomInfo): Room {
    const open = this.#rooms.get(info.id)
    if (open !== undefined) return open
    const room: Room = new Room({
      info,
      clock: this.#clock,
      resumeWindowMs: this.#resumeWindowMs,
      emptied: () => {
        if (this.#rooms.get(info.id) === room) this.#rooms.delete(info.id)
      },
    })
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
        this.#clock.after(this.#claimedForMs, () => this.#arrived(room, session)),
      )
  }

  isFull(id: RoomId): boolean {
    const room = this.#rooms.get(id)
    return (room?.size ?? 0) + (this.#expected.get(id)?.size ?? 0) >= this.#maxMembers
  }

  /** Whether a session that says hello finds a place. */
  admits(id: RoomId, session: SessionId): boolean {
    const room = this.#rooms.get(id)
    return room === undefined || room.has(session) || room.size < this.#maxMembers
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
  seated(room: RoomId, session: SessionId): void {
    this.#arrived(room, session)
  }

  /**
   * A session has ended, by whatever way: its socket is closed and its seat freed [SESS-3].
   * @returns whether it was here
   */
  end(roomId: RoomId, id: SessionId, ending: Ending): boolean {
    const reason = ENDINGS[ending]
    const arrivals = [...(this.#arrivals.get(id) ?? [])].filter(({ room }) => room === roomId)
    for (const arrival of arrivals) arrival.ended = reason
    this.#arrived(roomId, id)
    const pairing = this.#approvals.takeOf(roomId, id)
    if (pairing !== undefined) this.pairingDone(roomId, pairing.id, 'denied')
    const room = this.#rooms.get(roomId)
    const wasSeated = room?.has(id) === true
    const connection = room?.remove(id, LEAVE_REASONS[ending])
    connection?.close(reason)
    return wasSeated || connection !== undefined || pairing !== undefined || arrivals.length > 0
  }

  /** The room is gone: every socket in it is closed with 4404. */
  endRoom(id: RoomId): void {
    this.#approvals.clear(id)
    for (const arrival of this.#arrivalsIn(id)) arrival.ended = 'room_gone'
    for (const session of [...(this.#expected.get(id)?.keys() ?? [])]) this.#arrived(id, session)
    for (const connection of this.#rooms.get(id)?.dissolve() ?? []) connection.close('room_gone')
  }

  roomUpdated(info: RoomInfo): void {
    for (const arrival of this.#arrivalsIn(info.id)) arrival.info = info
    this.#rooms.get(info.id)?.updateInfo(info)
  }

  /** A claim waits for a decision: hosts are told, and it ends when its code would have [PAIR-5]. */
  pairingPending(room: RoomId, pairing: PendingPairing, lifeMs: number, expired: () => void): void {
    this.#approvals.add(room, pairing, lifeMs, expired)
    this.#toHosts(room, {
      type: 'pairing-pending',
      pairing: seenByHosts(pairing),
    })
  }

  /** Whether hosts were told of a claim that waits still. */
  awaits(room: RoomId, pairing: CodeId): boolean {
    return this.#approvals.of(room).some(({ id }) => id === pairing)
  }

  pairingDone(room: RoomId, pairing: CodeId, outcome: PairingOutcome, memberId?: SessionId): void {
    this.#toHosts(room, {
      type: 'pairing-done',
      pairing,
      outcome,
      ...(memberId === undefined ? {} : { memberId }),
    })
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
    if (room === undefined || connection === undefined) return
    connection.send(
      frame({ type: 'approved', session, room: room.info, members: room.members(), at: room.at, iceServers }),
    )
    if (role !== 'host') return
    for (const pairing of this.#approvals.of(roomId)) {
      // Its own claim is still held. The others go into the log, since this connection may be lost before they arrive.
      if (pairing.session !== who.id)
        room.publish({ type: 'pairing-pending', pairing: seenByHosts(pairing) }, undefined, {
          kind: 'member',
          id: who.id,
        })
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

  #toHosts(
    room: RoomId,
    body:
      | { type: 'pairing-pending'; pairing: WaitingClaim }
      | { type: 'pairing-done'; pairing: CodeId; outcome: PairingOutcome; memberId?: SessionId },
  ): void {
    this.#rooms.get(room)?.publish(body, undefined, HOSTS)
  }
}
