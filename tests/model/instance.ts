/** One instance of the server, made of the real objects; only time, the store's distance and sockets are the model's. */
import { Limits } from '../../server/domain/limits.ts'
import { Pairing, type IssuedCode } from '../../server/domain/pairing.ts'
import { Rooms } from '../../server/domain/rooms.ts'
import { Secrets } from '../../server/domain/secrets.ts'
import { Sessions } from '../../server/domain/sessions.ts'
import { SharedRooms } from '../../server/domain/shared-rooms.ts'
import { createOrigins } from '../../server/http/origins.ts'
import type { HttpServices } from '../../server/http/services.ts'
import type { InstanceId, RoomId } from '../../server/protocol/ids.ts'
import type { Role } from '../../server/protocol/models.ts'
import { admitting } from '../../server/realtime/admitting.ts'
import { Conversation, type Realtime } from '../../server/realtime/conversation.ts'
import { Hub } from '../../server/realtime/hub.ts'
import { IceServers } from '../../server/realtime/ice.ts'
import { Relay } from '../../server/realtime/relay/relay.ts'
import { Stills } from '../../server/realtime/relay/stills.ts'
import type { SharedOptions } from '../../server/realtime/shared-hub.ts'
import type { Store } from '../../server/store/store.ts'
import type { LookAfter } from '../../server/realtime/timeline.ts'
import type { Entrance, Link } from './link.ts'
import { routesOf, type Call } from './routes.ts'
import type { CountingClock, World } from './world.ts'

export interface Settings {
  readonly resumeWindowMs: number
  readonly pairingTtlMs: number
  readonly rateLimits: boolean
  /** Absent: as many as ordinarily, which no run is long enough for. */
  readonly lookAfter?: LookAfter
}

/** What an instance is put into. */
export interface Surroundings {
  readonly world: World
  readonly clock: CountingClock
  readonly id: string
  readonly store: Store
  readonly settings: Settings
  /** Absent: the store is this instance's alone. */
  readonly sharing?: Pick<SharedOptions, 'bus' | 'health' | 'peerTimeoutMs'>
  /** Told of what operators are warned of. */
  readonly warned?: (what: string) => void
  /** Told of errors that the server logs as its own. */
  readonly fault: (what: string) => void
}

const DAY = 86_400_000
const NOTHING = (): void => undefined

export class Instance implements Entrance {
  readonly name: string
  readonly clock: CountingClock
  readonly hub: Hub
  readonly call: Call
  readonly #pairing: Pairing
  readonly #realtime: Realtime

  constructor({ world, clock, id, store, settings, sharing, fault, warned }: Surroundings) {
    const { resumeWindowMs, pairingTtlMs, rateLimits, lookAfter } = settings
    this.name = id
    this.clock = clock
    const instance = id as InstanceId
    const sessionTtlMs = 7 * DAY
    const maxRoomMembers = 200
    const warn = (what: string): void => fault(what)
    const secrets = new Secrets('the key of the model')
    const rooms = new Rooms({ store, clock, sessionTtlMs, warn })
    const sessions = new Sessions({ store, clock, secrets, rooms, sessionTtlMs, warn })
    this.#pairing = new Pairing({ store, clock, secrets, rooms, sessions, pairingTtlMs, warn })
    const ice = new IceServers({ clock, iceServers: [] })
    const textOf = (fields: object, what: string): string =>
      `${what}${'err' in fields ? `: ${fields.err instanceof Error ? (fields.err.stack ?? fields.err.message) : String(fields.err)}` : ''}`
    const log = {
      debug: () => undefined,
      info: NOTHING,
      warn: (fields: object, what: string) => warned?.(textOf(fields, what)),
      error: (fields: object, what: string) => fault(textOf(fields, what)),
    }
    this.hub = new Hub({
      clock,
      resumeWindowMs,
      maxRoomMembers,
      pairingTtlMs,
      ...(lookAfter === undefined ? {} : { lookAfter }),
      random: () => world.random.int(0, 99) / 100,
      log,
      ...(sharing === undefined
        ? {}
        : {
            sharing: {
              ...sharing,
              shared: new SharedRooms({ store, sessionTtlMs, warn }),
              sessions,
              instance,
            },
            admitted: admitting(sessions, ice, () => this.hub, log),
          }),
    })
    this.#realtime = {
      hub: this.hub,
      relay: new Relay({ clock, rateLimits, room: (room) => this.hub.room(room) }),
      stills: new Stills({ clock, rateLimits, room: (room) => this.hub.room(room) }),
      rooms,
      sessions,
      ice,
      clock,
      instance,
      resumeWindowMs,
      maxRoomMembers,
      rateLimits,
      log,
    }
    const services = {
      rooms,
      sessions,
      pairing: this.#pairing,
      hub: this.hub,
      clock,
      instance,
      log,
      limits: new Limits({ store, clock, secrets, on: false }),
      addresses: { urlFor: () => undefined, origins: () => [] },
      origins: createOrigins(() => [], []),
      store: sharing === undefined ? 'memory' : 'redis',
      version: 'model',
      metricsToken: undefined,
    } as const
    // Of the logger the routes use what is there.
    this.call = routesOf(services as unknown as HttpServices)
  }

  reach(): Entrance {
    return this
  }

  run(task: () => void): void {
    task()
  }

  /** An upgrade; refused while the instance drains, as server/http/routes/socket.ts does. */
  accept(link: Link): boolean {
    if (this.hub.draining) return false
    void new Conversation(this.#realtime, link.transport)
    return true
  }

  /** What the route for codes does before it draws the QR. */
  issue(room: RoomId, role: Role): Promise<IssuedCode> {
    return this.#pairing.issue(room, role, { kind: 'desktop', browser: 'Model', os: 'none' })
  }
}
