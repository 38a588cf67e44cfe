/** What each variable means: texts to values, each fault in one line. */
import { createHmac } from 'node:crypto'
import { isIP } from 'node:net'
import { isPrivateAddress } from '../domain/private-addresses.ts'
import type { IceServer } from '../protocol/models.ts'
import { fault, type Environment } from './environment.ts'

/** Which store the configuration names. */
export type StoreConfig =
  | { kind: 'memory' }
  | { kind: 'upstash'; url: string; token: string }
  | { kind: 'redis'; url: string }

const PRIVATE_RANGES = ['127.0.0.0/8', '::1/128', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']
/** Published by Cloudflare (cloudflare.com/ips), which stands before Render's own proxies. */
const CLOUDFLARE_RANGES = [
  '173.245.48.0/20',
  '103.21.244.0/22',
  '103.22.200.0/22',
  '103.31.4.0/22',
  '141.101.64.0/18',
  '108.162.192.0/18',
  '190.93.240.0/20',
  '188.114.96.0/20',
  '197.234.240.0/22',
  '198.41.128.0/17',
  '162.158.0.0/15',
  '104.16.0.0/13',
  '104.24.0.0/14',
  '172.64.0.0/13',
  '131.0.72.0/22',
  '2400:cb00::/32',
  '2606:4700::/32',
  '2803:f800::/32',
  '2405:b500::/32',
  '2405:8100::/32',
  '2a06:98c0::/29',
  '2c0f:f248::/32',
]
/** Railway's edge reaches a service from the shared address space (RFC 6598). */
const RAILWAY_RANGES = [...PRIVATE_RANGES, '100.64.0.0/10']

const list = (value: string | undefined): string[] =>
  (value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

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

export function publicUrlOf(env: Environment): string | undefined {
  const [name, value] =
    env.PUBLIC_URL !== undefined
      ? ['PUBLIC_URL', env.PUBLIC_URL]
      : env.RENDER_EXTERNAL_URL !== undefined
        ? ['RENDER_EXTERNAL_URL', env.RENDER_EXTERNAL_URL]
        : env.RAILWAY_PUBLIC_DOMAIN !== undefined
          ? ['RAILWAY_PUBLIC_DOMAIN', `https://${env.RAILWAY_PUBLIC_DOMAIN}`]
          : ['PUBLIC_URL', undefined]
  if (value === undefined) return undefined
  const mend = 'give the address people open, such as https://cameras.example.com'
  const url = httpUrl(name, value, mend)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw fault(name, value, 'has more than a host', `${mend}, without a path`)
  }
  return url.origin
}

/** Where other instances reach this one: pictures of cameras travel there, and nowhere but in a private network. */
export function internalUrlOf(env: Environment): string | undefined {
  const value = env.INTERNAL_URL
  if (value === undefined) return undefined
  const mend = 'give the address other instances reach this one at, such as http://10.0.0.5:3000'
  const url = httpUrl('INTERNAL_URL', value, mend)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw fault('INTERNAL_URL', value, 'has more than a host and port', `${mend}, without a path`)
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(host) !== 0 && !isPrivateAddress(host)) {
    throw fault('INTERNAL_URL', value, 'is outside the private address ranges', mend)
  }
  return url.origin
}

export function allowedOriginsOf(env: Environment): string[] {
  return list(env.ALLOWED_ORIGINS).map((value) => {
    const mend = 'list origins such as https://app.example.com, separated by commas'
    const url = httpUrl('ALLOWED_ORIGINS', value, mend)
    if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
      throw fault('ALLOWED_ORIGINS', value, 'has an entry that is more than an origin', mend)
    }
    return url.origin
  })
}

export function trustProxyOf(env: Environment): string[] {
  if (env.TRUST_PROXY === undefined) {
    if (env.RENDER !== undefined || env.RENDER_EXTERNAL_URL !== undefined)
      return [...PRIVATE_RANGES, ...CLOUDFLARE_RANGES]
    if (env.RAILWAY_ENVIRONMENT !== undefined || env.RAILWAY_PUBLIC_DOMAIN !== undefined)
      return RAILWAY_RANGES
    return []
  }
  const ranges = list(env.TRUST_PROXY)
  for (const range of ranges) {
    const [address = '', bits, more] = range.split('/')
    const family = isIP(address)
    const ok =
      family !== 0 &&
      more === undefined &&
      (bits === undefined ||
        (/^\d{1,3}$/.test(bits) && Number(bits) > 0 && Number(bits) <= (family === 4 ? 32 : 128)))
    if (!ok) {
      throw fault(
        'TRUST_PROXY',
        range,
        'has an entry that is no address range',
        'list the ranges of your proxies, such as 10.0.0.0/8, separated by commas',
      )
    }
  }
  return ranges
}

