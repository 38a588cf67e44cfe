import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { envSchema } from 'env-schema'
import { Type, type Static } from 'typebox'
import type { IceServer } from './protocol/models.ts'

/** Which store the configuration names. */
export type StoreConfig =
  | { kind: 'memory' }
  | { kind: 'upstash'; url: string; token: string }
  | { kind: 'redis'; url: string }

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
  readonly drainMs: number
  readonly maxRoomMembers: number
  readonly rateLimits: boolean
  readonly iceServers: readonly IceServer[]
  readonly turn?: { urls: readonly string[]; secret: string }
  readonly appSecret?: string
  /** Port of the second, https listener; absent: off. */
  readonly lanHttpsPort?: number
  readonly metricsToken?: string
  readonly logLevel: string
  readonly production: boolean
  /** What the LAN authority's folder is derived from. */
  readonly user: { home: string; XDG_DATA_HOME?: string; LOCALAPPDATA?: string }
  /** Things an operator should know though they stop nothing. */
  readonly warnings: readonly string[]
}

/** A fault of the configuration: one line that names the variable, the fault and the mend. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

const port = (fallback?: number) =>
  Type.Integer({ minimum: 0, maximum: 65535, ...(fallback === undefined ? {} : { default: fallback }) })
const seconds = (fallback: number, maximum: number) => Type.Integer({ minimum: 1, maximum, default: fallback })
const text = Type.Optional(Type.String())
const DAY = 86_400

const Environment = Type.Object({
  PORT: port(3000),
  HOST: Type.String({ default: '0.0.0.0' }),
  PUBLIC_URL: text,
  RENDER_EXTERNAL_URL: text,
  RAILWAY_PUBLIC_DOMAIN: text,
  ALLOWED_ORIGINS: text,
  TRUST_PROXY: text,
  UPSTASH_REDIS_REST_URL: text,
  UPSTASH_REDIS_REST_TOKEN: text,
  REDIS_URL: text,
  KEY_PREFIX: Type.String({ default: 'pairlens:', maxLength: 64 }),
  INSTANCE_ID: Type.Optional(Type.String({ maxLength: 128 })),
  RENDER_INSTANCE_ID: text,
  RAILWAY_REPLICA_ID: text,
  PAIRING_TTL_SECONDS: seconds(120, 3600),
  SESSION_TTL_SECONDS: seconds(604_800, 365 * DAY),
  RESUME_WINDOW_SECONDS: seconds(30, 3600),
  DRAIN_SECONDS: seconds(25, 300),
  MAX_ROOM_MEMBERS: Type.Integer({ minimum: 1, maximum: 10_000, default: 200 }),
  RATE_LIMITS: Type.Union([Type.Literal('on'), Type.Literal('off')], { default: 'on' }),
  ICE_SERVERS: text,
  TURN_URLS: text,
  TURN_SECRET: text,
  APP_SECRET: Type.Optional(Type.String({ minLength: 16 })),
  LAN_HTTPS_PORT: Type.Optional(port()),
  METRICS_TOKEN: text,
  LOG_LEVEL: Type.Union(
    (['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const).map((level) => Type.Literal(level)),
    { default: 'info' },
  ),
  NODE_ENV: text,
  RENDER: text,
  RAILWAY_ENVIRONMENT: text,
  XDG_DATA_HOME: text,
  LOCALAPPDATA: text,
})
type Environment = Static<typeof Environment>

/** Never printed, whatever is wrong with them. */
const SECRET_VARIABLES: ReadonlySet<string> = new Set([
  'UPSTASH_REDIS_REST_TOKEN', 'REDIS_URL', 'TURN_SECRET', 'APP_SECRET', 'METRICS_TOKEN', 'ICE_SERVERS',
])

const MENDS: Readonly<Record<string, string>> = {
  PORT: 'give a port from 0 to 65535, such as 3000',
  LAN_HTTPS_PORT: 'give a port from 1 to 65535, such as 3443, or 0 for none',
  RATE_LIMITS: 'give on or off',
  LOG_LEVEL: 'give one of fatal, error, warn, info, debug, trace, silent',
  APP_SECRET: 'give at least 16 characters, for instance from `openssl rand -base64 32`',
  MAX_ROOM_MEMBERS: 'give a whole number from 1 to 10000',
}

const shown = (name: string, value: string | undefined) =>
  value === undefined || SECRET_VARIABLES.has(name) ? '' : ` (it is ${JSON.stringify(value)})`

const fault = (name: string, value: string | undefined, what: string, mend: string) =>
  new ConfigError(`${name} ${what}${shown(name, value)}: ${mend}`)

