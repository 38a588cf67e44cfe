import helmet from '@fastify/helmet'
import fp from 'fastify-plugin'

/** A year: what browsers and the preload list expect of a site that stays on https. */
const HSTS_SECONDS = 31_536_000

/** Headers that every answer carries [SEC-5]. */
export const securityPlugin = fp<{ embedders: readonly string[]; https: boolean }>(
  async (app, { embedders, https }) => {
    await app.register(helmet, {
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
          imgSrc: ["'self'", 'data:', 'blob:'],
          mediaSrc: ["'self'", 'blob:'],
          fontSrc: ["'self'"],
          connectSrc: ["'self'"],
          manifestSrc: ["'self'"],
          workerSrc: ["'self'"],
          baseUri: ["'none'"],
          formAction: ["'none'"],
          frameAncestors: embedders.length === 0 ? ["'none'"] : [...embedders],
        },
      },
      // Never on LAN names: it would make certificate warnings final there.
      strictTransportSecurity: https ? { maxAge: HSTS_SECONDS, includeSubDomains: false } : false,
      referrerPolicy: { policy: 'no-referrer' },
      // frame-ancestors says the same, and can name origins.
      xFrameOptions: embedders.length === 0 ? { action: 'deny' } : false,
      crossOriginResourcePolicy: { policy: 'same-site' },
      // Isolation would keep an embedding page from talking to the page it opened.
      crossOriginOpenerPolicy: false,
      originAgentCluster: true,
    })
    app.addHook('onRequest', async (request, reply) => {
      const camera =
        request.routeOptions.url === '/p' ? 'camera=(self), screen-wake-lock=(self)' : 'camera=()'
      reply.header(
        'permissions-policy',
        `${camera}, microphone=(), geolocation=(), display-capture=(), payment=(), usb=()`,
      )
    })
  },
)
