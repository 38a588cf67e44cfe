import type { Clock } from '../domain/clock.ts'

/** Pauses between tries, which all end at once where nothing is to be tried any more. */
export class Pauses {
  readonly #clock: Clock
  readonly #open = new Set<() => void>()
  #isOver = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether there are none any more. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Milliseconds. */
  async pause(ms: number): Promise<void> {
    if (this.#isOver) return
    await new Promise<void>((resolve) => {
      const end = (): void => {
        dispose()
        this.#open.delete(end)
        resolve()
      }
      const dispose = this.#clock.after(ms, end)
      this.#open.add(end)
    })
  }

  end(): void {
    this.#isOver = true
    for (const end of [...this.#open]) end()
  }
}
