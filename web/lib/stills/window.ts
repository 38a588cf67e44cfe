/** Milliseconds over the quickest answer from which on a queue is building up, which the video would wait in. */
const QUEUE = 250
/** Chunks that are out at once. */
const FIRST = 2
const LEAST = 1
const MOST = 8
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
  #quickest = Infinity
  #usual: number | undefined
  /** Answers to skip before the next step down: those that were out when it was taken. */
  #skip = 0

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
    if (ms <= this.#quickest + QUEUE) this.#size = Math.min(MOST, this.#size + 0.5)
    else this.#smaller()
  }

  /** A chunk was not answered in time. */
  lost(): void {
    this.#smaller()
  }

  #smaller(): void {
    if (this.#skip > 0) return
    this.#skip = this.size
    this.#size = Math.max(LEAST, this.#size / 2)
  }
}
