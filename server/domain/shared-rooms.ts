import { Type, type Static } from 'typebox'
import type { InstanceId, RoomId, SessionId } from '../protocol/ids.ts'
import type { Appended, LogEntry, LogSpan, Store } from '../store/store.ts'
import type { Member } from '../protocol/models.ts'
import { reader, readSession, type SessionRecord, type Warn } from './records.ts'
import { logKey, readStoredRoom, roomKey, seatsKey, sessionsKey, type StoredRoom } from './rooms.ts'

export type { LogEntry, LogSpan } from '../store/store.ts'

/** A seat as its row in the store says it: enough to take it up elsewhere when its instance is gone. */
const SeatRow = Type.Object({
  v: Type.Literal(1),
  attempt: Type.Integer(),
  /** The first attempt of its chain of resumed connections. */
  since: Type.Integer(),
  /** Places that a cursor must have one of to continue from. */
  starts: Type.Array(Type.Object({ origin: Type.String(), seat: Type.Integer() })),
  joinedAt: Type.Number(),
  /** It waits for approval. */
  pending: Type.Optional(Type.Literal(true)),
  /** Its instance is gone: it may be taken up until the resume window is over; `shown`: as a member meanwhile. */
  lost: Type.Optional(Type.Object({ at: Type.Number(), shown: Type.Boolean() })),
})
export type SeatRow = Static<typeof SeatRow>
const readSeat = reader('seat', SeatRow)

/** Names a row: `<member>@<instance>#<seat>`, never used again by another seat. */
export type SeatName = string & { readonly __seat: unique symbol }

export const seatName = (member: SessionId, instance: InstanceId, n: number): SeatName =>
  `${member}@${instance}#${n}` as SeatName

/** A seat's row with what its name says. */
export interface StoredSeat extends SeatRow {
  readonly key: SeatName
  readonly member: SessionId
  readonly instance: InstanceId
}

/** What the store has of a room. */
export interface StoredState {
  /** The room's record. */
  readonly room: string | undefined
  readonly seats: readonly StoredSeat[]
  readonly sessions: ReadonlyMap<SessionId, string>
  readonly log: readonly LogEntry[]
}

/** The seats and the log of rooms in the store: what instances that share a room have of each other. */
export class SharedRooms {
  readonly #store: Store
  readonly #ttlMs: number
  readonly #warn: Warn

  constructor(deps: { store: Store; sessionTtlMs: number; warn: Warn }) {
    this.#store = deps.store
    this.#ttlMs = deps.sessionTtlMs
    this.#warn = deps.warn
  }

