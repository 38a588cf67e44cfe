import type { Clock } from './clock.ts'

/**
 * What this instance remembers for a while to save the store a question: a bounded map whose entries end. The oldest
 * makes room for the newest, so forgetting is always possible and callers must bear it.
 */
export class Remembered<K, V> {
  readonly #clock: Clock
  readonly #most: number
  readonly #entries = new Map<K, { readonly value: V; readonly endsAt: number }>()

  constructor(clock: Clock, most: number) {
    this.#clock = clock
    this.#most = most
  }

  /** @param forMs how long it is remembered, in milliseconds of this instance's clock */
  set(key: K, value: V, forMs: number): void {
    // A map keeps the order of insertion: set anew, an entry is the newest.
    this.#entries.delete(key)
    this.#entries.set(key, { value, endsAt: this.#clock.now() + forMs })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#most) return
      this.#entries.delete(oldest)
    }
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.endsAt > this.#clock.now()) return entry.value
    this.#entries.delete(key)
    return undefined
  }

  delete(key: K): void {
    this.#entries.delete(key)
  }
}
