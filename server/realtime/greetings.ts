import type { Clock } from '../domain/clock.ts'
import type { InstanceId } from '../protocol/ids.ts'

/** How long a welcome waits for what other instances tell of their members. Milliseconds. */
const ANSWER_WITHIN = 400

/** Instances that were greeted and have not answered. */
export class Greetings {
  readonly #clock: Clock
  #waiting = new Set<InstanceId>()
  #settle: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Greets everybody; resolves when all have answered, or a while has passed. */
  async all(instances: readonly InstanceId[], greet: (instance: InstanceId) => void): Promise<void> {
    this.#waiting = new Set(instances)
    if (this.#waiting.size === 0) return
    const answered = new Promise<void>((resolve) => {
      this.#settle = resolve
    })
    const end = this.#clock.after(ANSWER_WITHIN, () => this.#settle?.())
    for (const instance of instances) greet(instance)
    await answered
    end()
    this.#settle = undefined
  }

  /** An instance has answered, or never will. */
  answered(instance: InstanceId): void {
    this.#waiting.delete(instance)
    if (this.#waiting.size === 0) this.#settle?.()
  }

  dispose(): void {
    this.#settle?.()
  }
}
