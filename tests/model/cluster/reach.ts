/** The way of one instance to the shared store: how long it takes, and whether there is one. */
import { StoreUnavailable, type Store } from '../../../server/store/store.ts'
import { wrappedStore, type Around } from '../../support/wrapped-store.ts'
import type { Weather } from '../store.ts'
import type { World } from '../world.ts'
import type { Process } from './process.ts'

/** What all instances share of the store's state. */
export interface Backend {
  readonly store: Store
  /** The store is down for everybody. */
  isDown: boolean
}

/** What a caller waits for at most where nobody answers. Milliseconds. */
const TIMEOUT = [800, 2_500] as const
/** Where the other end says at once that it is not there. Milliseconds. */
const REFUSED = [1, 20] as const

export class Reach {
  readonly #id: string
  readonly #world: World
  readonly #process: Process
  readonly #backend: Backend
  readonly #weather: () => Weather
  /** This instance alone is cut off. */
  #isIsolated = false
  /** When the step of each log that was asked for last is done: those of one log keep their order. */
  readonly #logs = new Map<string, number>()
  /** Commands that this instance has sent. */
  commands = 0

  constructor(id: string, world: World, process: Process, backend: Backend, weather: () => Weather) {
    this.#id = id
    this.#world = world
    this.#process = process
    this.#backend = backend
    this.#weather = weather
  }

  get isThere(): boolean {
    return !this.#isIsolated && !this.#backend.isDown
  }

  /** This instance alone is cut off from now on. */
  isolate(): void {
    this.#isIsolated = true
  }

  restore(): void {
    this.#isIsolated = false
  }

  /**
   * A command: it travels, is done, and its answer travels back.
   * @param log whose order it keeps
   * @returns nothing where there was no answer; it may have been done all the same
   */
  make<R>(name: string, log: string | undefined, command: () => Promise<R>): Promise<R | undefined> {
    this.commands += 1
    const { random } = this.#world
    return new Promise((resolve, reject) => {
      const answer = (result: R | undefined, delay: number): void =>
        void this.#world.after(delay, () => this.#process.run(() => resolve(result), 'store'))
      const fail = (): void => {
        this.#world.say(this.#id, `${name} failed`)
        answer(undefined, this.#between(random.chance(0.5) ? REFUSED : TIMEOUT))
      }
      let delay = this.#delay()
      if (log !== undefined) {
        const now = this.#world.now()
        delay = Math.max(delay, (this.#logs.get(log) ?? 0) - now)
        this.#logs.set(log, now + delay)
      }
      this.#world.after(delay, () => {
        const fails = random.chance(this.#weather().failing)
        // What a killed process has sent is done all the same.
        if (!this.isThere || (fails && random.chance(0.5))) {
          fail()
          return
        }
        command().then((result) => {
          this.#world.say(this.#id, `${name} done`)
          const back = this.#delay()
          if (fails) fail()
          else
            this.#world.after(back, () => {
              if (this.isThere) answer(result, 0)
              else fail()
            })
        }, reject)
      })
    })
  }

  /** The shared store as this instance has it. */
  store(): Store {
    const { store } = this.#backend
    const around: Around =
      (name, call) =>
      async (...args) => {
        const [key] = args
        const log = (name === 'append' || name === 'readLog') && typeof key === 'string' ? key : undefined
        const result = await this.make(name, log, async () => ({ result: await call(...args) }))
        if (result === undefined) throw new StoreUnavailable(`${name} was not answered`)
        return result.result
      }
    return { ...wrappedStore(store, around), close: async () => undefined }
  }

  #delay(): number {
    const { delay, slow } = this.#weather()
    return this.#between(this.#world.random.chance(slow.chance) ? slow.delay : delay)
  }

  #between([least, most]: readonly [least: number, most: number]): number {
    return this.#world.random.int(least, most)
  }
}
