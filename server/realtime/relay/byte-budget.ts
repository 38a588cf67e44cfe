/** How many bytes may come: so many a second, and so many at once. */
export class ByteBudget {
  readonly #perSecond: number
  readonly #burst: number
  #left: number
  #filledAt: number

  /** @param now milliseconds, as for `take` */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#left = burst
    this.#filledAt = now
  }

  /** @returns whether there was so much left; else nothing is taken */
  take(size: number, now: number): boolean {
    const earned = (Math.max(0, now - this.#filledAt) * this.#perSecond) / 1000
    this.#left = Math.min(this.#burst, this.#left + earned)
    this.#filledAt = now
    if (this.#left < size) return false
    this.#left -= size
    return true
  }
}
