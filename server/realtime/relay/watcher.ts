import type { MediaFrame } from '../wire.ts'

/** What pictures are written to: a member's connection, or the link of another instance. */
export interface Sink {
  sendMedia(frame: MediaFrame): 'sent' | 'dropped'
  takesMedia(at: number): boolean
}

/** A watcher that was sent nothing for so long is no reason for the camera to send less. Milliseconds. */
const USELESS_AFTER = 5_000

/**
 * `behind`: its reader does not keep up; `lost`: the same of one that gets nothing at all any more; `ready`: it could
 * take pictures and needs a key picture first; `waits`: it needs one and could take none.
 */
type Taken = 'sent' | 'behind' | 'lost' | 'ready' | 'waits'

/** One receiver of a camera's pictures: whole groups or, from where it falls behind, nothing until the next one. */
export class Watcher {
  readonly #sink: Sink
  #follows = false
  #tookAt: number | undefined

  constructor(sink: Sink) {
    this.#sink = sink
  }

  /** Whether it was ever sent a picture. */
  get hasBegun(): boolean {
    return this.#tookAt !== undefined
  }

  take(frame: MediaFrame, isKey: boolean): Taken {
    if (!this.#follows && !isKey) return this.#sink.takesMedia(frame.at) ? 'ready' : 'waits'
    if (this.#sink.sendMedia(frame) === 'sent') {
      this.#follows = true
      this.#tookAt = frame.at
      return 'sent'
    }
    this.#follows = false
    return frame.at - (this.#tookAt ?? -Infinity) <= USELESS_AFTER ? 'behind' : 'lost'
  }
}