const PRIVATE_RANGES = ['127.0.0.0/8', '::1/128', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']
/** Published by Cloudflare (cloudflare.com/ips), which stands before Render's own proxies. */
const CLOUDFLARE_RANGES = [
  '173.245.48.0/20', '103.21.244.0/22', '103.22.200.0/22', '103.31.4.0/22', '141.101.64.0/18',
  '108.162.192.0/18', '190.93.240.0/20', '188.114.96.0/20', '197.234.240.0/22', '198.41.128.0/17',
  '162.158.0.0/15', '104.16.0.0/13', '104.24.0.0/14', '172.64.0.0/13', '131.0.72.0/22',
  '2400:cb00::/32', '2606:4700::/32', '2803:f800::/32', '2405:b500::/32', '2405:8100::/32',
  '2a06:98c0::/29', '2c0f:f248::/32',
]
/** Railway's edge reaches a service from the shared address space (RFC 6598). */
const RAILWAY_RANGES = [...PRIVATE_RANGES, '100.64.0.0/10']

const list = (value: string | undefined): string[] =>
  (value ?? '').split(',').map((part) => part.trim()).filter((part) => part !== '')

function httpUrl(name: string, value: string, mend: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw fault(name, value, 'is not an http or https URL', mend)
  }
  if (url.username !== '' || url.password !== '') {
    throw fault(name, undefined, 'holds a user name or password', mend)
  }
  return url
}

function publicUrlOf(env: Environment): string | undefined {
  const [name, value] =
    env.PUBLIC_URL !== undefined ? ['PUBLIC_URL', env.PUBLIC_URL]
    : env.RENDER_EXTERNAL_URL !== undefined ? ['RENDER_EXTERNAL_URL', env.RENDER_EXTERNAL_URL]
    : env.RAILWAY_PUBLIC_DOMAIN !== undefined ? ['RAILWAY_PUBLIC_DOMAIN', `https://${env.RAILWAY_PUBLIC_DOMAIN}`]
    : ['PUBLIC_URL', undefined]
  if (value === undefined) return undefined
  const mend = 'give the address people open, such as https://cameras.example.com'
  const url = httpUrl(name, value, mend)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw fault(name, value, 'has more than a host', `${mend}, without a path`)
  }
  return url.origin
}

function allowedOriginsOf(env: Environment): string[] {
  return list(env.ALLOWED_ORIGINS).map((value) => {
    const mend = 'list origins such as https://app.example.com, separated by commas'
    const url = httpUrl('ALLOWED_ORIGINS', value, mend)
    if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
      throw fault('ALLOWED_ORIGINS', value, 'has an entry that is more than an origin', mend)
    }
    return url.origin
  })
}

function trustProxyOf(env: Environment): string[] {
  if (env.TRUST_PROXY === undefined) {
    if (env.RENDER !== undefined || env.RENDER_EXTERNAL_URL !== undefined) return [...PRIVATE_RANGES, ...CLOUDFLARE_RANGES]
    if (env.RAILWAY_ENVIRONMENT !== undefined || env.RAILWAY_PUBLIC_DOMAIN !== undefined) return RAILWAY_RANGES
    return []
  }
  const ranges = list(env.TRUST_PROXY)
  for (const range of ranges) {
    const [address = '', bits, more] = range.split('/')
    const family = isIP(address)
    const ok = family !== 0 && more === undefined &&
      (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))
    if (!ok) {
      throw fault('TRUST_PROXY', range, 'has an entry that is no address range',
        'list the ranges of your proxies, such as 10.0.0.0/8, separated by commas')
    }
  }
  return ranges
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

function storeOf(env: Environment, warnings: string[]): StoreConfig {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token, REDIS_URL: redis } = env
  if (url !== undefined && token === undefined) {
    throw fault('UPSTASH_REDIS_REST_TOKEN', undefined, 'is missing while UPSTASH_REDIS_REST_URL is set',
      'copy both values from the database\'s page at Upstash, or set neither')
  }
  if (token !== undefined && url === undefined) {
    throw fault('UPSTASH_REDIS_REST_URL', undefined, 'is missing while UPSTASH_REDIS_REST_TOKEN is set',
      'copy both values from the database\'s page at Upstash, or set neither')
  }
  if (url !== undefined && token !== undefined) {
    if (redis !== undefined) {
      throw fault('REDIS_URL', undefined, 'is set together with UPSTASH_REDIS_REST_URL', 'keep one of the two')
    }
    const parsed = httpUrl('UPSTASH_REDIS_REST_URL', url, 'copy the https address from the database\'s page at Upstash')
    if (parsed.protocol === 'http:' && !LOOPBACK.has(parsed.hostname)) {
      warnings.push('UPSTASH_REDIS_REST_URL is an http address: the token crosses the network unencrypted')
    }
    return { kind: 'upstash', url: url.replace(/\/+$/, ''), token }
  }
  if (redis !== undefined) {
    const parsed = URL.canParse(redis) ? new URL(redis) : undefined
    if (!parsed || (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:')) {
      throw fault('REDIS_URL', undefined, 'is not a redis:// or rediss:// URL', 'give one, such as redis://127.0.0.1:6379')
    }
    return { kind: 'redis', url: redis }
  }
  return { kind: 'memory' }
}

/** One public server, so that peers behind different home routers find each other without any setup. */
const DEFAULT_ICE_SERVERS: readonly IceServer[] = [{ urls: 'stun:stun.cloudflare.com:3478' }]

