/** Virtual time and seeded chance: a run of the model is the same each time it is run. */
import type { Clock, Disposer } from '../../server/domain/clock.ts'

export interface Random {
  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
}

/** mulberry32: small, and good enough to spread schedules. */
function createRandom(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1) | 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    int: (least, most) => least + Math.floor(next() * (most - least + 1)),
    chance: (probability) => next() < probability,
    pick<T>(from: readonly T[]): T {
      const picked = from[Math.floor(next() * from.length)]
      if (picked === undefined) throw new Error('nothing to pick from')
      return picked
    },
  }
}

interface Task {
  readonly due: number
  readonly order: number
  run: (() => void) | undefined
}

const isBefore = (a: Task, b: Task): boolean => a.due < b.due || (a.due === b.due && a.order < b.order)

/** Tasks by their time, and by the order of their making where that is the same: a binary heap. */
class Agenda {
  readonly #tasks: Task[] = []

  add(task: Task): void {
    let at = this.#tasks.push(task) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = this.#tasks[parent]
      if (above === undefined || isBefore(above, task)) break
      this.#tasks[at] = above
      at = parent
    }
    this.#tasks[at] = task
  }

  get first(): Task | undefined {
    return this.#tasks[0]
  }

  removeFirst(): void {
    const last = this.#tasks.pop()
    if (last === undefined || this.#tasks.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      const [left, right] = [this.#tasks[child], this.#tasks[child + 1]]
      if (left === undefined) break
      if (right !== undefined && isBefore(right, left)) child += 1
      const least = this.#tasks[child]
      if (least === undefined || isBefore(last, least)) break
      this.#tasks[at] = least
      at = child
    }
    this.#tasks[at] = last
  }
}

/** The clock of one instance, which counts what still waits on it. */
export interface CountingClock extends Clock {
  readonly pending: number
}

/** Many times what a run needs. */
const STORM = 200_000
const START = Date.UTC(2026, 0, 1)

export class World {
  readonly random: Random
  /** What happened, where somebody wants to read it. */
  readonly trace: string[] | undefined
  readonly #agenda = new Agenda()
  #now = START
  #order = 0
  /** Tasks that have run. */
  #done = 0

  constructor(seed: number, traced = false) {
    this.random = createRandom(seed)
    this.trace = traced ? [] : undefined
  }

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): Disposer {
    this.#order += 1
    const task: Task = { due: this.#now + Math.max(0, ms), order: this.#order, run }
    this.#agenda.add(task)
    return () => {
      task.run = undefined
    }
  }

  clock(): CountingClock {
    const waiting = new Set<object>()
    return {
      now: () => this.#now,
      after: (ms, task) => {
        const timer = {}
        waiting.add(timer)
        const dispose = this.after(ms, () => {
          waiting.delete(timer)
          task()
        })
        return () => {
          waiting.delete(timer)
          dispose()
        }
      },
      get pending() {
        return waiting.size
      },
    }
  }

  say(who: string, what: string): void {
    this.trace?.push(`${String(this.#now - START).padStart(7)} ${who.padEnd(10)} ${what}`)
  }

  /** Lets time pass. Between two tasks everything that does not wait for time has run. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms
    await this.#settled()
    for (let task = this.#agenda.first; task !== undefined && task.due <= until; task = this.#agenda.first) {
      this.#agenda.removeFirst()
      if (task.run === undefined) continue
      this.#done += 1
      if (this.#done > STORM)
        throw new Error('more happens than ever should: things come of each other without end')
      this.#now = task.due
      task.run()
      await this.#settled()
    }
    this.#now = until
  }

  /** Lets time pass until `work` is done. */
  async through<T>(work: Promise<T>): Promise<T> {
    const under = new Set([work])
    const ended = (): void => under.clear()
    work.then(ended, ended)
    for (let step = 0; step < 10_000 && under.size > 0; step += 1) await this.pass(10)
    return work
  }

  async #settled(): Promise<void> {
    // Promises have run by the time of an immediate, and what they sent is written in the next
    // (server/realtime/outbox.ts).
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
  }
}
