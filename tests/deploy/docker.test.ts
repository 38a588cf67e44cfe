import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { configFrom } from '../../server/config.ts'
import {
  copiesOf,
  execForm,
  healthCommand,
  ignored,
  projectStages,
  textsOf,
  type Stage,
} from '../support/dockerfile.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8')
const there = (path: string) => existsSync(`${ROOT}${path}`)

const defaults = configFrom({})
/** Beyond DRAIN_SECONDS the process gives itself one second. */
const LONGEST_DRAIN = defaults.drainMs + 1_000

describe('Dockerfile', () => {
  const stages = projectStages()
  const stage = (alias: string | undefined): Stage => {
    const found = stages.find((each) => each.alias === alias)
    if (!found) throw new Error(`no stage ${alias}`)
    return found
  }
  const image = stage(undefined)

  test('has three stages on one slim image of the Node in .node-version', () => {
    expect(stages.map(({ alias }) => alias)).toEqual(['packages', 'build', undefined])
    for (const { image: base } of stages)
      expect(base).toBe(`node:${read('.node-version').trim()}-bookworm-slim`)
  })

  test('installs before it copies sources, so that a change of code installs nothing anew', () => {
    for (const [alias, which] of [
      ['packages', '--omit=dev'],
      ['build', '--include=dev'],
    ] as const) {
      const [first, second, third] = stage(alias).instructions
      expect(first).toEqual({ name: 'WORKDIR', text: '/app' })
      expect(second).toEqual({ name: 'COPY', text: 'package.json package-lock.json ./' })
      expect(third?.name).toBe('RUN')
      expect(third?.text).toMatch(new RegExp(`^npm ci ${which}( |$)`))
    }
    expect(textsOf(stage('build'), 'RUN').slice(1)).toEqual(['npm run build'])
    expect(textsOf(stage('packages'), 'RUN')).toHaveLength(1)
  })

  test('takes packages and pages from the stages that made them, and runs nothing as root', () => {
    expect(copiesOf(image)).toEqual([
      { from: undefined, sources: ['package.json', 'LICENSE'], target: './' },
      { from: 'packages', sources: ['/app/node_modules'], target: './node_modules' },
      { from: 'build', sources: ['/app/dist'], target: './dist' },
    ])
    expect(textsOf(image, 'WORKDIR')).toEqual(['/app'])
    expect(textsOf(image, 'RUN')).toEqual([])
    expect(textsOf(image, 'USER')).toEqual(['node'])
    const names = image.instructions.map(({ name }) => name)
    // Afterwards everything copied would be the server's own, or the user would not hold.
    expect(names.indexOf('USER')).toBeGreaterThan(names.lastIndexOf('COPY'))
  })

  test('starts the server without a shell, and ends it by the signal that drains', () => {
    expect(textsOf(image, 'CMD').map(execForm)).toEqual([['node', 'dist/server/main.js']])
    expect(textsOf(image, 'ENTRYPOINT')).toEqual([])
    expect(textsOf(image, 'STOPSIGNAL')).toEqual(['SIGTERM'])
    expect(textsOf(image, 'ENV')).toEqual(['NODE_ENV=production'])
    expect(textsOf(image, 'EXPOSE')).toEqual([String(defaults.port)])
  })

  test('asks whether the process lives, with what the image has', () => {
    const [program, , script = ''] = healthCommand(image)
    expect(program).toBe('node')
    expect(script).toContain('/healthz')
    expect(script).toContain(`process.env.PORT || ${defaults.port}`)
  })

  test('copies only what is there and what .dockerignore lets in', () => {
    const sources = stages.flatMap(copiesOf).flatMap((copy) => (copy.from === undefined ? copy.sources : []))
    expect(new Set(sources)).toEqual(
      new Set(['package.json', 'package-lock.json', 'tsconfig.json', 'server', 'web', 'LICENSE']),
    )
    for (const source of sources) {
      expect(there(source), source).toBe(true)
      expect(ignored(source), source).toBe(false)
    }
    expect(ignored('server/dev/build.mjs')).toBe(false)
    expect(ignored('web/phone/index.html')).toBe(false)
  })

  test.each([
    '.env',
    'server/.env',
    'web/.env.local',
    '.git/config',
    'node_modules/ws/package.json',
    'server/node_modules/x/index.js',
    'dist/server/main.js',
    'tests/support/app.ts',
    'compose.yaml',
  ])('.dockerignore keeps %s out of the context', (path) => {
    expect(ignored(path)).toBe(true)
  })
})

