import type { Clock, Disposer } from '../../server/domain/clock.ts'

/** A clock that stands still until a test moves it. */
export interface TestClock extends Clock {
  /** Moves on by `ms` and runs what falls due, in order, each at its own time. */
  advance(ms: number): void
  /** Timers that still wait. */
  readonly pending: number
}

export function createTestClock(startAt = Date.UTC(2026, 0, 1)): TestClock {
  let now = startAt
  let count = 0
  const timers = new Map<number, { due: number; order: number; task: () => void }>()
  const next = (until: number) =>
    [...timers.entries()]
      .filter(([, { due }]) => due <= until)
      .sort(([, a], [, b]) => a.due - b.due || a.order - b.order)[0]
  return {
    now: () => now,
    after(ms, task): Disposer {
      count += 1
      const id = count
      timers.set(id, { due: now + Math.max(0, ms), order: id, task })
      return () => void timers.delete(id)
    },
    advance(ms) {
      const until = now + ms
      for (let due = next(until); due !== undefined; due = next(until)) {
        const [id, timer] = due
        timers.delete(id)
        now = timer.due
        timer.task()
      }
      now = until
    },
    get pending() {
      return timers.size
    },
  }
}
