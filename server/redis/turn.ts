import type { Answer, Command } from './commands.ts'
import { RedisFailure } from './failure.ts'
import { answersAt, Gathering } from './gathering.ts'

/** What came of one command: the server's answer, or why there is none. */
export type Outcome = Answer | RedisFailure

interface Waiting {
  tell(outcomes: readonly Outcome[]): void
  fail(error: unknown): void
}

/** Commands of one turn of the event loop: written as they are asked for, but for messages, which go at its end. */
export class Turn {
  readonly #write: (command: Command) => Promise<Outcome>
  readonly #gathering = new Gathering()
  readonly #written: Promise<Outcome>[] = []
  readonly #waiting: Waiting[] = []

  /** @param write never rejects */
  constructor(write: (command: Command) => Promise<Outcome>) {
    this.#write = write
  }

  /** @throws RedisFailure where one of the commands has no answer */
  take(commands: readonly Command[]): Promise<readonly Answer[]> {
    const places = this.#gathering.add(commands)
    this.#writeNew()
    return new Promise((resolve, reject) => {
      const tell = (outcomes: readonly Outcome[]): void => {
        const answers: Answer[] = []
        for (const outcome of answersAt(places, outcomes)) {
          if (outcome instanceof RedisFailure) {
            reject(outcome)
            return
          }
          answers.push(outcome)
        }
        resolve(answers)
      }
      this.#waiting.push({ tell, fail: reject })
    })
  }

  /** Ends the turn. @returns the commands that it came to */
  close(): readonly Command[] {
    this.#gathering.close()
    this.#writeNew()
    return this.#gathering.commands
  }

  /** Tells who waits. @param bounded waits for what was written, and not for ever */
  settle(bounded: (written: readonly Promise<Outcome>[]) => Promise<readonly Outcome[]>): void {
    bounded(this.#written).then(
      (outcomes) => {
        for (const { tell } of this.#waiting) tell(outcomes)
      },
      (error: unknown) => {
        for (const { fail } of this.#waiting) fail(error)
      },
    )
  }

  #writeNew(): void {
    for (const command of this.#gathering.commands.slice(this.#written.length))
      this.#written.push(this.#write(command))
  }
}
