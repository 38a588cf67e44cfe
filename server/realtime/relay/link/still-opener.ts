import type { Disposer } from '../../../domain/clock.ts'
import { MAX_WAITING_WITH_MEDIA, STILL_LINK_IDLE } from '../../../protocol/limits.ts'
import type { StillLink } from '../stills.ts'
import { KeptLink, type KeptLinkOptions } from './kept-link.ts'

export interface StillOpenerOptions extends KeptLinkOptions {
  /** Nothing went this way for a while, and it is closed: another is to be opened for what comes next. */
  readonly ended: () => void
}

/** Packets that wait for the link to open; beyond them the newest are dropped. */
const MOST_EARLY = 16

/** Takes packets of photos to another instance, until none has come for a while. */
export class StillOpener implements StillLink {
  readonly #options: StillOpenerOptions
  readonly #link: KeptLink
  #early: Uint8Array[] = []
  #idle: Disposer

  constructor(options: StillOpenerOptions) {
    this.#options = options
    this.#idle = this.#whenIdle()
    this.#link = new KeptLink(options, {
      what: 'photos',
      proven: () => {
        for (const bytes of this.#early.splice(0)) this.send(bytes)
      },
      // Answers come over the other instance's own link.
      received: () => undefined,
      // By the time it opens who sends has sent again.
      failed: () => (this.#early = []),
    })
  }

  send(bytes: Uint8Array): 'sent' | 'dropped' {
    this.#idle()
    this.#idle = this.#whenIdle()
    const { open } = this.#link
    if (open === undefined) {
      if (this.#early.length >= MOST_EARLY) return 'dropped'
      this.#early.push(bytes)
      return 'sent'
    }
    if (open.waiting > MAX_WAITING_WITH_MEDIA) return 'dropped'
    open.send(bytes)
    return 'sent'
  }

  close(): void {
    this.#idle()
    this.#early = []
    this.#link.close()
  }

  #whenIdle(): Disposer {
    return this.#options.clock.after(STILL_LINK_IDLE, () => {
      this.close()
      this.#options.ended()
    })
  }
}
