/** Milliseconds over the quickest answer from which on a queue is building up: half of what holds the video back. */
const QUEUE = 75
/** Chunks that are out at once. */
const FIRST = 2
const LEAST = 0.25
const MOST = 16
const STEP_UP = 0.5
/** So many prompt answers after a step down it is tried again whether the way carries what it did not. */
const TRY_AGAIN_AFTER = 40
/** A chunk that is not answered for so long is lost. Milliseconds: before anything was answered, and then at least and at most. */
const LOST_UNKNOWN = 6_000
const LOST_LEAST = 1_500
const LOST_MOST = 8_000

/**
 * How many chunks may be out at once: more while answers come promptly, fewer as soon as they take longer. So photos
 * use what the way has to spare, and neither the picture nor anything else waits behind them.
 */
export class SendWindow {
  #size = FIRST
  /** What turned out to be too much. */
  #ceiling = MOST
  #prompt = 0
  #quickest = Infinity
  #usual: number | undefined
  /** Answers to skip before the next step down: those that were out when it was taken. */
  #skip = 0

  /** 0: the way has little to spare, and one chunk now and then is enough. */
  get size(): number {
    return Math.floor(this.#size)
  }

  /** What is not answered by then is lost. Milliseconds after it was sent. */
  get lostAfter(): number {
    return this.#usual === undefined
      ? LOST_UNKNOWN
      : Math.min(LOST_MOST, Math.max(LOST_LEAST, 4 * this.#usual))
  }

  /** A chunk was answered after so many milliseconds. */
  answered(ms: number): void {
    this.#quickest = Math.min(this.#quickest, ms)
    this.#usual = this.#usual === undefined ? ms : this.#usual * 0.75 + ms * 0.25
    if (this.#skip > 0) this.#skip -= 1
    if (ms > this.#quickest + QUEUE) {
      this.#smaller()
      return
    }
    this.#prompt += 1
    if (this.#prompt > TRY_AGAIN_AFTER) this.#ceiling = MOST
    this.#size = Math.max(this.#size, Math.min(this.#ceiling, this.#size + STEP_UP))
  }

  /** A chunk was not answered in time. */
  lost(): void {
    this.#smaller()
  }

  #smaller(): void {
    if (this.#skip > 0) return
    this.#skip = this.size
    this.#prompt = 0
    // Just under it: so many are too many.
    this.#ceiling = Math.max(1, this.size) - STEP_UP
    this.#size = Math.max(LEAST, this.#size / 2)
  }
}
