/** Ends a timer or subscription; calling it again does nothing. */
export type Disposer = () => void

/** The only source of time below the process: tests hand in their own. Milliseconds. */
export interface Clock {
  /** Wall clock, since the Unix epoch: for what people and clients read. */
  now(): number
  /** Runs `task` once after `ms`, unless disposed before. */
  after(ms: number, task: () => void): Disposer
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
