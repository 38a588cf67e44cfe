import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'

/** OpenAPI 3.1 from the very schemas that validate, and a page to read it. */
export const docsPlugin = fp<{ version: string; embedders: readonly string[] }>(
  async (app, { version, embedders }) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Pairlens',
          version,
          description:
            'Pairing of phone cameras with a dashboard. The socket at /ws is described in docs/SPEC.md.',
          license: { name: 'MIT', identifier: 'MIT' },
        },
        components: {
          securitySchemes: { session: { type: 'http', scheme: 'bearer', description: "A session's token" } },
        },
        tags: [
          { name: 'rooms', description: 'Shared spaces and their members' },
          { name: 'sessions', description: "A device's seat in a room" },
          { name: 'pairing', description: 'Codes and claims' },
          { name: 'service', description: 'For operators' },
        ],
      },
    })
    const frameAncestors = embedders.length === 0 ? "'none'" : embedders.join(' ')
    await app.register(swaggerUi, {
      routePrefix: '/api/docs',
      staticCSP: true,
      // The page's own policy, with our word on who may frame it; scripts over http on a LAN must stay http.
      transformStaticCSP: (header) =>
        [
          ...header
            .split(';')
            .map((part) => part.trim())
            .filter((part) => part !== '' && !/^(frame-ancestors|upgrade-insecure-requests)\b/.test(part)),
          `frame-ancestors ${frameAncestors}`,
        ].join(';'),
    })
    app.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  },
)
