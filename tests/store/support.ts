import { createMemoryStore } from '../../server/store/memory.ts'
import { createResilientStore, type ResilientStore } from '../../server/store/resilient.ts'
import { StoreUnavailable, type Store, type StoreFault } from '../../server/store/store.ts'
import { createTestClock, type TestClock } from '../support/clock.ts'
import { wrappedStore, type Around } from '../support/wrapped-store.ts'

/** The way of one instance to the store. */
export interface Link {
  /** What becomes of calls: they go through, fail before they reach the store, or fail after it did them. */
  weather: 'fine' | 'cut' | 'answerless'
  fault: StoreFault
  /** Fails the next calls of this name, and the store is fine otherwise. */
  failing: Partial<Record<keyof Store, number>>
  /** Calls that came through, in order, with their arguments. */
  readonly done: (readonly [name: keyof Store, ...args: unknown[]])[]
  /** Holds calls back until released; set by `hold`. */
  held: (() => void)[] | undefined
}

export interface Instance {
  readonly store: ResilientStore
  readonly link: Link
  readonly log: string[]
  /** Each state it told of. */
  readonly told: string[]
}

export interface Shared {
  readonly clock: TestClock
  /** What all instances share. */
  readonly primary: Store
  instance(options?: { remembered?: number }): Instance
  /** Lets time pass, in small steps, with everything that falls due and what comes of it. */
  pass(ms: number): Promise<void>
  /** Lets what is under way come to its end, without time. */
  settle(): Promise<void>
}

const linked = (store: Store, link: Link): Store => {
  const around: Around =
    (name, call) =>
    async (...args) => {
      if (link.held !== undefined) await new Promise<void>((resolve) => link.held?.push(resolve))
      const lost = () => new StoreUnavailable(`${name} did not reach the store`, link.fault)
      const failing = link.failing[name] ?? 0
      if (failing > 0) {
        link.failing[name] = failing - 1
        throw lost()
      }
      if (link.weather === 'cut') throw lost()
      const answer = await call(...args)
      link.done.push([name, ...args])
      if (link.weather === 'answerless') throw lost()
      return answer
    }
  return { ...wrappedStore(store, around), close: () => Promise.resolve() }
}

export function createShared(): Shared {
  const clock = createTestClock()
  const now = () => clock.now()
  const primary = createMemoryStore({ now })
  const settle = async () => {
    for (let round = 0; round < 4; round += 1) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    clock,
    primary,
    settle,
    instance(options = {}) {
      const link: Link = { weather: 'fine', fault: 'network', failing: {}, done: [], held: undefined }
      const log: string[] = []
      const told: string[] = []
      const say = (text: string) => void log.push(text)
      const store = createResilientStore({
        primary: linked(primary, link),
        clock,
        now,
        log: { info: say, warn: say, error: say },
        ...options,
      })
      store.onHealth(({ state }) => told.push(state))
      return { store, link, log, told }
    },
    async pass(ms) {
      for (let left = ms; left > 0; left -= 100) {
        clock.advance(Math.min(100, left))
        await settle()
      }
    },
  }
}

/** The name of what a call rejects with, or what it resolved with. */
export const outcomeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => {
    if (error instanceof StoreUnavailable) return 'unavailable'
    throw error
  })

/** Cuts an instance off, and waits until it has found out. */
export async function cutOff({ settle }: Shared, { store, link }: Instance): Promise<void> {
  link.weather = 'cut'
  store.check()
  await settle()
}

/** Ends all outages and waits until everything is written back. */
export async function restored({ pass }: Shared, ...instances: Instance[]): Promise<void> {
  for (const { link } of instances) link.weather = 'fine'
  await pass(4_000)
}
