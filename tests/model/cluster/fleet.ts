/** All instances, those that live and those that are gone, behind a balancer. */
import type { IssuedCode } from '../../../server/domain/pairing.ts'
import { StoreUnavailable } from '../../../server/store/store.ts'
import type { RoomId } from '../../../server/protocol/ids.ts'
import type { Role } from '../../../server/protocol/models.ts'
import type { Answer, Call } from '../routes.ts'
import type { Site } from '../run-state.ts'
import { Server, type Place } from './server.ts'

/** What a request waits for at most: an instance may be gone before it answers. Milliseconds. */
const ANSWER_WITHIN = 6_000
/** How often the balancer has not heard yet that an instance drains. */
const TO_DRAINING = 0.1
const NO_ANSWER: Answer = { status: 503, body: { code: 'store_unavailable' } }

export class Fleet implements Site {
  readonly servers: Server[] = []
  /** Everybody is to reach the same instance. */
  pinned: Server | undefined
  /** The store was lost, and nothing need be right again before this. */
  disturbedUntil = -Infinity
  readonly #place: Place
  /** Clocks of instances differ by so much at most. Milliseconds. */
  readonly #skew: number

  constructor(place: Place, skew: number) {
    this.#place = place
    this.#skew = skew
  }

  start(): Server {
    const { world } = this.#place
    const server = new Server(
      `I${this.servers.length + 1}`,
      this.#place,
      world.random.int(-this.#skew, this.#skew),
    )
    this.servers.push(server)
    world.say(server.id, 'starts')
    return server
  }

  get living(): Server[] {
    return this.servers.filter(({ isDead }) => !isDead)
  }

  /** Those that a balancer sends new connections to; a stopped one takes them too, and does not answer. */
  get open(): Server[] {
    return this.living.filter(({ isDraining }) => !isDraining)
  }

  reach(): Server | undefined {
    if (this.pinned !== undefined) return this.pinned
    const { random } = this.#place.world
    const among = random.chance(TO_DRAINING) ? this.living : this.open
    return among.length === 0 ? undefined : random.pick(among)
  }

  readonly call: Call = async (route, request) => {
    const server = this.reach()
    if (server === undefined || server.isDraining) return NO_ANSWER
    return (await this.#within(server, () => server.instance.call(route, request))) ?? NO_ANSWER
  }

  async issue(room: RoomId, role: Role): Promise<IssuedCode> {
    const server = this.reach()
    const code = server && (await this.#within(server, () => server.instance.issue(room, role)))
    if (code === undefined) throw new StoreUnavailable('no instance answered')
    return code
  }

  /** Something asked of an instance; nothing where it does not answer in time. */
  #within<T>(server: Server, ask: () => Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const dispose = this.#place.world.after(ANSWER_WITHIN, () => resolve(undefined))
      server.run(() => {
        ask().then(
          (answer) => {
            dispose()
            resolve(answer)
          },
          (error: unknown) => {
            dispose()
            reject(error instanceof Error ? error : new Error(String(error)))
          },
        )
      })
    })
  }
}
