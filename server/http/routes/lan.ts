/** What phones on the same network need before and while they trust this machine. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { LanInfo } from '../../protocol/api.ts'

/** What the routes need of the LAN listener. */
export interface LanSource {
  info(): LanInfo
  authorityDer(): Buffer
  mobileConfig(): string
}

const file = (description: string) => Type.Unsafe<Buffer>({ type: 'string', format: 'binary', description })

/** Serves LanInfo and the authority in the forms that phones install. The page itself is served elsewhere. */
export const lanRoutes: FastifyPluginAsyncTypebox<{ readonly lan: LanSource | undefined }> = async (
  app,
  options,
) => {
  const { lan } = options
  app.get(
    '/api/lan',
    {
      schema: {
        tags: ['lan'],
        summary: 'How phones on the same network reach this machine',
        response: { 200: LanInfo },
      },
    },
    async (_request, reply) =>
      reply.header('cache-control', 'no-store').send(lan?.info() ?? { addresses: [] }),
  )
  if (lan === undefined) return

  app.get(
    '/trust/pairlens-authority.crt',
    {
      schema: {
        tags: ['lan'],
        summary: 'Certificate of the local authority (DER)',
        response: {
          200: {
            description: 'For Android and desktop systems',
            content: { 'application/x-x509-ca-cert': { schema: file('X.509 certificate, DER') } },
          },
        },
      },
    },
    async (_request, reply) =>
      reply
        .header('cache-control', 'no-store')
        .header('content-type', 'application/x-x509-ca-cert')
        .header('content-disposition', 'attachment; filename="pairlens-authority.crt"')
        .send(lan.authorityDer()),
  )

  app.get(
    '/trust/pairlens.mobileconfig',
    {
      schema: {
        tags: ['lan'],
        summary: 'Apple configuration profile with the local authority',
        response: {
          200: {
            description: 'For iPhone and iPad',
            content: { 'application/x-apple-aspen-config': { schema: file('Property list, XML') } },
          },
        },
      },
    },
    async (_request, reply) =>
      reply
        .header('cache-control', 'no-store')
        .header('content-type', 'application/x-apple-aspen-config')
        .send(Buffer.from(lan.mobileConfig())),
  )
}
