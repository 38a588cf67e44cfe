import { randomBytes } from 'node:crypto'
import { readFileSync, realpathSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { buildApp, type App } from './app.ts'
import { createBus } from './bus/index.ts'
import { ConfigError, loadConfig, projectRoot, type Config } from './config.ts'
import { systemClock } from './domain/clock.ts'
import { builtPages } from './http/plugins/pages.ts'
import type { Addresses } from './http/services.ts'
import { dataFolder, openLan, type Lan } from './lan/index.ts'
import { ownInternalUrl } from './lan/internal-url.ts'
import { plainAddresses } from './lan/plain.ts'
import { createLogger } from './logger.ts'
import { openStore } from './store/index.ts'

export interface StartOptions {
  /** Serves the pages; the built ones unless said otherwise. */
  readonly pages?: (app: FastifyInstance) => Promise<void>
}

/** Balancers need to see that this instance leaves before it refuses connections [DRAIN-1]. Milliseconds. */
const SAY_DRAINING_FOR = 1_200
/** What is still open so long before the end is cut, so that the process ends in time. Milliseconds. */
const CUT_BEFORE_END = 700
/** After the time to drain and this much more the process ends as failed, whatever still hangs. Milliseconds. */
const GIVE_UP_AFTER = 1_000

/** A start that cannot go on says why in one line and ends the process. */
function giveUp(why: string): never {
  process.stderr.write(`${why}\n`)
  process.exit(1)
}

function configured(): Config {
  try {
    return loadConfig()
  } catch (error) {
    if (error instanceof ConfigError) giveUp(error.message)
    throw error
  }
}

const versionOf = (root: string): string =>
  (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version

async function listen(server: FastifyInstance, { host, port }: Config): Promise<void> {
  try {
    await server.listen({ host, port, listenTextResolver: (address) => `listening on ${address}` })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE')
      giveUp(`PORT ${port} is taken by another program: end that one, or set PORT to a free port`)
    if (code === 'EACCES') giveUp(`PORT ${port} may not be used by this user: set PORT to one above 1023`)
    if (code === 'EADDRNOTAVAIL')
      giveUp(`HOST ${host} is no address of this machine: set HOST to one of its own, or to 0.0.0.0`)
    throw error
  }
}

const portOf = (server: FastifyInstance, otherwise: number): number => {
  const address = server.server.address()
  return typeof address === 'object' && address !== null ? address.port : otherwise
}

function addressesOf({ publicUrl, host }: Config, lan: Lan | undefined, port: () => number): Addresses {
  if (publicUrl !== undefined) {
    return {
      urlFor: (address) => (address === undefined ? publicUrl : undefined),
      origins: () => [publicUrl],
    }
  }
  const plain = plainAddresses(host, port)
  return {
    // Without a network there is still this machine itself.
    urlFor: (address) =>
      lan?.urlFor(address) ??
      (lan === undefined || address === undefined ? plain.urlFor(address) : undefined),
    origins: () => [...plain.origins(), ...(lan?.origins() ?? [])],
  }
}

/** What a person who started this wants to know, in a few lines. */
function banner(config: Config, addresses: Addresses, port: number, lan: Lan | undefined): string {
  const dashboard = config.publicUrl ?? `http://localhost:${port}`
  const phones = addresses.urlFor() ?? dashboard
  const lines = [
    `  Dashboard    ${dashboard}`,
    `  Phones use   ${phones}`,
    `  Store        ${config.store.kind === 'memory' ? 'memory (one instance; data ends with it)' : config.store.kind}`,
  ]
  if (lan !== undefined && phones.startsWith('https:')) {
    lines.push(
      `  A phone that warns of the certificate finds help at ${lan.urlFor()?.replace(/^https:\/\/(.*):\d+$/, `http://$1:${port}`)}/trust`,
    )
  }
  return `\nPairlens is ready.\n${lines.join('\n')}\n\n`
}

function announce(
  log: Logger,
  config: Config,
  addresses: Addresses,
  port: number,
  lan: Lan | undefined,
): void {
  if (config.production) {
    log.info(
      {
        dashboard: config.publicUrl ?? `http://localhost:${port}`,
        phones: addresses.urlFor(),
        store: config.store.kind,
      },
      'Pairlens is ready',
    )
  } else {
    process.stdout.write(banner(config, addresses, port, lan))
  }
}

async function drain({ server, hub }: App, drainMs: number, log: Logger): Promise<void> {
  hub.drain()
  const sayFor = Math.min(SAY_DRAINING_FOR, Math.max(1_000, drainMs - CUT_BEFORE_END))
  await new Promise((resolve) => setTimeout(resolve, sayFor))
  await hub.leave()
  log.debug('the sockets are closed')
  const cut = setTimeout(
    () => {
      log.warn('requests that are still under way are cut')
      server.server.closeAllConnections()
    },
    Math.max(0, drainMs - sayFor - CUT_BEFORE_END),
  )
  await server.close()
  clearTimeout(cut)
  log.debug('the requests are done')
}

/** Starts the server from the environment; the process ends on SIGTERM or SIGINT, drained. */
export async function start(options: StartOptions = {}): Promise<void> {
  const config = configured()
  const root = projectRoot()
  const log = createLogger({
    level: config.logLevel,
    ...(config.instanceLabel === undefined ? {} : { instance: config.instanceLabel }),
    forPeople: process.stdout.isTTY && !config.production,
  })
  for (const warning of config.warnings) log.warn(warning)
  for (const notice of config.notices) log.info(notice)
  const commands = new Map<string, number>()
  const backend = {
    prefix: config.keyPrefix,
    onCommand: (kind: string, count: number) => void commands.set(kind, (commands.get(kind) ?? 0) + count),
  }
  const opened = await openStore(config.store, { ...backend, log, clock: systemClock })
  const { store } = opened
  const bus = createBus(config.store, backend)

  const lan =
    config.lanHttpsPort === undefined
      ? undefined
      : await openLan({
          folder: dataFolder(process.platform, config.user.home, config.user),
          httpsPort: config.lanHttpsPort,
          httpPort: config.port,
          host: config.host,
          log,
        })
  let port = config.port
  const addresses = addressesOf(config, lan, () => port)

  const app = await buildApp({
    config,
    store,
    addresses,
    log,
    // Without a shared store, a key that ends with the process: so does all that it protects.
    appSecret: config.appSecret ?? randomBytes(32).toString('base64url'),
    version: versionOf(root),
    pages: options.pages ?? builtPages(join(root, 'dist', 'web')),
    storeCommands: commands,
    ...(lan === undefined ? {} : { lan }),
    ...(opened.kind === 'memory'
      ? {}
      : {
          sharing: {
            bus,
            health: opened.store,
            peerTimeoutMs: config.peerTimeoutMs,
            internalUrl: () => config.internalUrl ?? ownInternalUrl(config.host, port, networkInterfaces()),
          },
        }),
  })
  await listen(app.server, config)
  port = portOf(app.server, config.port)
  await lan?.attach(app.server)

  closeWithGrace({ delay: config.drainMs + GIVE_UP_AFTER, logger: log }, async ({ err, signal }) => {
    if (err !== undefined) log.fatal({ err }, 'the server cannot go on')
    else log.info({ signal }, 'draining')
    await drain(app, config.drainMs, log)
    await lan?.close()
    await bus.close()
    await store.close()
    log.info('stopped')
  })
  announce(log, config, addresses, port, lan)
}

const [, script] = process.argv
// A link to this file starts the server as well.
if (script !== undefined && import.meta.url === pathToFileURL(realpathSync(script)).href) await start()
