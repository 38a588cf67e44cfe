import type { Clock, Disposer } from '../../domain/clock.ts'
import { KEY_FRAME_EVERY } from '../../protocol/limits.ts'

/** When a camera is to be asked for a key picture: as soon as somebody needs one, but not too often. */
export class KeyRequests {
  readonly #clock: Clock
  readonly #due: () => void
  #isNeeded = false
  #askedAt = -Infinity
  #timer: Disposer | undefined

  /** @param due told when the camera is to be asked, which is then done by `take` */
  constructor(clock: Clock, due: () => void) {
    this.#clock = clock
    this.#due = due
  }

  need(): void {
    if (this.#isNeeded) return
    this.#isNeeded = true
    const wait = this.#askedAt + KEY_FRAME_EVERY - this.#clock.now()
    if (wait <= 0) this.#due()
    else this.#timer = this.#clock.after(wait, this.#due)
  }

  /** A key picture came. */
  met(): void {
    this.#isNeeded = false
    this.#timer?.()
  }

  /** The camera has another way now: what it was asked before does not count. */
  anew(): void {
    this.met()
    this.#askedAt = -Infinity
  }

  /** Whether the camera is to be asked now; it then counts as asked. */
  take(): boolean {
    const now = this.#clock.now()
    if (!this.#isNeeded || now - this.#askedAt < KEY_FRAME_EVERY) return false
    this.met()
    this.#askedAt = now
    return true
  }

  dispose(): void {
    this.#timer?.()
  }
}