interface ComposeService {
  build?: string
  image?: string
  environment?: Record<string, string | number | null>
  depends_on?: Record<string, { condition: string }> | string[]
  ports?: string[]
  volumes?: string[]
  command?: string[]
  healthcheck?: { test: string[] }
  stop_grace_period?: string
  [field: string]: unknown
}

/** A value as Compose reads it: `${NAME:?…}`, `${NAME:-…}`, `${NAME-…}`. */
const interpolated = (text: string, shell: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$\{([A-Z_]+)(:?)([?-])([^}]*)\}/g, (_all, name: string, colon, kind, rest: string) => {
    const given = shell[name]
    const missing = given === undefined || (colon === ':' && given === '')
    if (missing && kind === '?') throw new Error(rest)
    return missing ? rest : given
  })

describe('compose.yaml', () => {
  const compose = parse(read('compose.yaml'), { uniqueKeys: true, merge: true }) as {
    services: Record<string, ComposeService>
    volumes: Record<string, unknown>
  }
  const service = (name: string): ComposeService => {
    const found = compose.services[name]
    if (!found) throw new Error(`no service ${name}`)
    return found
  }
  const servers = ['server-a', 'server-b']
  const haproxy = read('deploy/haproxy.cfg')

  /** What a server gets, as the process sees it. */
  const variables = (
    name: string,
    shell: Readonly<Record<string, string>>,
  ): Record<string, string | undefined> =>
    Object.fromEntries(
      Object.entries(service(name).environment ?? {}).map(([key, value]) => [
        key,
        value === null ? shell[key] : interpolated(String(value), shell),
      ]),
    )
  const shell = { PUBLIC_URL: 'https://cameras.example.com', APP_SECRET: 'x'.repeat(32) }

  test('has two servers that differ by their label alone, a balancer and a store', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['balancer', ...servers, 'valkey'])
    const same = servers.map((name) => {
      const { environment, ...rest } = service(name)
      expect(environment?.['INSTANCE_ID']).toBe(name)
      return { ...rest, environment: { ...environment, INSTANCE_ID: '' } }
    })
    expect(same[0]).toEqual(same[1])
    expect(service('server-a').build).toBe('.')
  })

  test('shows the balancer to the world and nothing else', () => {
    for (const [name, { ports }] of Object.entries(compose.services)) {
      if (name !== 'balancer') expect(ports, name).toBeUndefined()
    }
    const bound = /^\s+bind :(\d+)$/m.exec(haproxy)?.[1]
    expect(service('balancer').ports?.map((port) => port.split(':').at(-1))).toEqual([bound])
  })

  test('the balancer reads the file in deploy, which names the servers and their port', () => {
    const [host = '', inside, mode] = service('balancer').volumes?.[0]?.split(':') ?? []
    expect(there(host)).toBe(true)
    expect(host).toBe('./deploy/haproxy.cfg')
    expect([inside, mode]).toEqual(['/usr/local/etc/haproxy/haproxy.cfg', 'ro'])
    const named = [...haproxy.matchAll(/^\s+server \S+ (\S+)$/gm)].map(([, address]) => address)
    expect(named).toEqual(servers.map((name) => `${name}:${defaults.port}`))
  })

  test('the balancer asks often enough to see a drain in the second in which it is said', () => {
    expect(haproxy).toMatch(/^ {2}option httpchk GET \/readyz$/m)
    const [, first, next, fall] = /check inter (\d+)ms fastinter (\d+)ms fall (\d+) /.exec(haproxy) ?? []
    expect(Number(first) + (Number(fall) - 1) * Number(next)).toBeLessThan(1_000)
  })

  test('leaves a server more time than a drain takes', () => {
    for (const name of servers) {
      const seconds = Number(/^(\d+)s$/.exec(String(service(name).stop_grace_period))?.[1])
      const { drainMs } = configFrom(variables(name, shell))
      expect(seconds * 1000).toBeGreaterThan(drainMs + 1_000)
    }
  })

  test('does not start without an address and a secret, and holds none', () => {
    for (const missing of ['PUBLIC_URL', 'APP_SECRET'] as const) {
      expect(() => variables('server-a', { ...shell, [missing]: '' })).toThrow(`set ${missing} to`)
    }
    const known = Object.keys(parseEnv(read('.env.example').replaceAll(/^#(?=[A-Z_]+=)/gm, '')))
    expect(known).toEqual(expect.arrayContaining(Object.keys(service('server-a').environment ?? {})))
  })

  test('is a configuration the server takes: Valkey, and the balancer believed', () => {
    const config = configFrom({ ...variables('server-b', shell), NODE_ENV: 'production' })
    expect(config).toMatchObject({
      store: { kind: 'redis', url: 'redis://valkey:6379' },
      publicUrl: shell.PUBLIC_URL,
      appSecret: shell.APP_SECRET,
      instanceLabel: 'server-b',
      port: defaults.port,
      warnings: [],
    })
    expect(config.trustProxy).toEqual(expect.arrayContaining(['172.16.0.0/12', '192.168.0.0/16']))
  })

  test('takes Upstash where its values are given and REDIS_URL is empty', () => {
    const given = {
      ...shell,
      REDIS_URL: '',
      UPSTASH_REDIS_REST_URL: 'https://eu1-some-name-1.upstash.io',
      UPSTASH_REDIS_REST_TOKEN: 'x'.repeat(60),
    }
    expect(configFrom(variables('server-a', given)).store.kind).toBe('upstash')
  })

  test('the store keeps its data, forgets nothing by itself, and is waited for', () => {
    const store = service('valkey')
    expect(store.volumes).toEqual(['valkey:/data'])
    expect(Object.keys(compose.volumes)).toEqual(['valkey'])
    const command = store.command ?? []
    expect(command[command.indexOf('--appendonly') + 1]).toBe('yes')
    expect(command[command.indexOf('--maxmemory-policy') + 1]).toBe('noeviction')
    expect(store.healthcheck?.test).toEqual(['CMD', 'valkey-cli', 'ping'])
    for (const name of servers) {
      expect(service(name).depends_on).toEqual({ valkey: { condition: 'service_healthy' } })
    }
  })
})

describe('railway.json', () => {
  const { build, deploy } = JSON.parse(read('railway.json')) as {
    build: Record<string, unknown>
    deploy: Record<string, unknown> & { multiRegionConfig: Record<string, { numReplicas: number }> }
  }

  test('builds the Dockerfile and starts what it starts', () => {
    expect(build).toEqual({ builder: 'DOCKERFILE', dockerfilePath: 'Dockerfile' })
    expect(there('Dockerfile')).toBe(true)
    expect(deploy['startCommand']).toBeUndefined()
  })

  test('runs two replicas in one region, near one store', () => {
    const regions = Object.values(deploy.multiRegionConfig)
    expect(regions).toHaveLength(1)
    expect(regions[0]?.numReplicas).toBeGreaterThanOrEqual(2)
  })

  test('asks for readiness, and leaves more time than a drain takes, as a number', () => {
    expect(deploy['healthcheckPath']).toBe('/readyz')
    expect(deploy['drainingSeconds']).toEqual(expect.any(Number))
    expect(Number(deploy['drainingSeconds']) * 1000).toBeGreaterThan(LONGEST_DRAIN)
  })
})
