import { StoreUnavailable } from '../domain/refusal.ts'
import type { Rows, StoredRoom } from '../domain/rooms.ts'
import type { SharedRooms } from '../domain/shared-rooms.ts'
import type { InstanceId, RoomId } from '../protocol/ids.ts'
import { holders } from './holders.ts'
import { insist } from './insist.ts'
import type { Draft, LetterOf } from './letters.ts'
import type { Pauses } from './pauses.ts'

/** The store may be away for a while; who comes in after that reads of the change. */
const AGAIN = { afterMs: 500, times: 240 }

export interface TidingsDeps {
  readonly shared: SharedRooms
  readonly instance: InstanceId
  readonly pauses: Pauses
  readonly isAway: () => boolean
  /** Other instances that are in a room which is open here. */
  readonly othersIn: (room: RoomId) => readonly InstanceId[] | undefined
  readonly send: (to: InstanceId, draft: Draft) => void
}

/** Tells other instances of ends of sessions and of rooms, and of changes of rooms. */
export class Tidings {
  readonly #deps: TidingsDeps

  constructor(deps: TidingsDeps) {
    this.#deps = deps
  }

  /** Tells those who may hold a session, or the room, of its end. @param seats as they were read behind the end */
  ended(room: RoomId, seats: Rows, draft: Draft<LetterOf<'end'> | LetterOf<'room-gone'>>): void {
    const { shared, othersIn } = this.#deps
    const to = new Set(othersIn(room))
    for (const { instance, member, lost } of shared.seatsIn(seats)) {
      if (lost !== undefined || (draft.t === 'end' && member !== draft.id)) continue
      to.add(instance)
    }
    this.#send(to, draft)
  }

  /** Tells those who have a room open that it was changed. @throws StoreUnavailable */
  async changed(changed: StoredRoom): Promise<void> {
    const others = this.#deps.othersIn(changed.room.id)
    if (others === undefined) await this.#changedElsewhere(changed)
    // What is not in the store may never be: who is greeted when that is back reads it there.
    else if (!this.#deps.isAway()) this.#sendChange(others, changed)
  }

  /** The same where only the store knows who that is, and nobody will be greeted from here. */
  async #changedElsewhere(changed: StoredRoom): Promise<void> {
    const { shared, pauses, isAway } = this.#deps
    const { id } = changed.room
    // A change that was made without the store may give way to another one there.
    const isSure = !isAway()
    await insist(pauses, AGAIN, async () => {
      if (isAway()) throw new StoreUnavailable('the store is away')
      const others = await holders(id, this.#deps)
      const stored = isSure ? changed : await shared.room(id)
      if (typeof stored === 'object') this.#sendChange(others, stored)
    })
  }

  #sendChange(to: Iterable<InstanceId>, { room, rev }: StoredRoom): void {
    this.#send(to, { t: 'room', room: room.id, info: room, rev })
  }

  #send(to: Iterable<InstanceId>, draft: Draft): void {
    for (const instance of new Set(to)) if (instance !== this.#deps.instance) this.#deps.send(instance, draft)
  }
}
