/** Milliseconds over the quickest answer from which on a queue is building up: half of what holds the video back. */
const QUEUE = 75
/** Chunks that are out at once. */
const FIRST = 1
const LEAST = 0.25
const MOST = 16
const STEP_UP = 0.5
/** So many late answers in a row are a queue, and not a hiccup … */
const IN_A_ROW = 4
/** … but one that is so late is as well. Milliseconds over the quickest. */
const MUCH = 500
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
  #late = 0
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

  /** Something small was answered after so many milliseconds: what the way takes when it is empty. */
  empty(ms: number): void {
    this.#quickest = Math.min(this.#quickest, ms)
  }

  /** A chunk was answered after so many milliseconds. */
  answered(ms: number): void {
    this.#quickest = Math.min(this.#quickest, ms)
    this.#usual = this.#usual === undefined ? ms : this.#usual * 0.75 + ms * 0.25
    if (this.#skip > 0) this.#skip -= 1
    const over = ms - this.#quickest
    if (over > QUEUE) {
      this.#late += 1
      if (this.#late >= IN_A_ROW || over > MUCH) this.#smaller()
      return
    }
    this.#late = 0
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
    this.#late = 0
    // Just under it: so many are too many.
    this.#ceiling = Math.max(1, this.size - STEP_UP)
    this.#size = Math.max(LEAST, this.#size / 2)
  }
}
