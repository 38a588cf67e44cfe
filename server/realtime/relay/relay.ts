import { readPicture } from '../../protocol/frames.ts'
import type { InstanceId, RoomId, SessionId } from '../../protocol/ids.ts'
import type { Connection } from '../connection.ts'
import type { Room } from '../room.ts'
import {
  RelayedCamera,
  type CameraDeps,
  type IncomingLink,
  type MediaCounts,
  type Member,
  type Wish,
} from './camera.ts'

export interface RelayOptions extends Pick<CameraDeps, 'clock' | 'rateLimits' | 'openLink'> {
  /** A room that is open here. */
  readonly room: (id: RoomId) => Room | undefined
}

/** Cameras whose relayed picture is watched [MED-6]. */
export class Relay {
  readonly counts: MediaCounts = { sent: 0, dropped: 0, bytes: 0 }
  readonly #options: RelayOptions
  readonly #cameras = new Map<RoomId, Map<SessionId, RelayedCamera>>()

  constructor(options: RelayOptions) {
    this.#options = options
  }

  /** Sends a member the pictures of a camera from the next key picture on; again: nothing new. */
  watch(room: Room, id: SessionId, member: Member): void {
    this.#camera(room, id).watch(member)
  }

  unwatch(room: RoomId, id: SessionId, connection: Connection): void {
    this.#cameras.get(room)?.get(id)?.unwatch(connection)
  }

  /** @returns whether the connection watches the camera */
  needsKey(room: RoomId, id: SessionId, connection: Connection): boolean {
    return this.#cameras.get(room)?.get(id)?.needsKey(connection) ?? false
  }

  /** @returns whether the bytes of a camera's connection were a sound picture */
  uploaded(room: RoomId, id: SessionId, connection: Connection, bytes: Uint8Array): boolean {
    const picture = readPicture(bytes)
    if (picture === undefined) return false
    this.#cameras.get(room)?.get(id)?.uploaded(connection, picture, bytes)
    return true
  }

  /** A connection is gone, and watches nothing any more. */
  left(room: RoomId, connection: Connection): void {
    for (const camera of this.#cameras.get(room)?.values() ?? []) camera.unwatch(connection)
  }

  /** A member may have come, gone, moved or changed. */
  memberChanged(room: RoomId, id: SessionId): void {
    this.#cameras.get(room)?.get(id)?.mark()
  }

  /** What watchers on another instance want. @returns nothing where there is no such camera here */
  wished(
    from: { readonly instance: InstanceId; readonly link: IncomingLink },
    to: { readonly room: RoomId; readonly id: SessionId },
    wish: Wish,
  ): RelayedCamera | undefined {
    const room = this.#options.room(to.room)
    const seat = room?.seat(to.id)
    if (room === undefined || seat?.role !== 'camera' || seat.link.kind !== 'connected') return undefined
    const camera = this.#camera(room, to.id)
    camera.wished(from.instance, from.link, wish)
    return camera
  }

  /** The instance ends. */
  dispose(): void {
    for (const cameras of this.#cameras.values()) for (const camera of cameras.values()) camera.dispose()
    this.#cameras.clear()
  }

  #camera(room: Room, id: SessionId): RelayedCamera {
    const cameras = this.#cameras.get(room.id) ?? new Map<SessionId, RelayedCamera>()
    this.#cameras.set(room.id, cameras)
    const known = cameras.get(id)
    // A room that was closed and opened again is another one.
    if (known !== undefined && known.room === room) return known
    known?.dispose()
    const camera = new RelayedCamera(room, id, {
      ...this.#options,
      counts: this.counts,
      ended: (ended) => this.#ended(ended),
    })
    cameras.set(id, camera)
    return camera
  }

  #ended(camera: RelayedCamera): void {
    const cameras = this.#cameras.get(camera.room.id)
    if (cameras?.get(camera.id) !== camera) return
    cameras.delete(camera.id)
    if (cameras.size === 0) this.#cameras.delete(camera.room.id)
  }
}
