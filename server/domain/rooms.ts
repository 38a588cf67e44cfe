import { nanoid } from 'nanoid'
import type { RoomId } from '../protocol/ids.ts'
import type { Approval, Room } from '../protocol/models.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from './clock.ts'
import { readRoom, type GoneRoom, type LiveRoom, type Warn } from './records.ts'

/** What a host may change. */
export type RoomPatch = Partial<Pick<Room, 'name' | 'locked' | 'approval'>>

export const roomKey = (id: RoomId) => `room:${id}`
/** The table of a room's sessions; deleted together with the room. */
export const sessionsKey = (id: RoomId) => `room:${id}:sessions`
/** The table of who is connected where. */
export const seatsKey = (id: RoomId) => `room:${id}:seats`
/** The log of the room's events. */
export const logKey = (id: RoomId) => `room:${id}:log`

const NOTHING = (): void => undefined

const shape = (id: RoomId, record: LiveRoom): Room => ({
  id,
  name: record.name,
  approval: record.approval,
  locked: record.locked,
  createdAt: new Date(record.createdAt).toISOString(),
})

/** Rooms as the store knows them. Methods reject with `StoreUnavailable`. */
export class Rooms {
  readonly #store: Store
  readonly #clock: Clock
  readonly #ttlMs: number
  readonly #warn: Warn
  readonly #updates = new Map<RoomId, Promise<void>>()

  constructor(deps: { store: Store; clock: Clock; sessionTtlMs: number; warn: Warn }) {
    this.#store = deps.store
    this.#clock = deps.clock
    this.#ttlMs = deps.sessionTtlMs
    this.#warn = deps.warn
  }

  async create(options: { name: string; approval: Approval }): Promise<Room> {
    const id = nanoid<RoomId>(16)
    const record: LiveRoom = { v: 1, ...options, locked: false, createdAt: this.#clock.now() }
    await this.#store.create(roomKey(id), JSON.stringify(record), this.#ttlMs)
    return shape(id, record)
  }

  async find(id: RoomId): Promise<Room | undefined> {
    const room = await this.look(id)
    return room === 'deleted' ? undefined : room
  }

  /** The same, telling a room that was deleted from one that never was. */
  async look(id: RoomId): Promise<Room | 'deleted' | undefined> {
    const record = readRoom(await this.#store.get(roomKey(id)), this.#warn)
    if (record === undefined) return undefined
    return 'gone' in record ? 'deleted' : shape(id, record)
  }

  /**
   * Changes a room; of two changes at once to different fields both last. Of one instance, they end in the
   * order they came in, so that what it tells of last is what the store holds.
   * @returns the room after the change, or nothing when it is gone
   */
  update(id: RoomId, patch: RoomPatch): Promise<Room | undefined> {
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

  async #update(id: RoomId, patch: RoomPatch): Promise<Room | undefined> {
    for (;;) {
      const before = await this.#store.get(roomKey(id))
      const record = readRoom(before, this.#warn)
      if (before === undefined || record === undefined || 'gone' in record) return undefined
      const next: LiveRoom = { ...record, ...patch }
      // Somebody else may write in between: then the patch is laid over theirs.
      if (await this.#store.replace(roomKey(id), before, JSON.stringify(next))) return shape(id, next)
    }
  }

  /** @param gone is told as soon as the room is, even if the store fails to delete its sessions after that */
  async delete(id: RoomId, gone?: () => void): Promise<void> {
    const tombstone: GoneRoom = { v: 1, gone: true }
    await this.#store.exchange(roomKey(id), JSON.stringify(tombstone))
    gone?.()
    await this.#store.delete(sessionsKey(id))
  }

  /** Prolongs the life of a room and its sessions [SESSION_TTL_SECONDS]. */
  async renew(id: RoomId): Promise<void> {
    await Promise.all([
      this.#store.renew(roomKey(id), this.#ttlMs),
      this.#store.renew(sessionsKey(id), this.#ttlMs),
    ])
  }
}
