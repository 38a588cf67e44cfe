/** The process of one instance as its machine runs it: nothing happens in it while it is stopped, nor after its end. */
import type { Clock } from '../../../server/domain/clock.ts'
import type { CountingClock, World } from '../world.ts'

/** Where something comes from that reaches a process: what comes from one keeps its order. */
export type Source = 'timer' | 'store' | 'inbox' | 'clients'

interface Due {
  readonly task: () => void
  readonly source: Source
}

function shuffled<T>(random: World['random'], items: readonly T[]): T[] {
  const left = [...items]
  return items.map(() => left.splice(random.int(0, left.length - 1), 1)[0] as T)
}

export class Process {
  readonly clock: CountingClock
  readonly #world: World
  #state: 'running' | 'stopped' | 'waking' | 'dead' = 'running'
  /** What came while it was stopped. */
  #due: Due[] = []

  /** @param offset what its wall clock is ahead of others. Milliseconds */
  constructor(world: World, offset = 0) {
    this.#world = world
    this.clock = this.#clock(offset)
  }

  get isRunning(): boolean {
    return this.#state === 'running'
  }

  get isDead(): boolean {
    return this.#state === 'dead'
  }

  /** Something reaches the process: it happens now, when the process goes on, or never. */
  run(task: () => void, source: Source = 'clients'): void {
    this.#happens({ task, source })
  }

  /** SIGSTOP. */
  stop(): void {
    if (this.#state === 'running') this.#state = 'stopped'
  }

  /** SIGCONT: what came meanwhile happens at once, one thing after the other, mostly one connection after the other. */
  wake(): void {
    if (this.#state !== 'stopped') return
    this.#state = 'waking'
    const { random } = this.#world
    if (random.chance(0.75)) {
      const sources = shuffled<Source>(random, ['store', 'inbox', 'clients'])
      // Its loop was stopped before its timers or before what it reads.
      if (random.chance(0.5)) sources.unshift('timer')
      else sources.push('timer')
      this.#due.sort((a, b) => sources.indexOf(a.source) - sources.indexOf(b.source))
    }
    this.#next()
  }

  /** SIGKILL. */
  kill(): void {
    this.#state = 'dead'
    this.#due = []
  }

  #happens(due: Due): void {
    if (this.#state === 'running') due.task()
    else if (this.#state !== 'dead') this.#due.push(due)
  }

  #next(): void {
    this.#world.after(0, () => {
      if (this.#state !== 'waking') return
      const due = this.#due.shift()
      if (due === undefined) {
        this.#state = 'running'
        return
      }
      due.task()
      this.#next()
    })
  }

  #clock(offset: number): CountingClock {
    const inner = this.#world.clock()
    const after: Clock['after'] = (ms, task) => {
      let isDisposed = false
      const timer = (): void => {
        if (!isDisposed) task()
      }
      const dispose = inner.after(ms, () => this.#happens({ task: timer, source: 'timer' }))
      return () => {
        isDisposed = true
        dispose()
      }
    }
    return {
      now: () => inner.now() + offset,
      after,
      get pending() {
        return inner.pending
      },
    }
  }
}
