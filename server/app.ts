import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { nanoid } from 'nanoid'
import type { Config } from './config.ts'
import { systemClock, type Clock } from './domain/clock.ts'
import { Limits } from './domain/limits.ts'
import { Pairing } from './domain/pairing.ts'
import { Rooms } from './domain/rooms.ts'
import { Secrets } from './domain/secrets.ts'
import { Sessions } from './domain/sessions.ts'
import { SharedRooms } from './domain/shared-rooms.ts'
import { createOrigins } from './http/origins.ts'
import { corsPlugin } from './http/plugins/cors.ts'
import { docsPlugin } from './http/plugins/docs.ts'
import { jsonBody } from './http/plugins/json-body.ts'
import { requestLog } from './http/plugins/request-log.ts'
import { securityPlugin } from './http/plugins/security.ts'
import { answerUnroutable, problems } from './http/problems.ts'
import { internalMediaRoute } from './http/routes/internal-media.ts'
import { lanRoutes, type LanSource } from './http/routes/lan.ts'
import { metricsRoutes } from './http/routes/metrics.ts'
import { pairingCodeRoutes } from './http/routes/pairing-codes.ts'
import { pairingRoutes } from './http/routes/pairings.ts'
import { roomRoutes } from './http/routes/rooms.ts'
import { serviceRoutes } from './http/routes/service.ts'
import { sessionRoutes } from './http/routes/sessions.ts'
import { stunRoute } from './http/routes/stun.ts'
import { socketPlugin, socketRoute } from './http/routes/socket.ts'
import type { Addresses, HttpServices } from './http/services.ts'
import type { InstanceId } from './protocol/ids.ts'
import { MAX_BODY } from './protocol/limits.ts'
import type { Realtime } from './realtime/conversation.ts'
import { Hub } from './realtime/hub.ts'
import { IceServers } from './realtime/ice.ts'
import { admitting } from './realtime/admitting.ts'
import { LinkOpener } from './realtime/relay/link/opener.ts'
import { StillOpener } from './realtime/relay/link/still-opener.ts'
import { Relay } from './realtime/relay/relay.ts'
import { Stills } from './realtime/relay/stills.ts'
import type { SharedOptions } from './realtime/shared-hub.ts'
import type { Store } from './store/store.ts'

/** What the app is made of besides its configuration. */
export interface Deps {
  readonly config: Config
  readonly store: Store
  /** Keys every stored hash. */
  readonly appSecret: string
  readonly addresses: Addresses
  readonly log: FastifyBaseLogger
  readonly version: string
  /** Serves the pages; absent: the API alone. */
  readonly pages?: (app: FastifyInstance) => Promise<void>
  readonly lan?: LanSource
  /** Absent: the store is this instance's alone. */
  readonly sharing?: Pick<SharedOptions, 'bus' | 'health' | 'peerTimeoutMs' | 'internalUrl'>
  /** Commands that the store and the bus were billed so far, by their kind. */
  readonly storeCommands?: ReadonlyMap<string, number>
  readonly clock?: Clock
}

export interface App {
  readonly server: FastifyInstance
  readonly hub: Hub
  readonly instance: InstanceId
}

/** A slow header or body must not hold a socket for ever. Milliseconds. */
const REQUEST_WITHIN = 30_000
const HEADERS_WITHIN = 15_000

/** The composition root: what exists, and who knows whom. */
export async function buildApp(deps: Deps): Promise<App> {
  const { config, store, addresses, log, version, clock = systemClock } = deps
  const { pairingTtlMs, sessionTtlMs, resumeWindowMs, maxRoomMembers, rateLimits } = config
  const instance = nanoid<InstanceId>(10)

  const secrets = new Secrets(deps.appSecret)
  const warn = (what: string) => log.warn(what)
  const rooms = new Rooms({ store, clock, sessionTtlMs, warn })
  const sessions = new Sessions({ store, clock, secrets, rooms, sessionTtlMs, warn })
  const pairing = new Pairing({ store, clock, secrets, rooms, sessions, pairingTtlMs, warn })
  const limits = new Limits({ store, clock, secrets, on: rateLimits })
  const ice = new IceServers({ clock, iceServers: config.iceServers, turn: config.turn })
  const { sharing } = deps
  const key = secrets.linkKey()
  const relay: Relay = new Relay({
    clock,
    rateLimits,
    room: (id) => hub.room(id),
    ...(sharing === undefined
      ? {}
      : {
          openLink: (to, camera, listener) =>
            new LinkOpener({ clock, instance, key, to, camera, listener, log }),
        }),
  })
  const stills = new Stills({
    clock,
    rateLimits,
    room: (id) => hub.room(id),
    ...(sharing === undefined
      ? {}
      : { openLink: (to, ended) => new StillOpener({ clock, instance, key, to, ended, log }) }),
  })
  const hub: Hub = new Hub({
    clock,
    resumeWindowMs,
    maxRoomMembers,
    pairingTtlMs,
    log,
    memberChanged: (room, id) => relay.memberChanged(room, id),
    ...(sharing === undefined
      ? {}
      : {
          sharing: {
            ...sharing,
            shared: new SharedRooms({ store, sessionTtlMs, warn }),
            sessions,
            instance,
          },
          admitted: admitting(sessions, ice, () => hub, log),
        }),
  })
  const realtime: Realtime = {
    hub,
    rooms,
    sessions,
    ice,
    relay,
    stills,
    clock,
    instance,
    resumeWindowMs,
    maxRoomMembers,
    rateLimits,
    log,
  }
  const origins = createOrigins(() => addresses.origins(), config.allowedOrigins)
  const services: HttpServices = {
    rooms,
    sessions,
    pairing,
    limits,
    hub,
    media: relay.counts,
    stills: stills.counts,
    clock,
    addresses,
    origins,
    instance,
    store: config.store.kind,
    health: deps.sharing?.health,
    storeCommands: deps.storeCommands ?? new Map<string, number>(),
    version,
    metricsToken: config.metricsToken,
    log,
  }

  const server: FastifyInstance = Fastify({
    loggerInstance: log,
    // Fastify's own lines would hold query strings.
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: config.trustProxy.length === 0 ? false : [...config.trustProxy],
    bodyLimit: MAX_BODY,
    requestTimeout: REQUEST_WITHIN,
    http: { headersTimeout: HEADERS_WITHIN },
    genReqId: () => nanoid(10),
    frameworkErrors: answerUnroutable,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: false } },
  })
  await server.register(socketPlugin)
  await server.register(problems)
  await server.register(requestLog)
  await server.register(jsonBody)
  await server.register(securityPlugin, {
    embedders: origins.embedders,
    https: config.publicUrl?.startsWith('https:') ?? false,
  })
  await server.register(corsPlugin, { origins })
  await server.register(docsPlugin, { version, embedders: origins.embedders })
  await server.register(metricsRoutes, { services })
  for (const routes of [roomRoutes, sessionRoutes, pairingCodeRoutes, pairingRoutes, serviceRoutes]) {
    await server.register(routes, { services })
  }
  socketRoute(server, services, realtime)
  if (sharing !== undefined)
    internalMediaRoute(server, services, { clock, instance, key, relay, stills, log })
  server.addHook('preClose', async () => {
    relay.dispose()
    stills.dispose()
  })
  await server.register(lanRoutes, { lan: deps.lan })
  await server.register(stunRoute, { urls: ice.stun() })
  if (deps.pages !== undefined) await server.register(deps.pages)
  return { server, hub, instance }
}