/** Where short-lived TURN credentials are good, and what they are made with. */
export interface Turn {
  readonly urls: readonly string[]
  readonly secret: string
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

export function storeOf(env: Environment, warnings: string[]): StoreConfig {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token, REDIS_URL: redis } = env
  if (url !== undefined && token === undefined) {
    throw fault(
      'UPSTASH_REDIS_REST_TOKEN',
      undefined,
      'is missing while UPSTASH_REDIS_REST_URL is set',
      "copy both values from the database's page at Upstash, or set neither",
    )
  }
  if (token !== undefined && url === undefined) {
    throw fault(
      'UPSTASH_REDIS_REST_URL',
      undefined,
      'is missing while UPSTASH_REDIS_REST_TOKEN is set',
      "copy both values from the database's page at Upstash, or set neither",
    )
  }
  if (url !== undefined && token !== undefined) {
    if (redis !== undefined) {
      throw fault(
        'REDIS_URL',
        undefined,
        'is set together with UPSTASH_REDIS_REST_URL',
        'keep one of the two',
      )
    }
    const parsed = httpUrl(
      'UPSTASH_REDIS_REST_URL',
      url,
      "copy the https address from the database's page at Upstash",
    )
    if (parsed.protocol === 'http:' && !LOOPBACK.has(parsed.hostname)) {
      warnings.push('UPSTASH_REDIS_REST_URL is an http address: the token crosses the network unencrypted')
    }
    return { kind: 'upstash', url: url.replace(/\/+$/, ''), token }
  }
  if (redis !== undefined) {
    const parsed = URL.canParse(redis) ? new URL(redis) : undefined
    if (!parsed || (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:')) {
      throw fault(
        'REDIS_URL',
        undefined,
        'is not a redis:// or rediss:// URL',
        'give one, such as redis://127.0.0.1:6379',
      )
    }
    return { kind: 'redis', url: redis }
  }
  return { kind: 'memory' }
}

/** An instance that is silent so long is dead. Seconds. Upstash is farther away, and each ping of a peer is billed. */
const PEER_TIMEOUT_SECONDS = { memory: 10, upstash: 30, redis: 10 } as const

export const peerTimeoutOf = (env: Environment, store: StoreConfig): number =>
  env.PEER_TIMEOUT_SECONDS ?? PEER_TIMEOUT_SECONDS[store.kind]

/**
 * A key that all instances of one store have without being told (HMAC-SHA256, RFC 2104): from what only they and the
 * store know. Without a password that is no more than the address.
 */
function derivedSecret(store: StoreConfig): string | undefined {
  if (store.kind === 'memory') return undefined
  const keyed = (credentials: string, from: string) =>
    createHmac('sha256', credentials).update(`pairlens app secret\0${from}`).digest('base64url')
  if (store.kind === 'upstash') return keyed(store.token, store.url)
  const { username, password } = new URL(store.url)
  // One database often has several addresses, so the password alone counts.
  return password === '' ? keyed(store.url, '') : keyed(password, username)
}

/** What keys every stored hash: given, or derived, which an operator should know of. */
export function appSecretOf(env: Environment, store: StoreConfig, notices: string[]): string | undefined {
  if (env.APP_SECRET !== undefined) return env.APP_SECRET
  const derived = derivedSecret(store)
  if (derived !== undefined)
    notices.push(
      "APP_SECRET is not set and is derived from the store's credentials: rotating them signs everyone out",
    )
  return derived
}

/** One public server, so that peers behind different home routers find each other without any setup. */
const DEFAULT_ICE_SERVERS: readonly IceServer[] = [{ urls: 'stun:stun.cloudflare.com:3478' }]

const isText = (part: unknown): part is string => typeof part === 'string'

/** What browsers take (WebRTC 1.0, section 4.4.1.6): at least one URL, and credentials for TURN. */
function isIceServer(part: unknown): part is IceServer {
  if (typeof part !== 'object' || part === null || !('urls' in part)) return false
  const urls: unknown[] = Array.isArray(part.urls) ? part.urls : [part.urls]
  if (urls.length === 0 || !urls.every((url) => isText(url) && /^(stun|stuns|turn|turns):./.test(url)))
    return false
  const credentials = ['username', 'credential'].map((name) => (part as Record<string, unknown>)[name])
  if (!credentials.every((value) => value === undefined || isText(value))) return false
  return !urls.some((url) => isText(url) && url.startsWith('turn')) || credentials.every(isText)
}

export function iceServersOf(env: Environment): readonly IceServer[] {
  if (env.ICE_SERVERS === undefined) return DEFAULT_ICE_SERVERS
  const mend = 'give a JSON array such as [{"urls":"stun:stun.example.com:3478"}], or [] for none'
  let value: unknown
  try {
    value = JSON.parse(env.ICE_SERVERS)
  } catch {
    throw fault('ICE_SERVERS', undefined, 'is not JSON', mend)
  }
  if (!Array.isArray(value) || !value.every(isIceServer)) {
    throw fault('ICE_SERVERS', undefined, 'is not an array of RTCIceServer', mend)
  }
  return value
}

export function turnOf(env: Environment): Turn | undefined {
  const urls = list(env.TURN_URLS)
  if (urls.length === 0 && env.TURN_SECRET === undefined) return undefined
  if (urls.length === 0) {
    throw fault(
      'TURN_URLS',
      undefined,
      'is missing while TURN_SECRET is set',
      'list them, such as turn:turn.example.com:3478',
    )
  }
  const odd = urls.find((url) => !/^turns?:/.test(url))
  if (odd !== undefined) {
    throw fault(
      'TURN_URLS',
      odd,
      'has an entry that is no turn: or turns: URL',
      'list them, such as turn:turn.example.com:3478',
    )
  }
  if (env.TURN_SECRET === undefined) {
    throw fault(
      'TURN_SECRET',
      undefined,
      'is missing while TURN_URLS is set',
      'give the static-auth-secret of your TURN server',
    )
  }
  return { urls, secret: env.TURN_SECRET }
}
