import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** Which built page answers which path. */
const PAGES = { '/': 'dashboard', '/p': 'phone', '/v': 'viewer', '/trust': 'trust' } as const

/** Hashed file names never change their content. */
const ASSET_LIFE_MS = 365 * 86_400_000

/** Serves the built pages from `folder`. */
export const builtPages =
  (folder: string) =>
  async (app: FastifyInstance): Promise<void> => {
    await app.register(fastifyStatic, {
      root: folder,
      // Each file becomes a route of its own at the start: what is not there is a 404 like any other.
      wildcard: false,
      index: false,
      globIgnore: ['**/*.html', '**/*.br', '**/*.gz'],
      preCompressed: true,
      immutable: true,
      maxAge: ASSET_LIFE_MS,
    })
    for (const [path, page] of Object.entries(PAGES)) {
      app.get(path, { schema: { hide: true } }, async (_request, reply) =>
        // Never from a cache without asking: a page names the assets of its own build.
        reply
          .header('cache-control', 'no-cache')
          .sendFile(join(page, 'index.html'), { maxAge: 0, immutable: false, cacheControl: false }),
      )
    }
  }
