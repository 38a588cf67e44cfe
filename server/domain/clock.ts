/** Ends a timer or subscription; calling it again does nothing. */
export type Disposer = () => void

/** The only source of time below the process: tests hand in their own. Milliseconds. */
export interface Clock {
  /** Wall clock, since the Unix epoch: for what people and clients read. */
  now(): number
  /** Runs `task` once after `ms`, unless disposed before. */
  after(ms: number, task: () => void): Disposer
}

/** Runs `task` every `ms` until disposed; a task that throws ends nothing of the clock's. */
export function every(clock: Clock, ms: number, task: () => void): Disposer {
  let dispose = clock.after(ms, run)
  function run(): void {
    dispose = clock.after(ms, run)
    task()
  }
  return () => dispose()
}

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
