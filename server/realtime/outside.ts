import { StoreUnavailable } from '../domain/refusal.ts'
import type { SharedRooms } from '../domain/shared-rooms.ts'
import type { InstanceId, RoomId } from '../protocol/ids.ts'
import { batchText, type Outgoing } from './batch.ts'
import { newOrigin, type Origin } from './cursor.ts'
import { insist } from './insist.ts'
import type { Pauses } from './pauses.ts'

/** Rooms whose origin is remembered; each new one makes cursors of its room longer. */
const MOST = 500
/** Entries of a log that an event from outside leaves. */
const KEEP = 1_064
/** A claim waits two minutes: so long it is worth telling. */
const AGAIN = { afterMs: 500, times: 240 }

interface Known {
  readonly origin: Origin
  n: number
  /** One behind the other: what is tried again must not be overtaken. */
  last: Promise<void>
}

/** Events for rooms that are not open here: a claim that reached this instance while its hosts are on others. */
export class OutsideEvents {
  readonly #shared: SharedRooms
  readonly #instance: InstanceId
  readonly #pauses: Pauses
  readonly #isAway: () => boolean
  readonly #origins = new Map<RoomId, Known>()

  constructor(deps: {
    readonly shared: SharedRooms
    readonly instance: InstanceId
    readonly pauses: Pauses
    readonly isAway: () => boolean
  }) {
    this.#shared = deps.shared
    this.#instance = deps.instance
    this.#pauses = deps.pauses
    this.#isAway = deps.isAway
  }

  /** Tells the room, if somebody is in it anywhere, as soon as the store is there. @throws StoreUnavailable */
  publish(room: RoomId, event: Outgoing): Promise<void> {
    const known = this.#origins.get(room) ?? { origin: newOrigin(), n: 0, last: Promise.resolve() }
    this.#origins.set(room, known)
    const [oldest] = this.#origins.keys()
    if (this.#origins.size > MOST && oldest !== undefined) this.#origins.delete(oldest)
    const published = known.last.then(() => this.#publish(room, known, event))
    // The next one waits for its end, good or bad; what became of it is its caller's.
    known.last = published.catch(() => undefined)
    return published
  }

  async #publish(room: RoomId, known: Known, event: Outgoing): Promise<void> {
    const n = known.n + 1
    await insist(this.#pauses, AGAIN, async () => {
      // What is known of the seats while the store is away is not all there are.
      if (this.#isAway()) throw new StoreUnavailable('the store is away')
      const seats = await this.#shared.seats(room)
      if (seats.length === 0) return
      const inboxes = new Set(seats.filter(({ lost }) => lost === undefined).map(({ instance }) => instance))
      const batch = {
        room,
        origin: known.origin,
        instance: this.#instance,
        first: n,
        cut: false,
        outside: true,
        events: [event],
      }
      // It may be there after a try that failed: under the same number it does no harm to add it again.
      known.n = n
      await this.#shared.appendFromOutside(room, batchText(batch), [...inboxes], KEEP)
    })
  }
}
