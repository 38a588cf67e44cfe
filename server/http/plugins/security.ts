import helmet from '@fastify/helmet'
import fp from 'fastify-plugin'

/** A year: what browsers and the preload list expect of a site that stays on https. */
const HSTS_SECONDS = 31_536_000

const PHONE_PAGE = '/p'
/** Its microphone is for talking to a phone, and asked for when somebody does. */
const DASHBOARD = '/'

/** What each page may ask the browser for. */
const devicesOf = (path: string | undefined): string => {
  if (path === PHONE_PAGE) return 'camera=(self), microphone=(self), screen-wake-lock=(self)'
  return `camera=(), microphone=${path === DASHBOARD ? '(self)' : '()'}`
}

/** Headers that every answer carries [SEC-5]. */
export const securityPlugin = fp<{ embedders: readonly string[]; https: boolean }>(
  async (app, { embedders, https }) => {
    const policy = (...scripts: readonly string[]) => ({
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'", ...scripts],
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
    })
    // Before helmet's own hook, which reads what this one sets. The scanner is WebAssembly of this origin, and
    // this keyword allows that without allowing `eval` (CSP Level 3, section 4.4).
    app.addHook('onRoute', (route) => {
      if (route.url === PHONE_PAGE) route.helmet = { contentSecurityPolicy: policy("'wasm-unsafe-eval'") }
    })
    await app.register(helmet, {
      contentSecurityPolicy: policy(),
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
      reply.header(
        'permissions-policy',
        `${devicesOf(request.routeOptions.url)}, geolocation=(), display-capture=(), payment=(), usb=()`,
      )
    })
  },
)
