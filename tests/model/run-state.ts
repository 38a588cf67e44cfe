/** One run: a world, an instance, a room and the devices of its people. */
import { createMemoryStore } from '../../server/store/memory.ts'
import { StoreUnavailable, type Store } from '../../server/store/store.ts'
import type { RoomCreated } from '../../server/protocol/api.ts'
import type { RoomId } from '../../server/protocol/ids.ts'
import { CLOSES } from '../../server/protocol/closes.ts'
import type { Role } from '../../server/protocol/models.ts'
import { Client, type Seat } from './client.ts'
import { Instance } from './instance.ts'
import { Ledger } from './ledger.ts'
import type { Answer, Request } from './routes.ts'
import type { Scenario } from './scenarios.ts'
import { distantStore, type Weather } from './store.ts'
import { World } from './world.ts'

const FAIR: Weather = { delay: [1, 20], slow: { chance: 0, delay: [0, 0] }, failing: 0 }
/** Milliseconds between a device and the server, one way. */
const WAY = [2, 40] as const
/** A device tries again where the store did not answer. */
const AGAIN = { times: 20, afterMs: 150 }

/** How connections end while the instance drains: 1006 is how a page sees a refused upgrade. */
export const DRAINING = [CLOSES.draining, 1006] as const

export class Run {
  readonly scenario: Scenario
  readonly world: World
  readonly ledger: Ledger
  readonly store: Store
  readonly instance: Instance
  readonly clients: Client[] = []
  /** No new mischief: the weather is fair and everybody comes back. */
  isCalm = true
  isDeleted = false
  isDraining = false
  /** Requests and decisions under way. */
  busy = 0

  readonly #host: RoomCreated

  static async begin(seed: number, scenario: Scenario, traced: boolean): Promise<Run> {
    const world = new World(seed, traced)
    const ledger = new Ledger(world)
    const store = createMemoryStore({ now: () => world.now() })
    // Made before there is a run that could be in a calm.
    let isCalm = (): boolean => true
    const distant = distantStore(store, world, () => (isCalm() ? FAIR : scenario.weather))
    const instance = new Instance(world, distant, scenario.settings, (what) =>
      ledger.violated('SEC-6', 'server', what),
    )
    const created = await world.through(
      instance.call('POST /api/rooms', { body: { name: 'Studio', approval: scenario.approval } }),
    )
    const run = new Run({ scenario, world, ledger, store, instance, created: created.body as RoomCreated })
    isCalm = () => run.isCalm
    return run
  }

  private constructor(
    made: Pick<Run, 'scenario' | 'world' | 'ledger' | 'store' | 'instance'> & { created: RoomCreated },
  ) {
    this.scenario = made.scenario
    this.world = made.world
    this.ledger = made.ledger
    this.store = made.store
    this.instance = made.instance
    this.#host = made.created
  }

  get room(): RoomId {
    return this.#host.room.id
  }

  get hostToken(): string {
    return this.#host.session.token
  }

  /** The first host; it is never thrown out. */
  get hostSeat(): Seat {
    const { id, token } = this.#host.session
    return { name: 'host', id, token, role: 'host' }
  }

  add(seat: Seat): Client {
    const { world, ledger, scenario, instance } = this
    const client = new Client(
      {
        world,
        ledger,
        resumeWindowMs: scenario.settings.resumeWindowMs,
        calm: () => this.isCalm,
        accept: (link) => instance.accept(link),
      },
      seat,
    )
    if (scenario.weather.failing > 0) client.mayEndWith.add(1013)
    if (this.isDraining) for (const code of DRAINING) client.mayEndWith.add(code)
    this.clients.push(client)
    return client
  }

  present(): Client[] {
    return this.clients.filter(({ phase }) => phase === 'active')
  }

  nameFor(role: Role): string {
    return `${role}${this.clients.length}`
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.world.after(ms, resolve))
  }

  way(): Promise<void> {
    return this.wait(this.world.random.int(...WAY))
  }

  /** Does something beside the rest of the run; nothing that it throws is overlooked. */
  beside(what: string, work: () => Promise<void>): void {
    this.busy += 1
    work().then(
      () => {
        this.busy -= 1
      },
      (error: unknown) => {
        this.busy -= 1
        this.ledger.violated(
          'SEC-6',
          what,
          error instanceof Error ? (error.stack ?? error.message) : String(error),
        )
      },
    )
  }

  /** What a device asks again while the store does not answer. */
  async insist<T>(work: () => Promise<T>): Promise<T | undefined> {
    for (let times = 1; times <= AGAIN.times; times += 1) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error
        this.world.say('store', 'is asked again')
        await this.wait(AGAIN.afterMs)
      }
    }
    return undefined
  }

  /** A request of a device, asked again while the store does not answer. */
  async ask(route: string, request: Request): Promise<Answer> {
    for (let times = 1; ; times += 1) {
      await this.way()
      const answer = await this.instance.call(route, request)
      this.world.say('http', `${route} ${answer.status}`)
      if (answer.status !== 503 || times === AGAIN.times) {
        await this.way()
        return answer
      }
      await this.wait(AGAIN.afterMs)
    }
  }
}
