import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Refusal } from '../../domain/refusal.ts'
import { sameText } from '../../domain/secrets.ts'
import { STILL_ENDS } from '../../protocol/still-ends.ts'
import type { HttpServices } from '../services.ts'

/** Upper bounds of the buckets of request times, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/

/** Without a token only the machine itself may read; a request that a proxy passed on comes from elsewhere. */
const isLocal = (request: FastifyRequest): boolean =>
  LOOPBACK.test(request.ip) && request.headers['x-forwarded-for'] === undefined

/** Figures for operators, in the Prometheus text format. */
export const metricsRoutes = fp<{ services: HttpServices }>(async (app, { services }) => {
  const { hub, media, stills, health, storeCommands, metricsToken, instance } = services
  const registry = new Registry()
  registry.setDefaultLabels({ instance })
  collectDefaultMetrics({ register: registry })
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value())
      },
    })
  gauge('pairlens_rooms', 'Rooms open on this instance', () => hub.counts().rooms)
  gauge(
    'pairlens_members',
    'Members on this instance, those in their resume window too',
    () => hub.counts().members,
  )
  gauge('pairlens_connections', 'Open sockets', () => hub.counts().connections)
  gauge('pairlens_store_degraded', '1 while the shared store is away', () =>
    health?.health.state === 'degraded' ? 1 : 0,
  )
  registry.registerMetric(
    new Counter({
      name: 'store_commands_total',
      help: 'Commands of the shared store and the bus, as they are billed',
      labelNames: ['kind'],
      registers: [],
      // The backends count before there is a registry.
      collect() {
        this.reset()
        for (const [kind, count] of storeCommands) this.inc({ kind }, count)
      },
    }),
  )
  registry.registerMetric(
    new Counter({
      name: 'pairlens_media_frames_total',
      help: 'Relayed pictures, for each watcher and other instance they were due to',
      labelNames: ['outcome'],
      registers: [],
      collect() {
        this.reset()
        this.inc({ outcome: 'sent' }, media.sent)
        this.inc({ outcome: 'dropped' }, media.dropped)
      },
    }),
  )
  registry.registerMetric(
    new Counter({
      name: 'pairlens_media_bytes_total',
      help: 'Bytes of the relayed pictures that were sent',
      registers: [],
      collect() {
        this.reset()
        this.inc(media.bytes)
      },
    }),
  )
  registry.registerMetric(
    new Counter({
      name: 'pairlens_still_packets_total',
      help: 'Packets of photos through the server, for each member and other instance they were due to',
      labelNames: ['outcome'],
      registers: [],
      collect() {
        this.reset()
        this.inc({ outcome: 'sent' }, stills.sent)
        this.inc({ outcome: 'dropped' }, stills.dropped)
      },
    }),
  )
  registry.registerMetric(
    new Counter({
      name: 'pairlens_still_bytes_total',
      help: 'Bytes of the packets of photos that were sent',
      registers: [],
      collect() {
        this.reset()
        this.inc(stills.bytes)
      },
    }),
  )
  registry.registerMetric(
    new Counter({
      name: 'pairlens_stills_total',
      help: 'Photos that ended through the server: by the receipts of hosts on this instance, or given up by cameras on it',
      labelNames: ['outcome'],
      registers: [],
      collect() {
        this.reset()
        for (const outcome of STILL_ENDS) this.inc({ outcome }, stills.ends.get(outcome) ?? 0)
      },
    }),
  )
  const requests = new Histogram({
    name: 'pairlens_http_request_seconds',
    help: 'Time to answer HTTP requests',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers: [registry],
  })
  app.addHook('onResponse', async (request, reply) => {
    // Patterns and not paths: every id would be a series of its own.
    const route = request.routeOptions.url ?? 'none'
    requests.observe(
      { method: request.method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    )
  })
  app.addHook('onClose', async () => registry.clear())

  app.get(
    '/metrics',
    {
      schema: {
        tags: ['service'],
        summary: 'Figures for operators, Prometheus text',
        produces: ['text/plain'],
      },
    },
    async (request, reply) => {
      const { authorization = '' } = request.headers
      if (
        metricsToken === undefined ? !isLocal(request) : !sameText(authorization, `Bearer ${metricsToken}`)
      ) {
        throw new Refusal(
          'unauthorized',
          metricsToken === undefined
            ? 'Without METRICS_TOKEN only this machine itself may read the metrics.'
            : 'Send METRICS_TOKEN as bearer.',
        )
      }
      return reply
        .header('cache-control', 'no-store')
        .type(registry.contentType)
        .send(await registry.metrics())
    },
  )
})
