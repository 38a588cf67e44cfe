import type { Clock } from '../domain/clock.ts'

/** Above this many, those whose time is over are thrown out. */
const SWEEP_ABOVE = 1_000

/** Remembers keys for a while. */
export class Recent<K> {
  readonly #clock: Clock
  readonly #forMs: number
  readonly #until = new Map<K, number>()

  constructor(clock: Clock, forMs: number) {
    this.#clock = clock
    this.#forMs = forMs
  }

  add(key: K): void {
    const now = this.#clock.now()
    if (this.#until.size > SWEEP_ABOVE)
      for (const [old, until] of this.#until) if (until <= now) this.#until.delete(old)
    this.#until.set(key, now + this.#forMs)
  }

  has(key: K): boolean {
    return (this.#until.get(key) ?? 0) > this.#clock.now()
  }
}
