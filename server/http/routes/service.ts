import { Type } from 'typebox'
import { Readiness } from '../../protocol/api.ts'
import type { Routes } from '../services.ts'

/** For load balancers and operators. */
export const serviceRoutes: Routes = async (app, { services }) => {
  const { hub, instance, store, health, version } = services
  const startedAt = performance.now()

  app.get(
    '/healthz',
    {
      schema: {
        tags: ['service'],
        summary: 'The process lives',
        response: { 200: Type.Object({ status: Type.Literal('ok') }) },
      },
    },
    async (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }),
  )

  app.get(
    '/readyz',
    {
      schema: {
        tags: ['service'],
        summary: 'Whether new clients may come',
        response: { 200: Readiness, 503: Type.Object({ status: Type.Literal('draining') }) },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store')
      if (hub.draining) return reply.code(503).send({ status: 'draining' })
      const uptimeMs = Math.round(performance.now() - startedAt)
      const { rooms, members } = hub.counts()
      const status = health?.health.state === 'degraded' ? 'degraded' : 'ok'
      return reply.send({ status, store, instance, rooms, members, uptimeMs, version })
    },
  )
}
