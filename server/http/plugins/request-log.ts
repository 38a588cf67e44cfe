import fp from 'fastify-plugin'

/** Asked all the time, and of no interest while they are answered. */
const QUIET = /^\/(assets\/|healthz$|readyz$|metrics$|favicon)/

/** One line a request: method, path, status and time; never a query, which can carry what must not be logged [PAIR-8]. */
export const requestLog = fp(async (app) => {
  app.addHook('onResponse', async (request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    const level = QUIET.test(path) && reply.statusCode < 400 ? 'debug' : 'info'
    request.log[level](
      { method: request.method, path, status: reply.statusCode, ms: Math.round(reply.elapsedTime * 10) / 10 },
      'request',
    )
  })
})
