import { nanoid } from 'nanoid'
import type { RoomId } from '../protocol/ids.ts'
import type { Approval, Room } from '../protocol/models.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from './clock.ts'
import { readRoom, type GoneRoom, type GoneSession, type LiveRoom, type Warn } from './records.ts'
import { Remembered } from './remembered.ts'

/** What a host may change. */
export type RoomPatch = Partial<Pick<Room, 'name' | 'locked' | 'approval'>>

export const roomKey = (id: RoomId) => `room:${id}`
/** The table of a room's sessions; emptied together with the room. */
export const sessionsKey = (id: RoomId) => `room:${id}:sessions`
/** The table of who is connected where; deleted together with the room. */
export const seatsKey = (id: RoomId) => `room:${id}:seats`
/** The log of a room's events; deleted together with the room. */
export const logKey = (id: RoomId) => `room:${id}:log`

/** A room with the number of its changes, which tells the later of two versions. */
export interface StoredRoom {
  readonly room: Room
  readonly rev: number
}

/** The rows of a table. */
export type Rows = ReadonlyMap<string, string>
const NO_ROWS: Rows = new Map()

/** Keys are renewed once a day, or after half their life where that is shorter. Milliseconds. */
const RENEW_AFTER_MS = 86_400_000
/** Rooms whose last renewal is remembered. */
const MOST_RENEWALS = 10_000
/** No session has this id: the row that keeps the emptied table of a deleted room. */
const GONE_ROW = 'gone'

const NOTHING = (): void => undefined

const shape = (id: RoomId, record: LiveRoom): Room => ({
  id,
  name: record.name,
  approval: record.approval,
  locked: record.locked,
  createdAt: new Date(record.createdAt).toISOString(),
})

/**
 * Reads the value of a room, wherever it was found.
 * @param warn told of one that cannot be read, which is treated as absent [STORE-6]
 */
export function readStoredRoom(
  id: RoomId,
  text: string | undefined,
  warn: Warn,
): StoredRoom | 'deleted' | undefined {
  const record = readRoom(text, warn)
  if (record === undefined) return undefined
  return 'gone' in record ? 'deleted' : { room: shape(id, record), rev: record.rev ?? 0 }
}

/** The value of a room that the store has lost, made anew from what is known of it. */
export const storedRoomText = ({ room, rev }: StoredRoom): string => {
  const { name, approval, locked, createdAt } = room
  const record: LiveRoom = { v: 1, name, approval, locked, createdAt: Date.parse(createdAt), rev }
  return JSON.stringify(record)
}

/** Rooms as the store knows them. Methods reject with `StoreUnavailable`. */
export class Rooms {
  readonly #store: Store
  readonly #clock: Clock
  readonly #ttlMs: number
  readonly #warn: Warn
  readonly #updates = new Map<RoomId, Promise<void>>()
  /** Rooms, and tables of sessions, that this instance gave their whole life not long ago. */
  readonly #freshRooms: Remembered<RoomId, true>
  readonly #freshTables: Remembered<RoomId, true>

  constructor(deps: { store: Store; clock: Clock; sessionTtlMs: number; warn: Warn }) {
    this.#store = deps.store
    this.#clock = deps.clock
    this.#ttlMs = deps.sessionTtlMs
    this.#warn = deps.warn
    this.#freshRooms = new Remembered(deps.clock, MOST_RENEWALS)
    this.#freshTables = new Remembered(deps.clock, MOST_RENEWALS)
  }

