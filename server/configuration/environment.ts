/** The variables as they come: which there are, of what form, and how a fault of one is said. */
import { envSchema } from 'env-schema'
import { Type, type Static } from 'typebox'

/** A fault of the configuration: one line that names the variable, the fault and the mend. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

const port = (fallback?: number) =>
  Type.Integer({ minimum: 0, maximum: 65535, ...(fallback === undefined ? {} : { default: fallback }) })
const seconds = (fallback: number, maximum: number) =>
  Type.Integer({ minimum: 1, maximum, default: fallback })
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
  PEER_TIMEOUT_SECONDS: Type.Optional(Type.Integer({ minimum: 2, maximum: 300 })),
  DRAIN_SECONDS: seconds(25, 300),
  MAX_ROOM_MEMBERS: Type.Integer({ minimum: 1, maximum: 10_000, default: 200 }),
  RATE_LIMITS: Type.Union([Type.Literal('on'), Type.Literal('off')], { default: 'on' }),
  ICE_SERVERS: text,
  TURN_URLS: text,
  TURN_SECRET: text,
  INTERNAL_URL: text,
  APP_SECRET: Type.Optional(Type.String({ minLength: 16 })),
  LAN_HTTPS_PORT: Type.Optional(port()),
  METRICS_TOKEN: text,
  LOG_LEVEL: Type.Union(
    (['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const).map((level) =>
      Type.Literal(level),
    ),
    { default: 'info' },
  ),
  NODE_ENV: text,
  RENDER: text,
  RAILWAY_ENVIRONMENT: text,
  XDG_DATA_HOME: text,
  LOCALAPPDATA: text,
})
export type Environment = Static<typeof Environment>

/** Never printed, whatever is wrong with them. */
const SECRET_VARIABLES: ReadonlySet<string> = new Set([
  'UPSTASH_REDIS_REST_URL',
  'UPSTASH_REDIS_REST_TOKEN',
  'REDIS_URL',
  'TURN_SECRET',
  'APP_SECRET',
  'METRICS_TOKEN',
  'ICE_SERVERS',
])

const MENDS: Readonly<Record<string, string>> = {
  PORT: 'give a port from 0 to 65535, such as 3000',
  LAN_HTTPS_PORT: 'give a port from 1 to 65535, such as 3443, or 0 for none',
  RATE_LIMITS: 'give on or off',
  LOG_LEVEL: 'give one of fatal, error, warn, info, debug, trace, silent',
  APP_SECRET: 'give at least 16 characters, for instance from `openssl rand -base64 32`',
  PEER_TIMEOUT_SECONDS: 'give a whole number from 2 to 300',
  MAX_ROOM_MEMBERS: 'give a whole number from 1 to 10000',
  KEY_PREFIX: 'give at most 64 characters, such as pairlens:',
  INSTANCE_ID: 'give at most 128 characters',
}

/** Some values carry a password in their middle. */
const CARRIES_PASSWORD = /\/\/[^/]*@/

const shown = (name: string, value: string | undefined) =>
  value === undefined || SECRET_VARIABLES.has(name) || CARRIES_PASSWORD.test(value)
    ? ''
    : ` (it is ${JSON.stringify(value)})`

/** @returns one line: the variable, what is wrong with its value, and the mend */
export const fault = (name: string, value: string | undefined, what: string, mend: string) =>
  new ConfigError(`${name} ${what}${shown(name, value)}: ${mend}`)

/** @throws ConfigError */
export function parseEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
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
    throw fault(
      name,
      data[name],
      first?.message ?? 'is not valid',
      MENDS[name] ?? 'give a whole number in that range, or unset it',
    )
  }
}
