import type { FastifyBaseLogger, FastifyPluginAsync } from 'fastify'
import type { Clock } from '../domain/clock.ts'
import type { HealthSource } from '../domain/health.ts'
import type { Limits } from '../domain/limits.ts'
import type { Pairing } from '../domain/pairing.ts'
import type { Rooms } from '../domain/rooms.ts'
import type { Sessions } from '../domain/sessions.ts'
import type { InstanceId } from '../protocol/ids.ts'
import type { Readiness } from '../protocol/api.ts'
import type { Hub } from '../realtime/hub.ts'
import type { MediaCounts } from '../realtime/relay/camera.ts'
import type { StillCounts } from '../realtime/relay/stills.ts'
import type { Origins } from './origins.ts'

/** Where phones reach this server. */
export interface Addresses {
  /** Base of the URLs in QR codes; for one of the machine's own addresses where it is named. */
  urlFor(address?: string): string | undefined
  /** Origins of this server's own pages. */
  origins(): readonly string[]
}

/** What the routes work with. */
export interface HttpServices {
  readonly rooms: Rooms
  readonly sessions: Sessions
  readonly pairing: Pairing
  readonly limits: Limits
  readonly hub: Hub
  /** Relayed pictures so far. */
  readonly media: Readonly<MediaCounts>
  /** Photos through the server so far. */
  readonly stills: Readonly<StillCounts>
  readonly clock: Clock
  readonly addresses: Addresses
  readonly origins: Origins
  readonly instance: InstanceId
  readonly store: Readiness['store']
  /** How the shared store is; absent: there is none. */
  readonly health: HealthSource | undefined
  /** Commands of the shared store so far, by their kind. */
  readonly storeCommands: ReadonlyMap<string, number>
  readonly version: string
  /** What `/metrics` asks for; absent: only loopback may read. */
  readonly metricsToken: string | undefined
  readonly log: FastifyBaseLogger
}

/** A group of routes over the services. */
export type Routes = FastifyPluginAsync<{ readonly services: HttpServices }>