  async create(options: { name: string; approval: Approval }): Promise<Room> {
    const id = nanoid<RoomId>(16)
    const record: LiveRoom = { v: 1, ...options, locked: false, createdAt: this.#clock.now() }
    await this.#store.create(roomKey(id), JSON.stringify(record), this.#ttlMs)
    this.#freshRooms.set(id, true, this.renewEveryMs)
    return shape(id, record)
  }

  async find(id: RoomId): Promise<Room | undefined> {
    const room = await this.look(id)
    return room === 'deleted' ? undefined : room
  }

  /** The same, telling a room that was deleted from one that never was. */
  async look(id: RoomId): Promise<Room | 'deleted' | undefined> {
    const stored = await this.read(id)
    return typeof stored === 'object' ? stored.room : stored
  }

  /** The same, with the number of its changes. */
  async read(id: RoomId): Promise<StoredRoom | 'deleted' | undefined> {
    return readStoredRoom(id, await this.#store.get(roomKey(id)), this.#warn)
  }

  /**
   * Changes a room; of two changes at once to different fields both last. Of one instance, they end in the
   * order they came in, so that what it tells of last is what the store holds.
   * @returns the room after the change, or nothing when it is gone
   */
  update(id: RoomId, patch: RoomPatch): Promise<StoredRoom | undefined> {
    const before = this.#updates.get(id) ?? Promise.resolve()
    const update = before.then(() => this.#update(id, patch))
    // The next one waits for its end, good or bad; what became of it is its caller's.
    const ended = update.then(NOTHING, NOTHING)
    this.#updates.set(id, ended)
    void ended.then(() => {
      if (this.#updates.get(id) === ended) this.#updates.delete(id)
    })
    return update
  }

  async #update(id: RoomId, patch: RoomPatch): Promise<StoredRoom | undefined> {
    for (;;) {
      const before = await this.#store.get(roomKey(id))
      const record = readRoom(before, this.#warn)
      if (before === undefined || record === undefined || 'gone' in record) return undefined
      const rev = (record.rev ?? 0) + 1
      const next: LiveRoom = { ...record, ...patch, rev }
      // Somebody else may write in between: then the patch is laid over theirs.
      if (await this.#store.replace(roomKey(id), before, JSON.stringify(next)))
        return { room: shape(id, next), rev }
    }
  }

  /**
   * Deletes a room with its sessions, seats and log.
   * @param gone is told as soon as the room is, even if the store fails to delete the rest after that
   * @returns the seats there were, so that who sits there is told
   */
  async delete(id: RoomId, gone?: () => void): Promise<Rows> {
    const tombstone: GoneRoom = { v: 1, gone: true }
    const before = await this.#store.exchange(roomKey(id), JSON.stringify(tombstone))
    gone?.()
    if (before === undefined) return NO_ROWS
    this.#freshRooms.delete(id)
    this.#freshTables.delete(id)
    const sessions = sessionsKey(id)
    const marker: GoneSession = { v: 1, gone: true, expiresAt: this.#clock.now() + this.#ttlMs }
    // The row that stays gives a table with an end to a session that is being written right now [STORE-5].
    const rows = new Map([[GONE_ROW, JSON.stringify(marker)]])
    const { tables } = await this.#store.step(
      [
        { delete: 'keys', keys: [sessions] },
        { put: 'rows', table: sessions, rows, ttlMs: this.#ttlMs },
      ],
      { tables: [seatsKey(id)] },
    )
    // A step writes before it reads, so what was just read goes in one of its own. Whoever sits down between the two
    // finds its session gone.
    await this.#store.delete(seatsKey(id), logKey(id))
    return tables[0] ?? NO_ROWS
  }

  /**
   * Prolongs the life of a room and its sessions [SESSION_TTL_SECONDS], at most once in `renewEveryMs`: in between
   * it costs the store nothing.
   */
  async renew(id: RoomId): Promise<void> {
    if (this.isFresh(id)) return
    await this.#store.step([
      { renew: roomKey(id), ttlMs: this.#ttlMs },
      { renew: sessionsKey(id), ttlMs: this.tableTtlMs },
      { renew: seatsKey(id), ttlMs: this.tableTtlMs },
      { renew: logKey(id), ttlMs: this.tableTtlMs },
    ])
    this.#freshRooms.set(id, true, this.renewEveryMs)
    this.tableRenewed(id)
  }

  /** Whether this instance renewed (or made) the room and the table of its sessions not long ago. */
  isFresh(id: RoomId): boolean {
    return this.#freshRooms.get(id) === true && this.tableIsFresh(id)
  }

  /** Whether a row may go into the table of sessions without renewing it: the table is there and lives long enough. */
  tableIsFresh(id: RoomId): boolean {
    return this.#freshTables.get(id) === true
  }

  /** The table of sessions was given its whole life just now. */
  tableRenewed(id: RoomId): void {
    this.#freshTables.set(id, true, this.renewEveryMs)
  }

  /** The life a table of sessions is given: that of a session which comes in just before the next renewal. */
  get tableTtlMs(): number {
    return this.#ttlMs + this.renewEveryMs
  }

  /** How often what stays in use is to be renewed. */
  get renewEveryMs(): number {
    return Math.min(RENEW_AFTER_MS, this.#ttlMs / 2)
  }
}
