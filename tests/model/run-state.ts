/** One run: a world, what serves it, a room and the devices of its people. */
import { StoreUnavailable, type Store } from '../../server/store/store.ts'
import type { RoomCreated } from '../../server/protocol/api.ts'
import type { RoomId } from '../../server/protocol/ids.ts'
import { CLOSES } from '../../server/protocol/closes.ts'
import type { Role } from '../../server/protocol/models.ts'
import type { IssuedCode } from '../../server/domain/pairing.ts'
import { Client, type Seat, type Surroundings } from './client.ts'
import { wrongResume } from './continuity.ts'
import type { Ledger } from './ledger.ts'
import type { Entrance, Link } from './link.ts'
import type { Answer, Call, Request } from './routes.ts'
import type { Scenario } from './scenarios.ts'
import type { World } from './world.ts'

/** Milliseconds between a device and the server, one way. */
const WAY = [2, 40] as const
/** A device tries again where the store did not answer. */
const AGAIN = { times: 20, afterMs: 150 }

/** How connections end while the instance drains: 1006 is how a page sees a refused upgrade. */
export const DRAINING = [CLOSES.draining, 1006] as const

/** What devices reach: an instance, or the one of several that a balancer picks. */
export interface Site {
  readonly call: Call
  issue(room: RoomId, role: Role): Promise<IssuedCode>
  reach(): Entrance | undefined
}

export class Run<S extends Site = Site> {
  readonly scenario: Scenario
  readonly world: World
  readonly ledger: Ledger
  readonly store: Store
  readonly site: S
  readonly clients: Client[] = []
  /** No new mischief: the weather is fair and everybody comes back. */
  isCalm = true
  isDeleted = false
  isDraining = false
  /** Requests and decisions under way. */
  busy = 0
  /** Clocks of instances differ from the world's by so much at most. Milliseconds. */
  clocksDiffer = 0
  /** Close codes that any device may meet. */
  ends: readonly number[] = []
  /** Connections that need not be closed in time, since what leads to them is disturbed. */
  isDisturbed: (link: Link) => boolean = () => false

  readonly #host: RoomCreated
  readonly #surroundings: Surroundings

  static async begin<S extends Site>(
    made: Pick<Run<S>, 'scenario' | 'world' | 'ledger' | 'store' | 'site'>,
    surroundings: Partial<Surroundings> = {},
  ): Promise<Run<S>> {
    const { world, site, scenario } = made
    const body = { name: 'Studio', approval: scenario.approval }
    const created = await world.through(site.call('POST /api/rooms', { body }))
    return new Run(made, created.body as RoomCreated, surroundings)
  }

  private constructor(
    made: Pick<Run<S>, 'scenario' | 'world' | 'ledger' | 'store' | 'site'>,
    created: RoomCreated,
    surroundings: Partial<Surroundings>,
  ) {
    const { scenario, world, ledger, store, site } = made
    this.scenario = scenario
    this.world = world
    this.ledger = ledger
    this.store = store
    this.site = site
    this.#host = created
    this.#surroundings = {
      world,
      ledger,
      calm: () => this.isCalm,
      reach: () => site.reach(),
      mayRepeat: false,
      notBefore: (_link, at) => at,
      isAlone: () => false,
      endedAlone: () => false,
      wrongResume: (resumed, back) => wrongResume(resumed, ledger, scenario.settings.resumeWindowMs, back),
      ...surroundings,
    }
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
    const { scenario } = this
    const client = new Client(this.#surroundings, seat)
    if (scenario.weather.failing > 0) client.mayEndWith.add(1013)
    if (this.isDraining) for (const code of DRAINING) client.mayEndWith.add(code)
    for (const code of this.ends) client.mayEndWith.add(code)
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
      const answer = await this.site.call(route, request)
      this.world.say('http', `${route} ${answer.status}`)
      if (answer.status !== 503 || times === AGAIN.times) {
        await this.way()
        return answer
      }
      await this.wait(AGAIN.afterMs)
    }
  }
}
