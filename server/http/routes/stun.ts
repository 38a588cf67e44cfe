/** What a page checks a network with before it has a session. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { StunInfo } from '../../protocol/api.ts'

/** @param options `urls`: `stun:` URLs without credentials */
export const stunRoute: FastifyPluginAsyncTypebox<{ readonly urls: readonly string[] }> = async (
  app,
  { urls },
) => {
  app.get(
    '/api/stun',
    {
      schema: {
        tags: ['service'],
        summary: 'Where a device learns its address as it is seen from outside',
        response: { 200: StunInfo },
      },
    },
    async (_request, reply) => reply.header('cache-control', 'no-store').send({ urls: [...urls] }),
  )
}
