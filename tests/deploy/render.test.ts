import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { configFrom } from '../../server/config.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8')

interface Variable {
  key: string
  value?: string | number
  sync?: boolean
  generateValue?: boolean
  fromService?: { type: string; name: string; property: string }
}
interface Service {
  type: string
  name: string
  envVars?: Variable[]
  [field: string]: unknown
}

/** Fields that Render's Blueprint reference lists for each type of service; a misspelt one is ignored there. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  web: [
    'type',
    'name',
    'runtime',
    'plan',
    'region',
    'branch',
    'buildCommand',
    'startCommand',
    'healthCheckPath',
    'maxShutdownDelaySeconds',
    'numInstances',
    'scaling',
    'envVars',
    'domains',
    'autoDeployTrigger',
  ],
  keyvalue: ['type', 'name', 'plan', 'region', 'ipAllowList', 'maxmemoryPolicy'],
}
const REGIONS = ['oregon', 'ohio', 'virginia', 'frankfurt', 'singapore']

const manifest = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>
  engines: { node: string }
}

function blueprintOf(text: string) {
  const blueprint = parse(text, { uniqueKeys: true }) as { services: Service[] }
  const ofType = (type: string) => blueprint.services.filter((service) => service.type === type)
  const [web] = ofType('web')
  if (!web) throw new Error('there is no web service')
  const variables = new Map((web.envVars ?? []).map((variable) => [variable.key, variable]))
  return { blueprint, web, ofType, variables, value: (key: string) => String(variables.get(key)?.value) }
}

/** The one YAML block of the page. */
function keyValueVariant(): string {
  const blocks = [...read('docs/deploy/render.md').matchAll(/^```yaml\n(.*?)^```$/gms)]
  if (blocks.length !== 1) throw new Error(`docs/deploy/render.md has ${blocks.length} YAML blocks`)
  return blocks[0]?.[1] ?? ''
}

const upstash = blueprintOf(read('render.yaml'))
const keyValue = blueprintOf(keyValueVariant())

describe.each([
  ['render.yaml', upstash],
  ['the Key Value variant in docs/deploy/render.md', keyValue],
])('%s', (_name, { blueprint, web, ofType, variables, value }) => {
  test('has one web service on Node, and only fields that Render knows', () => {
    expect(Object.keys(blueprint)).toEqual(['services'])
    expect(ofType('web')).toHaveLength(1)
    expect(web).toMatchObject({ name: 'pairlens', runtime: 'node' })
    for (const service of blueprint.services) {
      expect(Object.keys(FIELDS)).toContain(service.type)
      expect(Object.keys(service).filter((field) => !FIELDS[service.type]?.includes(field))).toEqual([])
      expect(REGIONS).toContain(service['region'])
    }
  })

  test('runs two instances or more, on a plan that may', () => {
    expect(web['numInstances']).toBeGreaterThanOrEqual(2)
    // Render's limit.
    expect(web['numInstances']).toBeLessThanOrEqual(100)
    expect(web['plan']).toBe('starter')
  })

  test('builds with devDependencies, by a script that exists, and starts what was built without npm', () => {
    expect(web['buildCommand']).toBe('npm ci --include=dev && npm run build')
    expect(manifest.scripts['build']).toBeDefined()
    expect(web['startCommand']).toBe('node dist/server/main.js')
  })

  test('asks for readiness, and waits longer than a drain takes', () => {
    expect(web['healthCheckPath']).toBe('/readyz')
    const delay = Number(web['maxShutdownDelaySeconds'])
    const drainSeconds = variables.get('DRAIN_SECONDS')?.value
    const { drainMs } = configFrom(drainSeconds === undefined ? {} : { DRAIN_SECONDS: String(drainSeconds) })
    // Beyond DRAIN_SECONDS the process gives itself one second.
    expect(delay * 1000).toBeGreaterThan(drainMs + 1_000)
    // Render's range.
    expect(delay).toBeLessThanOrEqual(300)
  })

  test('pins a Node that the project supports, the one of .node-version', () => {
    expect(value('NODE_VERSION')).toBe(read('.node-version').trim())
    const least = Number(/^>=(\d+)/.exec(manifest.engines.node)?.[1])
    expect(Number.parseInt(value('NODE_VERSION'), 10)).toBeGreaterThanOrEqual(least)
    expect(value('NODE_ENV')).toBe('production')
  })

  test('names each variable once, each with one source, and holds no secret', () => {
    const all = web.envVars ?? []
    expect(variables.size).toBe(all.length)
    for (const variable of all) expect(Object.keys(variable)).toHaveLength(2)
    expect(variables.get('APP_SECRET')).toEqual({ key: 'APP_SECRET', generateValue: true })
    const given = all.filter((variable) => variable.value !== undefined).map(({ key }) => key)
    expect(given).toEqual(['NODE_VERSION', 'NODE_ENV'])
  })
})

