/** One instance of several: its process, its way to the shared store, its inbox, and the real server in it. */
import { createResilientStore, type ResilientStore } from '../../../server/store/resilient.ts'
import { Instance, type Settings } from '../instance.ts'
import type { Entrance, Link } from '../link.ts'
import type { Weather } from '../store.ts'
import type { World } from '../world.ts'
import { ModelBus, type Exchange } from './exchange.ts'
import { Process } from './process.ts'
import { Reach, type Backend } from './reach.ts'

export interface Place {
  readonly world: World
  readonly backend: Backend
  readonly exchange: Exchange
  readonly settings: Settings
  readonly weather: () => Weather
  readonly fault: (who: string, what: string) => void
  readonly warned: (who: string, what: string) => void
}

/** A silent instance is dead after this time. Milliseconds. */
export const PEER_TIMEOUT = 10_000
/** Milliseconds that a drained process says so, at least, before it goes, as server/main.ts does it. */
const SAYS_SO_FOR = 1_200
const LOOKS_EVERY = 200
/** What waited is in the log so soon behind the store's return. */
const WRITTEN_WITHIN = 100

export class Server implements Entrance {
  readonly id: string
  readonly process: Process
  readonly reach: Reach
  readonly bus: ModelBus
  readonly store: ResilientStore
  readonly instance: Instance
  /** It was stopped, cut or cut off, and need not be right again before this. */
  troubledUntil = -Infinity
  /** It heard nothing without knowing, and may hear of what was before until this. */
  deafUntil = -Infinity
  isDraining = false
  /** Until when it was without the store. */
  aloneUntil = -Infinity
  /** It ended before that was over. */
  endedAlone = false
  readonly #world: World
  readonly #links = new Set<Link>()

  constructor(id: string, place: Place, offset: number) {
    const { world, backend, exchange, settings, weather, fault, warned } = place
    this.id = id
    this.#world = world
    this.process = new Process(world, offset)
    this.reach = new Reach(id, world, this.process, backend, weather)
    this.bus = new ModelBus(world, exchange, this.process, this.reach)
    const { clock } = this.process
    const said = (what: string): void => world.say(id, what)
    this.store = createResilientStore({
      primary: this.reach.store(),
      clock,
      now: () => world.now(),
      random: () => world.random.int(0, 99) / 100,
      log: { info: said, warn: said, error: said },
    })
    this.store.onHealth(({ state }) => (this.aloneUntil = state === 'degraded' ? Infinity : world.now()))
    this.instance = new Instance({
      world,
      clock,
      id,
      store: this.store,
      settings,
      sharing: { bus: this.bus, health: this.store, peerTimeoutMs: PEER_TIMEOUT },
      warned: (what) => {
        said(what)
        warned(id, what)
      },
      fault: (what) => fault(id, what),
    })
  }

  get isDead(): boolean {
    return this.process.isDead
  }

  /** Whether it takes part: not dead, not stopped, not cut off. */
  get isSound(): boolean {
    return this.process.isRunning && this.reach.isThere && this.bus.isOpen && !this.isDraining
  }

  get name(): string {
    return this.id
  }

  run(task: () => void): void {
    this.process.run(task)
  }

  accept(link: Link): boolean {
    this.#links.add(link)
    return this.instance.accept(link)
  }

  get liveLinks(): Link[] {
    return [...this.#links].filter((link) => link.isLive)
  }

  kill(isHeard: boolean): void {
    this.endedAlone = this.aloneUntil > this.#world.now() - WRITTEN_WITHIN
    this.process.kill()
    this.bus.die()
    for (const link of this.#links) link.kill(isHeard)
    this.#links.clear()
  }

  /** The run is over. */
  async close(): Promise<void> {
    await this.store.close()
  }

  /** SIGTERM; the process ends some time after its sockets. */
  drain(exited: () => void): void {
    this.isDraining = true
    this.run(() => this.instance.hub.drain())
    const look = (): void => {
      if (this.isDead) return
      if (this.liveLinks.length > 0) this.#world.after(LOOKS_EVERY, look)
      else this.run(() => void this.instance.hub.leave().then(exit))
    }
    const exit = (): void => {
      if (this.isDead) return
      this.kill(true)
      exited()
    }
    this.#world.after(SAYS_SO_FOR, look)
  }
}
