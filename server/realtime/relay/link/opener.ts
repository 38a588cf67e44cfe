import type { Clock, Disposer } from '../../../domain/clock.ts'
import type { InstanceId, RoomId, SessionId } from '../../../protocol/ids.ts'
import { LINK_RETRY_FIRST, LINK_RETRY_MOST } from '../../../protocol/limits.ts'
import type { OutgoingLink, Wish } from '../camera.ts'
import { LinkAttempt } from './attempt.ts'
import { wayTo } from './private-way.ts'

/** Where the link's other end listens. */
export const MEDIA_PATH = '/internal/media'

/** From so many failures in a row on the camera counts as not to be reached. */
const UNREACHABLE_AFTER = 2

export interface OpenerOptions {
  readonly clock: Clock
  /** This one. */
  readonly instance: InstanceId
  readonly key: Buffer
  /** The instance that has the camera, and its INTERNAL_URL. */
  readonly to: { readonly instance: InstanceId; readonly url: string }
  readonly camera: { readonly room: RoomId; readonly id: SessionId }
  /** A picture as watchers get it; and whether it can be reached may have changed. */
  readonly listener: { picture(bytes: Uint8Array): void; changed(): void }
  readonly log: { info(fields: object, text: string): void; warn(fields: object, text: string): void }
}

/** Gets a camera's pictures from the instance that has it, and gets them again after faults until it is closed. */
export class LinkOpener implements OutgoingLink {
  readonly #options: OpenerOptions
  #wish: Wish | undefined
  #attempt: LinkAttempt | undefined
  #retry: Disposer | undefined
  #failures = 0
  #why: string | undefined
  #isClosed = false

  constructor(options: OpenerOptions) {
    this.#options = options
    this.#open()
  }

  get unreachable(): string | undefined {
    return this.#failures >= UNREACHABLE_AFTER ? this.#why : undefined
  }

  wish(wish: Wish): void {
    // What was asked before the link is open is asked with its opening.
    const isAsked = this.#attempt?.isProven !== true && this.#wish?.keyFrame === true
    this.#wish = isAsked ? { ...wish, keyFrame: true } : wish
    this.#say()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#retry?.()
    this.#attempt?.close()
    this.#attempt = undefined
  }

  #open(): void {
    const { clock, instance, key, to, listener } = this.#options
    const way = wayTo(to.url, MEDIA_PATH)
    if (typeof way === 'string') {
      this.#failed(way)
      return
    }
    this.#attempt = new LinkAttempt(
      { clock, instance, key, to: to.instance, way },
      {
        proven: () => this.#proven(),
        received: (bytes) => listener.picture(bytes),
        ended: (why) => {
          this.#attempt = undefined
          // It has moved, or is not there yet: that is no fault of the way, and where it is others tell.
          if (why === 'absent') this.#again(LINK_RETRY_MOST / 2)
          else this.#failed(why.fault)
        },
      },
    )
  }

  #proven(): void {
    this.#failures = 0
    if (this.#wish !== undefined) this.#wish = { ...this.#wish, keyFrame: true }
    this.#say()
    this.#options.listener.changed()
  }

  #say(): void {
    const { room, id } = this.#options.camera
    const attempt = this.#attempt
    if (attempt?.isProven !== true || this.#wish === undefined || this.#wish.watchers === 0) return
    attempt.say({ t: 'wish', room, camera: id, ...this.#wish })
    this.#wish = { ...this.#wish, keyFrame: false }
  }

  #failed(why: string): void {
    const { log, camera, to, listener } = this.#options
    this.#failures += 1
    this.#why = why
    // Each further try fails alike until something changes.
    if (this.#failures <= UNREACHABLE_AFTER)
      log.warn({ camera: camera.id, to: to.url, peer: to.instance, reason: why }, 'no link for media')
    this.#again(Math.min(LINK_RETRY_MOST, LINK_RETRY_FIRST * 2 ** (this.#failures - 1)))
    listener.changed()
  }

  #again(ms: number): void {
    this.#retry = this.#options.clock.after(ms, () => this.#open())
  }
}
