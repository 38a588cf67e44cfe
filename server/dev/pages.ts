import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer as createProbe } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { createServer } from 'vite'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Which page answers which path (docs/SPEC.md, section 3). */
const PAGES = { '/': 'dashboard', '/p': 'phone', '/v': 'viewer', '/trust': 'trust' } as const

const POLICY = 'content-security-policy'

/**
 * The app's own policy, loosened by what Vite needs: styles it puts into the page, and the socket and worker
 * over which it reports changes. Everything else stays, so that what breaks the rules breaks here too.
 */
const loosened = (policy: string): string =>
  [
    ['style-src', "'unsafe-inline'"],
    ['connect-src', 'ws: wss:'],
    ['worker-src', 'blob:'],
  ].reduce((text, [directive, more]) => text.replace(`${directive} `, `${directive} ${more} `), policy)

/**
 * Where Vite reports changes: a port of its own, since the app's upgrades belong to `/ws`. The same at every
 * start, so that open pages find it again after a restart of the server.
 */
const RELOAD_PORT = 24_678

/** The wanted port where it is free, else any. */
async function portNear(wanted: number): Promise<number> {
  const probe = createProbe()
  const listening = (port: number) =>
    new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false))
      probe.listen(port, () => resolve(true))
    })
  if (!(await listening(wanted)) && !(await listening(0)))
    throw new Error('No port is free to report changes on')
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : wanted
}

/** Serves the pages from their sources, for `npm run dev`: a change in web/ shows without a build. */
export async function devPages(app: FastifyInstance): Promise<void> {
  const vite = await createServer({
    configFile: `${ROOT}web/vite.config.ts`,
    appType: 'custom',
    clearScreen: false,
    server: {
      middlewareMode: true,
      ws: { port: await portNear(RELOAD_PORT) },
      // Phones reach this machine by address or by its .local name.
      allowedHosts: ['.local'],
      // The server may listen on all addresses: nothing but what the pages are made of is given out.
      fs: { allow: ['web', 'server/protocol', 'node_modules'].map((folder) => ROOT + folder) },
    },
  })
  app.addHook('onClose', async () => vite.close())

  for (const [path, page] of Object.entries(PAGES)) {
    const file = `/${page}/index.html`
    if (!existsSync(`${ROOT}web${file}`)) continue
    app.get(path, { schema: { hide: true } }, async (_request, reply) => {
      const source = await readFile(`${ROOT}web${file}`, 'utf8')
      // The page's path is not its file's, so what is named from beside the file is named from the root.
      const html = source.replaceAll(/(\s(?:src|href)=")\.\//g, `$1/${page}/`)
      const policy = reply.raw.getHeader(POLICY)
      if (typeof policy === 'string') reply.raw.setHeader(POLICY, loosened(policy))
      return reply
        .type('text/html')
        .header('cache-control', 'no-store')
        .send(await vite.transformIndexHtml(file, html, path))
    })
  }

  // Last in the router's order, so every route of the app comes before.
  app.get('/*', { schema: { hide: true } }, (request, reply) => {
    vite.middlewares(request.raw, reply.raw, (error: unknown) => {
      if (error === undefined) reply.callNotFound()
      else reply.send(error)
    })
  })
}
