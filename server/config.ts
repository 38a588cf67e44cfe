import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { parseEnvironment } from './configuration/environment.ts'
import {
  allowedOriginsOf,
  appSecretOf,
  iceServersOf,
  internalUrlOf,
  peerTimeoutOf,
  publicUrlOf,
  storeOf,
  trustProxyOf,
  turnOf,
  type StoreConfig,
  type Turn,
} from './configuration/values.ts'
import type { IceServer } from './protocol/models.ts'

export { ConfigError } from './configuration/environment.ts'

/** The whole configuration, validated and frozen. Times are milliseconds. */
export interface Config {
  readonly port: number
  readonly host: string
  /** Base of the URLs in QR codes, without a slash at its end; absent: found from the LAN. */
  readonly publicUrl?: string
  readonly allowedOrigins: readonly string[]
  /** CIDR ranges of proxies whose X-Forwarded-For is believed. */
  readonly trustProxy: readonly string[]
  readonly store: StoreConfig
  readonly keyPrefix: string
  /** Label in logs and metrics; absent: the generated instance id. */
  readonly instanceLabel?: string
  readonly pairingTtlMs: number
  readonly sessionTtlMs: number
  readonly resumeWindowMs: number
  /** An instance that shares a room and is silent so long is dead. */
  readonly peerTimeoutMs: number
  readonly drainMs: number
  readonly maxRoomMembers: number
  readonly rateLimits: boolean
  readonly iceServers: readonly IceServer[]
  readonly turn?: Turn
  /** Where other instances reach this one for media; absent: at a private address of the machine. */
  readonly internalUrl?: string
  /** Keys every stored hash; absent: to be random, as the store ends with the process. */
  readonly appSecret?: string
  /** Port of the second, https listener; absent: off. */
  readonly lanHttpsPort?: number
  readonly metricsToken?: string
  readonly logLevel: string
  readonly production: boolean
  /** What the LAN authority's folder is derived from. */
  readonly user: { home: string; XDG_DATA_HOME?: string; LOCALAPPDATA?: string }
  /** Things an operator should know though they stop nothing … */
  readonly warnings: readonly string[]
  /** … and those that need no mending. */
  readonly notices: readonly string[]
}

/**
 * Turns variables into a configuration.
 * @throws ConfigError with one line for the operator
 */
export function configFrom(variables: Readonly<Record<string, string | undefined>>): Config {
  const env = parseEnvironment(variables)
  const warnings: string[] = []
  const notices: string[] = []
  const publicUrl = publicUrlOf(env)
  const production = env.NODE_ENV === 'production'
  const lanHttpsPort = env.LAN_HTTPS_PORT ?? 3443
  const lan = lanHttpsPort !== 0 && publicUrl === undefined && !production
  const turn = turnOf(env)
  const store = storeOf(env, warnings)
  const appSecret = appSecretOf(env, store, notices)
  const internalUrl = internalUrlOf(env)
  const instanceLabel = env.INSTANCE_ID ?? env.RENDER_INSTANCE_ID ?? env.RAILWAY_REPLICA_ID
  if (env.RATE_LIMITS === 'off')
    warnings.push('RATE_LIMITS is off: nothing bounds guessing and flooding; for load tests only')
  return Object.freeze<Config>({
    port: env.PORT,
    host: env.HOST,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    allowedOrigins: allowedOriginsOf(env),
    trustProxy: trustProxyOf(env),
    store,
    keyPrefix: env.KEY_PREFIX,
    ...(instanceLabel === undefined ? {} : { instanceLabel }),
    pairingTtlMs: env.PAIRING_TTL_SECONDS * 1000,
    sessionTtlMs: env.SESSION_TTL_SECONDS * 1000,
    resumeWindowMs: env.RESUME_WINDOW_SECONDS * 1000,
    peerTimeoutMs: peerTimeoutOf(env, store) * 1000,
    drainMs: env.DRAIN_SECONDS * 1000,
    maxRoomMembers: env.MAX_ROOM_MEMBERS,
    rateLimits: env.RATE_LIMITS === 'on',
    iceServers: iceServersOf(env),
    ...(turn === undefined ? {} : { turn }),
    ...(internalUrl === undefined ? {} : { internalUrl }),
    ...(appSecret === undefined ? {} : { appSecret }),
    ...(lan ? { lanHttpsPort } : {}),
    ...(env.METRICS_TOKEN === undefined ? {} : { metricsToken: env.METRICS_TOKEN }),
    logLevel: env.LOG_LEVEL,
    production,
    user: {
      home: homedir(),
      ...(env.XDG_DATA_HOME === undefined ? {} : { XDG_DATA_HOME: env.XDG_DATA_HOME }),
      ...(env.LOCALAPPDATA === undefined ? {} : { LOCALAPPDATA: env.LOCALAPPDATA }),
    },
    warnings,
    notices,
  })
}

/** The project's root: the nearest folder above this file that has a package.json (also from dist/). */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (;;) {
    if (readIfThere(join(folder, 'package.json')) !== undefined) return folder
    const parent = dirname(folder)
    if (parent === folder) throw new Error('no package.json above the server')
    folder = parent
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Reads `.env`, `server/.env` and the environment, of which the environment wins. */
export function loadConfig(): Config {
  const root = projectRoot()
  const files = [join(root, 'server', '.env'), join(root, '.env')]
  const sources = [...files.map((path) => parseEnv(readIfThere(path) ?? '')), process.env]
  // An empty value is none in each source, or it would hide what a lesser one says.
  const said = sources.flatMap((source) =>
    Object.entries(source).filter(([, value]) => value !== undefined && value.trim() !== ''),
  )
  return configFrom(Object.fromEntries(said))
}

/** The variables of this process as they are, for what starts others. */
export const ownEnvironment = (): Readonly<Record<string, string | undefined>> => process.env
