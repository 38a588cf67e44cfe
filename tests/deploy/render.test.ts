import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { configFrom } from '../../server/config.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8')

interface Variable {
  key: string
  value?: unknown
  sync?: boolean
  generateValue?: boolean
}
interface Service {
  envVars: Variable[]
  [field: string]: unknown
}
const blueprint = parse(read('render.yaml'), { uniqueKeys: true }) as { services: Service[] }
const manifest = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>
  engines: { node: string }
}

/** Fields of a web service as Render's Blueprint reference lists them; a misspelt one is ignored there. */
const FIELDS = [
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
]

describe('render.yaml', () => {
  const [service] = blueprint.services
  if (!service) throw new Error('render.yaml has no service')
  const variables = new Map(service.envVars.map((variable) => [variable.key, variable]))
  const value = (key: string) => String(variables.get(key)?.value)

  test('is one web service on Node, of fields that Render knows', () => {
    expect(Object.keys(blueprint)).toEqual(['services'])
    expect(blueprint.services).toHaveLength(1)
    expect(service).toMatchObject({ type: 'web', runtime: 'node', plan: 'starter' })
    expect(Object.keys(service).filter((field) => !FIELDS.includes(field))).toEqual([])
  })

  test('builds with devDependencies, by a script that exists, and starts what was built', () => {
    expect(service['buildCommand']).toBe('npm ci --include=dev && npm run build')
    expect(manifest.scripts['build']).toBeDefined()
    expect(service['startCommand']).toBe('node dist/server/main.js')
  })

  test('asks for readiness, and waits longer than a drain takes', () => {
    expect(service['healthCheckPath']).toBe('/readyz')
    const delay = Number(service['maxShutdownDelaySeconds'])
    expect(delay * 1000).toBeGreaterThan(configFrom({}).drainMs)
    // Render's range.
    expect(delay).toBeLessThanOrEqual(300)
  })

  test('runs one instance, since the store is optional', () => {
    expect(service['numInstances']).toBe(1)
    expect(service['scaling']).toBeUndefined()
  })

  test('pins a Node that the project supports, the one of .node-version', () => {
    expect(value('NODE_VERSION')).toBe(read('.node-version').trim())
    const least = Number(/^>=(\d+)/.exec(manifest.engines.node)?.[1])
    expect(Number.parseInt(value('NODE_VERSION'), 10)).toBeGreaterThanOrEqual(least)
    expect(value('NODE_ENV')).toBe('production')
  })

  test('holds no secret: each is asked for or generated', () => {
    for (const key of ['UPSTASH_REDIS_REST_URL', 'UPSTASH_REDIS_REST_TOKEN']) {
      expect(variables.get(key)).toEqual({ key, sync: false })
    }
    expect(variables.get('APP_SECRET')).toEqual({ key: 'APP_SECRET', generateValue: true })
    const given = service.envVars.filter((variable) => variable.value !== undefined).map(({ key }) => key)
    expect(given).toEqual(['NODE_VERSION', 'NODE_ENV'])
  })

  test('is a configuration the server takes, with what Render adds and the store left empty', () => {
    const config = configFrom({
      RENDER: 'true',
      RENDER_EXTERNAL_URL: 'https://pairlens.onrender.com',
      RENDER_INSTANCE_ID: 'srv-1',
      PORT: '10000',
      NODE_ENV: value('NODE_ENV'),
      APP_SECRET: 'x'.repeat(44),
      UPSTASH_REDIS_REST_URL: '',
      UPSTASH_REDIS_REST_TOKEN: '',
    })
    expect(config).toMatchObject({
      port: 10_000,
      publicUrl: 'https://pairlens.onrender.com',
      store: { kind: 'memory' },
    })
    expect(config.lanHttpsPort).toBeUndefined()
    expect(config.warnings).toEqual([])
  })
})
