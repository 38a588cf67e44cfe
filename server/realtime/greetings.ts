import type { Clock } from '../domain/clock.ts'
import type { InstanceId } from '../protocol/ids.ts'

/** How long a welcome waits for what other instances tell of their members. Milliseconds. */
const ANSWER_WITHIN = 400

/** Who was greeted at once, and has not answered. */
interface Round {
  readonly waiting: Set<InstanceId>
  readonly settle: () => void
}

/** Instances that were greeted and have not answered. */
export class Greetings {
  readonly #clock: Clock
  readonly #rounds = new Set<Round>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Greets everybody; resolves when all have answered, or a while has passed. */
  async all(instances: readonly InstanceId[], greet: (instance: InstanceId) => void): Promise<void> {
    if (instances.length === 0) return
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        end()
        this.#rounds.delete(round)
        resolve()
      }
      const end = this.#clock.after(ANSWER_WITHIN, settle)
      const round: Round = { waiting: new Set(instances), settle }
      this.#rounds.add(round)
      for (const instance of instances) greet(instance)
    })
  }

  /** An instance has answered, or never will. */
  answered(instance: InstanceId): void {
    for (const { waiting, settle } of [...this.#rounds]) {
      waiting.delete(instance)
      if (waiting.size === 0) settle()
    }
  }

  dispose(): void {
    for (const { settle } of [...this.#rounds]) settle()
  }
}