function iceServersOf(env: Environment): readonly IceServer[] {
  if (env.ICE_SERVERS === undefined) return DEFAULT_ICE_SERVERS
  const mend = 'give a JSON array such as [{"urls":"stun:stun.example.com:3478"}], or [] for none'
  let value: unknown
  try {
    value = JSON.parse(env.ICE_SERVERS)
  } catch {
    throw fault('ICE_SERVERS', undefined, 'is not JSON', mend)
  }
  const isText = (part: unknown): part is string => typeof part === 'string'
  const isServer = (part: unknown): part is IceServer =>
    typeof part === 'object' && part !== null && 'urls' in part &&
    (isText(part.urls) ? [part.urls] : Array.isArray(part.urls) ? part.urls : [null])
      .every((entry: unknown) => isText(entry) && /^(stun|stuns|turn|turns):/.test(entry)) &&
    (!('username' in part) || isText(part.username)) &&
    (!('credential' in part) || isText(part.credential))
  if (!Array.isArray(value) || !value.every(isServer)) {
    throw fault('ICE_SERVERS', undefined, 'is not an array of RTCIceServer', mend)
  }
  return value
}

function turnOf(env: Environment): Config['turn'] {
  const urls = list(env.TURN_URLS)
  if (urls.length === 0 && env.TURN_SECRET === undefined) return undefined
  if (urls.length === 0) {
    throw fault('TURN_URLS', undefined, 'is missing while TURN_SECRET is set', 'list them, such as turn:turn.example.com:3478')
  }
  const odd = urls.find((url) => !/^turns?:/.test(url))
  if (odd !== undefined) {
    throw fault('TURN_URLS', odd, 'has an entry that is no turn: or turns: URL', 'list them, such as turn:turn.example.com:3478')
  }
  if (env.TURN_SECRET === undefined) {
    throw fault('TURN_SECRET', undefined, 'is missing while TURN_URLS is set', 'give the static-auth-secret of your TURN server')
  }
  return { urls, secret: env.TURN_SECRET }
}

function parse(variables: Readonly<Record<string, string | undefined>>): Environment {
  // An empty value is none, which is also what a blank line in a platform's form gives.
  const data = Object.fromEntries(
    Object.keys(Environment.properties)
      .map((name) => [name, variables[name]?.trim()] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  )
  try {
    return envSchema<Environment>({ schema: Environment, data, env: false })
  } catch (error) {
    const first = (error as { errors?: { instancePath?: string; message?: string }[] }).errors?.[0]
    const name = first?.instancePath?.slice(1).split('/')[0]
    if (name === undefined || name === '') throw error
    throw fault(name, data[name], first?.message ?? 'is not valid', MENDS[name] ?? 'give a whole number in that range, or unset it')
  }
}

/**
 * Turns variables into a configuration.
 * @throws ConfigError with one line for the operator
 */
export function configFrom(variables: Readonly<Record<string, string | undefined>>): Config {
  const env = parse(variables)
  const warnings: string[] = []
  const publicUrl = publicUrlOf(env)
  const production = env.NODE_ENV === 'production'
  const lanHttpsPort = env.LAN_HTTPS_PORT ?? 3443
  const lan = lanHttpsPort !== 0 && publicUrl === undefined && !production
  const turn = turnOf(env)
  const instanceLabel = env.INSTANCE_ID ?? env.RENDER_INSTANCE_ID ?? env.RAILWAY_REPLICA_ID
  if (env.RATE_LIMITS === 'off') warnings.push('RATE_LIMITS is off: nothing bounds guessing and flooding; for load tests only')
  return Object.freeze<Config>({
    port: env.PORT,
    host: env.HOST,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    allowedOrigins: allowedOriginsOf(env),
    trustProxy: trustProxyOf(env),
    store: storeOf(env, warnings),
    keyPrefix: env.KEY_PREFIX,
    ...(instanceLabel === undefined ? {} : { instanceLabel }),
    pairingTtlMs: env.PAIRING_TTL_SECONDS * 1000,
    sessionTtlMs: env.SESSION_TTL_SECONDS * 1000,
    resumeWindowMs: env.RESUME_WINDOW_SECONDS * 1000,
    drainMs: env.DRAIN_SECONDS * 1000,
    maxRoomMembers: env.MAX_ROOM_MEMBERS,
    rateLimits: env.RATE_LIMITS === 'on',
    iceServers: iceServersOf(env),
    ...(turn === undefined ? {} : { turn }),
    ...(env.APP_SECRET === undefined ? {} : { appSecret: env.APP_SECRET }),
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
  const files = [join(root, '.env'), join(root, 'server', '.env')]
  const fromFiles = files.map((path) => parseEnv(readIfThere(path) ?? ''))
  const environment = Object.entries(process.env).filter(([, value]) => value !== undefined && value !== '')
  return configFrom({ ...fromFiles[1], ...fromFiles[0], ...Object.fromEntries(environment) })
}