/** What Render adds of its own, and what it makes for APP_SECRET. */
const PLATFORM = {
  RENDER: 'true',
  RENDER_EXTERNAL_URL: 'https://pairlens.onrender.com',
  RENDER_INSTANCE_ID: 'srv-1',
  PORT: '10000',
  APP_SECRET: 'x'.repeat(44),
}
const running = {
  port: 10_000,
  publicUrl: 'https://pairlens.onrender.com',
  instanceLabel: 'srv-1',
  appSecret: PLATFORM.APP_SECRET,
  production: true,
  warnings: [],
}

test('render.yaml asks for the values of Upstash, and the server takes what comes of it', () => {
  const { blueprint, variables, value } = upstash
  expect(blueprint.services).toHaveLength(1)
  const asked = ['UPSTASH_REDIS_REST_URL', 'UPSTASH_REDIS_REST_TOKEN']
  for (const key of asked) expect(variables.get(key)).toEqual({ key, sync: false })
  expect(variables.has('REDIS_URL')).toBe(false)

  const config = configFrom({
    ...PLATFORM,
    NODE_ENV: value('NODE_ENV'),
    UPSTASH_REDIS_REST_URL: 'https://eu1-some-name-1.upstash.io',
    UPSTASH_REDIS_REST_TOKEN: 'x'.repeat(60),
  })
  expect(config).toMatchObject({ ...running, store: { kind: 'upstash' } })
  expect(config.lanHttpsPort).toBeUndefined()
  // One of them left out is said at the start, and is no quiet step back to memory.
  expect(() => configFrom({ UPSTASH_REDIS_REST_URL: 'https://eu1-some-name-1.upstash.io' })).toThrow(
    'UPSTASH_REDIS_REST_TOKEN is missing',
  )
})

test('the Key Value variant wires a private store of the same region, and the server takes its address', () => {
  const { ofType, web, variables, value } = keyValue
  const [store, ...more] = ofType('keyvalue')
  expect(more).toEqual([])
  // Required by Render; an empty list lets nobody in from outside.
  expect(store?.['ipAllowList']).toEqual([])
  expect(store?.['maxmemoryPolicy']).toBe('noeviction')
  expect(store?.['plan']).toBe('starter')
  expect(store?.['region']).toBe(web['region'])
  expect(variables.get('REDIS_URL')).toEqual({
    key: 'REDIS_URL',
    fromService: { type: 'keyvalue', name: store?.name, property: 'connectionString' },
  })
  expect([...variables.keys()].filter((key) => key.startsWith('UPSTASH'))).toEqual([])

  const config = configFrom({
    ...PLATFORM,
    NODE_ENV: value('NODE_ENV'),
    REDIS_URL: 'redis://red-abc123:6379',
  })
  expect(config).toMatchObject({ ...running, store: { kind: 'redis' } })
})

test('but for the store, both variants are the same service', () => {
  const { envVars: first = [], ...rest } = upstash.web
  const { envVars: second = [], ...others } = keyValue.web
  expect(others).toEqual(rest)
  const withoutStore = (variables: Variable[]) =>
    variables.filter(({ key }) => key !== 'REDIS_URL' && !key.startsWith('UPSTASH_'))
  expect(withoutStore(second)).toEqual(withoutStore(first))
})
