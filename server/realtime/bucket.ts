import type { Clock } from '../domain/clock.ts'
import { MAX_REFUSED, MESSAGE_BURST, MESSAGES_PER_SECOND, REFUSED_WINDOW } from '../protocol/limits.ts'

/** The rate of one connection's control messages [SEC-3]: a token bucket, and a count of what it refused. */
export class Bucket {
  readonly #clock: Clock
  #tokens = MESSAGE_BURST
  #filledAt: number
  #refused = 0
  #refusedSince = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#filledAt = clock.now()
  }

  /** `flood`: so much was refused that the connection is to be closed. */
  take(): 'taken' | 'refused' | 'flood' {
    const now = this.#clock.now()
    const earned = (Math.max(0, now - this.#filledAt) * MESSAGES_PER_SECOND) / 1000
    this.#tokens = Math.min(MESSAGE_BURST, this.#tokens + earned)
    this.#filledAt = now
    if (this.#tokens >= 1) {
      this.#tokens -= 1
      return 'taken'
    }
    if (now - this.#refusedSince > REFUSED_WINDOW) {
      this.#refused = 0
      this.#refusedSince = now
    }
    this.#refused += 1
    return this.#refused > MAX_REFUSED ? 'flood' : 'refused'
  }
}
