import type { Clock, Disposer } from '../../../domain/clock.ts'
import type { InstanceId } from '../../../protocol/ids.ts'
import { LINK_RETRY_FIRST, LINK_RETRY_MOST } from '../../../protocol/limits.ts'
import { LinkAttempt } from './attempt.ts'
import { wayTo } from './private-way.ts'
import type { Saying } from './sayings.ts'

/** Where the link's other end listens. */
export const MEDIA_PATH = '/internal/media'

/** From so many failures in a row on the other end counts as not to be reached. */
const UNREACHABLE_AFTER = 2

/** What the opening ends of links have in common. */
export interface KeptLinkOptions {
  readonly clock: Clock
  /** This one. */
  readonly instance: InstanceId
  readonly key: Buffer
  /** The other instance, and its INTERNAL_URL. */
  readonly to: { readonly instance: InstanceId; readonly url: string }
  readonly log: { info(fields: object, text: string): void; warn(fields: object, text: string): void }
}

/** What a link is for, as the log tells it, and who hears of it. Nothing comes after `close`. */
export interface KeptLinkUse {
  readonly what: 'media' | 'photos'
  readonly about?: object
  proven(): void
  /** A binary frame of the other end. */
  received(bytes: Uint8Array): void
  /** It is not open, for now. */
  failed(): void
}

/** A link to another instance that is opened again after faults until it is closed. */
export class KeptLink {
  readonly #options: KeptLinkOptions
  readonly #use: KeptLinkUse
  #attempt: LinkAttempt | undefined
  #retry: Disposer | undefined
  #failures = 0
  #why: string | undefined
  #isClosed = false

  constructor(options: KeptLinkOptions, use: KeptLinkUse) {
    this.#options = options
    this.#use = use
    this.#open()
  }

  /** Why it cannot be had for now; nothing while it is open or may open yet. */
  get unreachable(): string | undefined {
    return this.#failures >= UNREACHABLE_AFTER ? this.#why : undefined
  }

  /** The way while it is open: nothing else may be sent on. */
  get open(): Pick<LinkAttempt, 'say' | 'send' | 'waiting'> | undefined {
    return this.#attempt?.isProven === true ? this.#attempt : undefined
  }

  /** @returns whether it was said */
  say(saying: Saying): boolean {
    const { open } = this
    open?.say(saying)
    return open !== undefined
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#retry?.()
    this.#attempt?.close()
    this.#attempt = undefined
  }

  #open(): void {
    const { clock, instance, key, to } = this.#options
    const way = wayTo(to.url, MEDIA_PATH)
    if (typeof way === 'string') {
      this.#failed(way)
      return
    }
    this.#attempt = new LinkAttempt(
      { clock, instance, key, to: to.instance, way },
      {
        proven: () => {
          this.#failures = 0
          this.#use.proven()
        },
        received: (bytes) => this.#use.received(bytes),
        ended: (why) => {
          this.#attempt = undefined
          // It has moved, or is not there yet: that is no fault of the way, and where it is others tell.
          if (why === 'absent') this.#again(LINK_RETRY_MOST / 2)
          else this.#failed(why.fault)
        },
      },
    )
  }

  #failed(reason: string): void {
    const { log, to } = this.#options
    const { what, about } = this.#use
    this.#failures += 1
    this.#why = reason
    // Each further try fails alike until something changes.
    if (this.#failures <= UNREACHABLE_AFTER)
      log.warn({ ...about, to: to.url, peer: to.instance, reason }, `no link for ${what}`)
    this.#again(Math.min(LINK_RETRY_MOST, LINK_RETRY_FIRST * 2 ** (this.#failures - 1)))
    this.#use.failed()
  }

  #again(ms: number): void {
    this.#retry = this.#options.clock.after(ms, () => this.#open())
  }
}
