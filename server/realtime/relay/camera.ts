import type { Clock } from '../../domain/clock.ts'
import { readRelayed, relayPrefix, type Picture } from '../../protocol/frames.ts'
import type { ConnectionId, InstanceId, RoomId, SessionId } from '../../protocol/ids.ts'
import { QUIET_AFTER, SLOW_FOR } from '../../protocol/limits.ts'
import type { RelayState } from '../../protocol/messages.ts'
import type { Connection } from '../connection.ts'
import type { Room } from '../room.ts'
import { frame, mediaFrame, type MediaFrame } from '../wire.ts'
import { KeyRequests } from './key-requests.ts'
import { Lapse } from './lapse.ts'
import { sameSource, sourceOf, type Source } from './source.ts'
import { Upload } from './upload.ts'
import { Watcher, type Sink } from './watcher.ts'

/** What went to watchers and to other instances since the start. */
export interface MediaCounts {
  sent: number
  dropped: number
  bytes: number
}

/** What those who watch elsewhere want of a camera here. */
export interface Wish {
  readonly watchers: number
  readonly keyFrame: boolean
  readonly slow: boolean
}

/** Another instance that gets a camera's pictures from here. */
export interface IncomingLink extends Sink {
  /** There is no picture to be had here any more. */
  end(): void
}

/** The way on which pictures come from another instance. */
export interface OutgoingLink {
  /** Why it cannot be had for now; nothing while it is open or may open yet. */
  readonly unreachable: string | undefined
  wish(wish: Wish): void
  close(): void
}

export interface CameraDeps {
  readonly clock: Clock
  readonly counts: MediaCounts
  /** Whether what a camera uploads is bounded. */
  readonly rateLimits: boolean
  /** Absent where no other instance can be. */
  readonly openLink?: (
    source: { readonly instance: InstanceId; readonly url: string },
    camera: { readonly room: RoomId; readonly id: SessionId },
    listener: { picture(bytes: Uint8Array): void; changed(): void },
  ) => OutgoingLink
  /** Nobody watches any more, or the camera has left. */
  readonly ended: (camera: RelayedCamera) => void
}

/** A member on its connection. */
export interface Member {
  readonly id: SessionId
  readonly connection: Connection
}

interface WatchingMember extends Member {
  readonly watcher: Watcher
  told: RelayState | undefined
}

interface WatchingInstance {
  readonly link: IncomingLink
  readonly watcher: Watcher
  wish: Wish
}

const NOTHING = new Uint8Array()
const NO_WISH: Wish = { watchers: 0, keyFrame: false, slow: false }

/**
 * A camera whose relayed picture somebody watches from this instance, or through it. Whatever changes marks it, and
 * once all that happens together has happened, everybody concerned is told what is new to them.
 */
export class RelayedCamera {
  readonly id: SessionId
  readonly room: Room
  readonly #deps: CameraDeps
  readonly #prefix: Uint8Array
  readonly #members = new Map<ConnectionId, WatchingMember>()
  readonly #instances = new Map<InstanceId, WatchingInstance>()
  readonly #upload: Upload
  readonly #keys: KeyRequests
  readonly #slow: Lapse
  readonly #live: Lapse
  #source: Source = { kind: 'away' }
  #link: OutgoingLink | undefined
  /** What the camera's connection, or its instance, was told last. */
  #told: Wish = NO_WISH
  #isMarked = false
  #hasEnded = false

  constructor(room: Room, id: SessionId, deps: CameraDeps) {
    this.room = room
    this.id = id
    this.#deps = deps
    this.#prefix = relayPrefix(id)
    this.#upload = new Upload(deps.rateLimits, deps.clock.now())
    const mark = () => this.mark()
    this.#keys = new KeyRequests(deps.clock, mark)
    this.#slow = new Lapse(deps.clock, SLOW_FOR, mark)
    this.#live = new Lapse(deps.clock, QUIET_AFTER, mark)
  }

