/** The process of one instance as its machine runs it: nothing happens in it while it is stopped, nor after its end. */
import type { Clock } from '../../../server/domain/clock.ts'
import type { CountingClock, World } from '../world.ts'

interface Due {
  readonly task: () => void
  readonly isTimer: boolean
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
  run(task: () => void): void {
    this.#happens({ task, isTimer: false })
  }

  /** SIGSTOP. */
  stop(): void {
    if (this.#state === 'running') this.#state = 'stopped'
  }

  /** SIGCONT: what came meanwhile happens at once, one thing after the other. */
  wake(): void {
    if (this.#state !== 'stopped') return
    this.#state = 'waking'
    // Its loop was stopped before its timers or before what it reads.
    if (this.#world.random.chance(0.5)) this.#due.sort((a, b) => Number(b.isTimer) - Number(a.isTimer))
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
      const dispose = inner.after(ms, () => this.#happens({ task: timer, isTimer: true }))
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
