import { StoreUnavailable } from '../domain/refusal.ts'
import type { SharedRooms } from '../domain/shared-rooms.ts'
import type { InstanceId, RoomId } from '../protocol/ids.ts'
import { batchText, type Outgoing } from './batch.ts'
import { newOrigin, type Origin } from './cursor.ts'

/** Rooms whose origin is remembered; each new one makes cursors of its room longer. */
const MOST = 500
/** Entries of a log that an event from outside leaves. */
const KEEP = 1_064

/** Events for rooms that are not open here: a claim that reached this instance while its hosts are on others. */
export class OutsideEvents {
  readonly #shared: SharedRooms
  readonly #instance: InstanceId
  readonly #origins = new Map<RoomId, { readonly origin: Origin; n: number }>()

  constructor(shared: SharedRooms, instance: InstanceId) {
    this.#shared = shared
    this.#instance = instance
  }

  /** Tells the room, if somebody is in it anywhere. @throws StoreUnavailable */
  async publish(room: RoomId, event: Outgoing): Promise<void> {
    const seats = await this.#shared.seats(room)
    if (seats.length === 0) return
    const inboxes = new Set(seats.filter(({ lost }) => lost === undefined).map(({ instance }) => instance))
    const known = this.#origins.get(room) ?? { origin: newOrigin(), n: 0 }
    known.n += 1
    this.#origins.set(room, known)
    const [oldest] = this.#origins.keys()
    if (this.#origins.size > MOST && oldest !== undefined) this.#origins.delete(oldest)
    const batch = {
      room,
      origin: known.origin,
      instance: this.#instance,
      first: known.n,
      cut: false,
      outside: true,
      events: [event],
    }
    try {
      await this.#shared.appendFromOutside(room, batchText(batch), [...inboxes], KEEP)
    } catch (error) {
      // Whether its number was used is not known.
      if (error instanceof StoreUnavailable) this.#origins.delete(room)
      throw error
    }
  }
}