  watch(member: Member): void {
    const { id } = member.connection
    if (this.#members.has(id)) return
    this.#members.set(id, { ...member, watcher: new Watcher(member.connection), told: undefined })
    this.#keys.need()
    this.mark()
  }

  unwatch(connection: Connection): void {
    if (this.#members.delete(connection.id)) this.mark()
  }

  /** @returns whether this connection watches */
  needsKey(connection: Connection): boolean {
    if (!this.#members.has(connection.id)) return false
    this.#keys.need()
    return true
  }

  /** Another instance says what its watchers want; its later link takes the place of an earlier one. */
  wished(instance: InstanceId, link: IncomingLink, wish: Wish): void {
    const known = this.#instances.get(instance)
    if (known?.link === link) known.wish = wish
    else {
      this.#instances.set(instance, { link, wish, watcher: new Watcher(link) })
      known?.link.end()
      this.#keys.need()
    }
    if (wish.keyFrame) this.#keys.need()
    this.mark()
  }

  linkEnded(instance: InstanceId, link: IncomingLink): void {
    if (this.#instances.get(instance)?.link !== link) return
    this.#instances.delete(instance)
    this.mark()
  }

  /** Looks at everything anew, behind whatever is under way: a welcome goes before what follows from it. */
  mark(): void {
    if (this.#isMarked || this.#hasEnded) return
    this.#isMarked = true
    queueMicrotask(() => this.#settle())
  }

  /** A picture of the camera's own connection. */
  uploaded(connection: Connection, picture: Picture, bytes: Uint8Array): void {
    if (this.#source.kind !== 'here' || this.#source.connection !== connection) this.#settle()
    if (this.#source.kind !== 'here' || this.#source.connection !== connection) return
    this.#picture(this.#prefix, picture, bytes)
  }

  dispose(): void {
    this.#hasEnded = true
    this.#keys.dispose()
    this.#slow.end()
    this.#live.end()
    this.#link?.close()
    for (const { link } of this.#instances.values()) link.end()
  }

  /** @param prefix what is to stand before the bytes for watchers */
  #picture(prefix: Uint8Array, picture: Picture, bytes: Uint8Array): void {
    const now = this.#deps.clock.now()
    const admitted = this.#upload.admit(picture, bytes.length, now)
    if (admitted !== 'sound') {
      if (admitted === 'over' && this.#slow.say()) this.mark()
      this.#keys.need()
      return
    }
    if (picture.isKey) this.#keys.met()
    if (this.#live.say()) this.mark()
    this.#fanOut(mediaFrame(prefix, bytes, now), picture.isKey)
  }

  #fanOut(framed: MediaFrame, isKey: boolean): void {
    for (const { id, connection, watcher } of this.#members.values())
      // Its seat may be gone before its connection is [ROOM-4].
      if (this.room.speaksAs(id, connection) !== undefined) this.#give(watcher, framed, isKey)
    for (const { watcher } of this.#instances.values()) this.#give(watcher, framed, isKey)
  }

  #give(watcher: Watcher, framed: MediaFrame, isKey: boolean): void {
    const { counts } = this.#deps
    const taken = watcher.take(framed, isKey)
    if (taken === 'sent') {
      counts.sent += 1
      counts.bytes += framed.size
      return
    }
    // Who has just come misses nothing.
    if (watcher.hasBegun) counts.dropped += 1
    if (taken === 'ready') this.#keys.need()
    if (taken === 'behind' && this.#slow.say()) this.mark()
  }

  #settle(): void {
    this.#isMarked = false
    if (this.#hasEnded) return
    const source = sourceOf(this.room, this.id)
    if (!sameSource(source, this.#source)) this.#follow(source)
    const watchers =
      this.#members.size + [...this.#instances.values()].reduce((sum, { wish }) => sum + wish.watchers, 0)
    const isOver = watchers === 0 || source.kind === 'gone'
    this.#tellCamera(isOver ? 0 : watchers)
    if (isOver) {
      this.dispose()
      this.#deps.ended(this)
    } else this.#tellMembers()
  }

  /** Pictures come from elsewhere than before. */
  #follow(source: Source): void {
    this.#source = source
    this.#link?.close()
    this.#link = undefined
    this.#told = NO_WISH
    this.#upload.restart()
    this.#live.end()
    this.#slow.end()
    this.#keys.anew()
    this.#keys.need()
    if (source.kind !== 'here') {
      for (const { link } of this.#instances.values()) link.end()
      this.#instances.clear()
    }
    if (source.kind !== 'elsewhere' || source.url === undefined) return
    this.#link = this.#deps.openLink?.(
      { instance: source.instance, url: source.url },
      { room: this.room.id, id: this.id },
      {
        picture: (bytes) => this.#linked(bytes),
        changed: () => this.mark(),
      },
    )
  }

  #linked(bytes: Uint8Array): void {
    const relayed = readRelayed(bytes)
    if (relayed?.camera === this.id) this.#picture(NOTHING, relayed.picture, bytes)
  }

  #tellCamera(watchers: number): void {
    const source = this.#source
    const isReached = source.kind === 'here' || this.#link !== undefined
    if (!isReached) return
    const keyFrame = watchers > 0 && this.#keys.take()
    const slow = this.#slow.holds || [...this.#instances.values()].some(({ wish }) => wish.slow)
    const wish: Wish = { watchers, keyFrame, slow: watchers > 0 && slow }
    if (!keyFrame && wish.watchers === this.#told.watchers && wish.slow === this.#told.slow) return
    this.#told = wish
    if (source.kind === 'here') source.connection.send(frame({ type: 'relay', ...wish }))
    else this.#link?.wish(wish)
  }

  #tellMembers(): void {
    const { state, reason } = this.#state()
    for (const member of this.#members.values()) {
      if (member.told === state) continue
      member.told = state
      member.connection.send(
        frame({
          type: 'relay-state',
          camera: this.id,
          state,
          ...(reason === undefined ? {} : { reason }),
        }),
      )
    }
  }

  #state(): { state: RelayState; reason?: string } {
    if (this.#live.holds) return { state: 'live' }
    if (this.#source.kind !== 'elsewhere') return { state: 'waiting' }
    const reason =
      this.#link === undefined ? 'the instance has not said where it is reached' : this.#link.unreachable
    return reason === undefined ? { state: 'waiting' } : { state: 'unreachable', reason }
  }
}
