import type { Clock, Disposer } from '../../../domain/clock.ts'
import type { InstanceId } from '../../../protocol/ids.ts'
import { LINK_RETRY_MOST, MAX_WAITING_WITH_MEDIA, STILL_LINK_IDLE } from '../../../protocol/limits.ts'
import type { StillLink } from '../stills.ts'
import { LinkAttempt } from './attempt.ts'
import { MEDIA_PATH } from './opener.ts'
import { wayTo } from './private-way.ts'

export interface StillOpenerOptions {
  readonly clock: Clock
  /** This one. */
  readonly instance: InstanceId
  readonly key: Buffer
  readonly to: { readonly instance: InstanceId; readonly url: string }
  /** It is over, for now: another is to be opened for what comes next. */
  readonly ended: () => void
  readonly log: { warn(fields: object, text: string): void }
}

/** Packets that wait for the link to open; beyond them the newest are dropped. */
const MOST_EARLY = 16

/** Takes packets of photos to another instance, until none has come for a while. */
export class StillOpener implements StillLink {
  readonly #options: StillOpenerOptions
  readonly #attempt: LinkAttempt | undefined
  #early: Uint8Array[] = []
  /** Ends it when nothing comes or, after a fault, when it may be tried again. */
  #timer: Disposer
  #isOver = false

  constructor(options: StillOpenerOptions) {
    this.#options = options
    const { clock, instance, key, to } = options
    this.#timer = clock.after(STILL_LINK_IDLE, () => this.#end())
    const way = wayTo(to.url, MEDIA_PATH)
    if (typeof way === 'string') {
      this.#failed(way)
      return
    }
    this.#attempt = new LinkAttempt(
      { clock, instance, key, to: to.instance, way },
      {
        proven: () => {
          for (const bytes of this.#early.splice(0)) this.send(bytes)
        },
        // Answers come over the other instance's own link.
        received: () => undefined,
        ended: (why) => this.#failed(why === 'absent' ? 'it takes no photos' : why.fault),
      },
    )
  }

  send(bytes: Uint8Array): void {
    const attempt = this.#attempt
    if (this.#isOver || attempt === undefined) return
    if (!attempt.isProven) {
      if (this.#early.length < MOST_EARLY) this.#early.push(bytes)
      return
    }
    if (attempt.waiting > MAX_WAITING_WITH_MEDIA) return
    attempt.send(bytes)
    this.#timer()
    this.#timer = this.#options.clock.after(STILL_LINK_IDLE, () => this.#end())
  }

  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer()
    this.#early = []
    this.#attempt?.close()
  }

  /** What comes within a while of a fault is dropped: who sends sends again. */
  #failed(reason: string): void {
    const { clock, log, to } = this.#options
    log.warn({ to: to.url, peer: to.instance, reason }, 'no link for photos')
    this.#isOver = true
    this.#early = []
    this.#timer()
    this.#timer = clock.after(LINK_RETRY_MOST, () => this.#options.ended())
  }

  #end(): void {
    this.close()
    this.#options.ended()
  }
}
