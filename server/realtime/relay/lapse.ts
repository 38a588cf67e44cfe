import type { Clock, Disposer } from '../../domain/clock.ts'

/** Something that holds for a while after each time it is said, and tells when it holds no more. */
export class Lapse {
  readonly #clock: Clock
  readonly #ms: number
  readonly #over: () => void
  #until = -Infinity
  #timer: Disposer | undefined

  /** @param ms how long it holds */
  constructor(clock: Clock, ms: number, over: () => void) {
    this.#clock = clock
    this.#ms = ms
    this.#over = over
  }

  get holds(): boolean {
    return this.#timer !== undefined
  }

  /** @returns whether it did not hold before */
  say(): boolean {
    this.#until = this.#clock.now() + this.#ms
    // It is said with every picture: one timer waits for the last one.
    if (this.#timer !== undefined) return false
    this.#timer = this.#clock.after(this.#ms, () => this.#check())
    return true
  }

  end(): void {
    this.#timer?.()
    this.#timer = undefined
  }

  #check(): void {
    const left = this.#until - this.#clock.now()
    if (left > 0) {
      this.#timer = this.#clock.after(left, () => this.#check())
      return
    }
    this.#timer = undefined
    this.#over()
  }
}