  /** Puts seats and an entry, then reads everything that is known of the room, in one step. */
  async open(
    room: RoomId,
    seats: ReadonlyMap<SeatName, SeatRow>,
    entry: string,
    keep: number,
  ): Promise<StoredState> {
    return this.#everything(
      room,
      [
        { put: 'rows', table: seatsKey(room), rows: texts(seats), ttlMs: this.#ttlMs },
        { put: 'entry', log: logKey(room), text: entry, keep, ttlMs: this.#ttlMs },
      ],
      undefined,
    )
  }

  /** Puts all seats of an instance once more, then reads everything behind an entry. */
  async reopen(
    room: RoomId,
    seats: ReadonlyMap<SeatName, SeatRow>,
    after: string | undefined,
  ): Promise<StoredState> {
    return this.#everything(
      room,
      [{ put: 'rows', table: seatsKey(room), rows: texts(seats), ttlMs: this.#ttlMs }],
      after,
    )
  }

  async #everything(
    room: RoomId,
    writes: Parameters<Store['step']>[0],
    after: string | undefined,
  ): Promise<StoredState> {
    const found = await this.#store.step(writes, {
      value: roomKey(room),
      tables: [seatsKey(room), sessionsKey(room)],
      log: { key: logKey(room), ...(after === undefined ? {} : { after }) },
    })
    return {
      room: found.value,
      seats: this.#seats(found.tables[0]),
      sessions: (found.tables[1] ?? new Map()) as ReadonlyMap<SessionId, string>,
      log: found.log,
    }
  }

  /**
   * Puts a seat into a room that is open here, then reads its session, so that a revocation meanwhile is seen by one
   * side or the other. @param others whether all seats of the room are read too
   */
  async enter(
    room: RoomId,
    key: SeatName,
    row: SeatRow,
    session: SessionId,
    others: boolean,
  ): Promise<{ session: string | undefined; seats: readonly StoredSeat[] }> {
    const found = await this.#store.step(
      [{ put: 'rows', table: seatsKey(room), rows: texts(new Map([[key, row]])) }],
      {
        row: { table: sessionsKey(room), row: session },
        ...(others ? { tables: [seatsKey(room)] } : {}),
      },
    )
    return { session: found.row, seats: this.#seats(found.tables[0]) }
  }

  async put(room: RoomId, seats: ReadonlyMap<SeatName, SeatRow>): Promise<void> {
    if (seats.size > 0) await this.#store.step([{ put: 'rows', table: seatsKey(room), rows: texts(seats) }])
  }

  async remove(room: RoomId, keys: readonly SeatName[]): Promise<void> {
    if (keys.length > 0) await this.#store.deleteRows(seatsKey(room), ...keys)
  }

  async room(id: RoomId): Promise<StoredRoom | 'deleted' | undefined> {
    return readStoredRoom(id, await this.#store.get(roomKey(id)), this.#warn)
  }

  async seats(room: RoomId): Promise<readonly StoredSeat[]> {
    return this.#seats(await this.#store.rows(seatsKey(room)))
  }

  /** Who is in a room, of whatever instance. */
  async members(room: RoomId): Promise<readonly { seat: StoredSeat; session: SessionRecord }[]> {
    const found = await this.#store.step([], { tables: [seatsKey(room), sessionsKey(room)] })
    const sessions = found.tables[1]
    const latest = new Map<SessionId, StoredSeat>()
    for (const seat of this.#seats(found.tables[0])) {
      if (seat.attempt >= (latest.get(seat.member)?.attempt ?? -1)) latest.set(seat.member, seat)
    }
    return [...latest.values()].flatMap((seat) => {
      const session = readSession(sessions?.get(seat.member), this.#warn)
      return session === undefined || seat.lost?.shown === false ? [] : { seat, session }
    })
  }

  /** Seats in rows that somebody else has read. */
  seatsIn(rows: ReadonlyMap<string, string>): readonly StoredSeat[] {
    return this.#seats(rows)
  }

  append(
    room: RoomId,
    text: string,
    {
      isAnew,
      ...options
    }: {
      readonly keep: number
      readonly inboxes: readonly InstanceId[]
      /** The store was away: it may have lost the log, which is then made by this. */
      readonly isAnew: boolean
    },
  ): Promise<Appended> {
    return this.#store.append(logKey(room), text, { ...options, ...(isAnew ? { ttlMs: this.#ttlMs } : {}) })
  }

  /** The same for a room that is not open here, whose log may have to be made. */
  appendFromOutside(
    room: RoomId,
    text: string,
    inboxes: readonly InstanceId[],
    keep: number,
  ): Promise<Appended> {
    return this.#store.append(logKey(room), text, { keep, inboxes, ttlMs: this.#ttlMs })
  }

  readLog(room: RoomId, after: string | undefined): Promise<readonly LogEntry[]> {
    return this.#store.readLog(logKey(room), after)
  }

  logSpan(room: RoomId): Promise<LogSpan | undefined> {
    return this.#store.logSpan(logKey(room))
  }

  /** Writes back a session that the store has lost; never over a tombstone. */
  async restoreSession(room: RoomId, session: SessionId, text: string): Promise<void> {
    await this.#store.createRow(sessionsKey(room), session, text, this.#ttlMs)
  }

  async restoreRoom(room: RoomId, text: string): Promise<void> {
    await this.#store.create(roomKey(room), text, this.#ttlMs)
  }

  #seats(rows: ReadonlyMap<string, string> | undefined): StoredSeat[] {
    return [...(rows ?? [])].flatMap(([key, text]) => {
      const [, member, instance] = /^([\w-]+)@([\w-]+)#\d+$/.exec(key) ?? []
      const row = readSeat(text, this.#warn)
      if (member === undefined || instance === undefined || row === undefined) return []
      return { ...row, key: key as SeatName, member: member as SessionId, instance: instance as InstanceId }
    })
  }
}

const texts = (seats: ReadonlyMap<SeatName, SeatRow>): Map<string, string> =>
  new Map([...seats].map(([key, row]) => [key, JSON.stringify(row)]))

/** A member as the store knows it: its state is with its instance. */
export const shapeOfStored = ({
  seat,
  session,
}: {
  seat: StoredSeat
  session: SessionRecord
}): Member | undefined =>
  session.status === 'pending'
    ? undefined
    : {
        id: seat.member,
        role: session.role,
        name: session.name,
        device: session.device,
        connected: seat.lost === undefined,
        joinedAt: new Date(seat.joinedAt).toISOString(),
        state: {},
      }
