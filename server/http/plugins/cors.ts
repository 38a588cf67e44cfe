import cors from '@fastify/cors'
import fp from 'fastify-plugin'
import type { Origins } from '../origins.ts'

/** CORS headers (Fetch standard) for allowed origins only; tokens travel as bearer, never as cookies. */
export const corsPlugin = fp<{ origins: Origins }>(async (app, { origins }) => {
  await app.register(cors, {
    origin: (origin, decide) => decide(null, origin !== undefined && origins.allows(origin)),
    methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type'],
    exposedHeaders: ['retry-after'],
    maxAge: 600,
    // A preflight of a foreign page falls through to the router like any other unknown request.
    strictPreflight: false,
  })
})
