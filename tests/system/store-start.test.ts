import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { call, createRoom } from '../support/app.ts'
import { keysOf } from '../support/redis-keys.ts'
import { startRedis, type RedisServer } from '../support/redis-server.ts'
import type { ServerProcess } from '../support/server-process.ts'
import { createUpstashDouble, FAILURES, type UpstashDouble } from '../support/upstash-double/index.ts'
import { logLines, serve } from './support.ts'

const [INFO, WARN] = [30, 40]
let redis: RedisServer
let double: UpstashDouble
beforeAll(async () => {
  redis = await startRedis()
})
beforeEach(async () => {
  await redis.restart({ empty: true })
  double = await createUpstashDouble({ redis })
})
afterEach(() => double.close())
afterAll(() => redis.stop())

const upstash = (over: Record<string, string> = {}) => ({
  UPSTASH_REDIS_REST_URL: double.url,
  UPSTASH_REDIS_REST_TOKEN: double.token,
  ...over,
})
const readyz = async ({ url }: ServerProcess) =>
  (await call<{ status: string; store: string }>(url, 'GET', '/readyz')).body
/** What it said of its store, in order. */
const saidOf = (server: ServerProcess, level: number) =>
  logLines(server.logs())
    .filter((line) => line.level === level && /^\[(UPSTASH|REDIS)\]|^Redis service/.test(line.msg))
    .map(({ msg }) => msg)

describe('[STORE-2] a store that works', () => {
  test('Upstash: the lines of the contract, and the session is there after a restart [SESS-1]', async () => {
    const server = await serve(upstash())
    expect(saidOf(server, INFO)).toEqual([
      '[UPSTASH] Redis REST API configured',
      '[UPSTASH] ✓ Connection verified',
      'Redis service initialized',
    ])
    expect(saidOf(server, WARN)).toEqual([])
    expect(await readyz(server)).toMatchObject({ status: 'ok', store: 'upstash' })
    const { session } = await createRoom(server.url)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toMatch(/^store_commands_total\{kind="\w+",[^}]*\} [1-9]/m)
    expect(metrics).toMatch(/^pairlens_store_degraded\{[^}]*\} 0$/m)
    await server.stop()
    const again = await serve(upstash())
    expect((await call(again.url, 'GET', '/api/session', { token: session.token })).status).toBe(200)
  })

  test('Redis over TCP: the same, in its own words', async () => {
    const server = await serve({ REDIS_URL: redis.url })
    expect(saidOf(server, INFO)).toEqual([
      '[REDIS] Redis over TCP configured',
      '[REDIS] ✓ Connection verified',
      'Redis service initialized',
    ])
    expect(await readyz(server)).toMatchObject({ status: 'ok', store: 'redis' })
  })

  test('section 2: a derived APP_SECRET is said once, and that rotating the credentials signs everyone out', async () => {
    const server = await serve(upstash())
    const lines = logLines(server.logs()).filter(({ msg }) => msg.startsWith('APP_SECRET'))
    expect(lines).toEqual([
      expect.objectContaining({ level: INFO, msg: expect.stringContaining('signs everyone out') }),
    ])
    expect(server.logs()).not.toContain(double.token)
  })

  test('[STORE-5] every key has the prefix and an end', async () => {
    const server = await serve(upstash({ KEY_PREFIX: 'mine:' }))
    await createRoom(server.url)
    const keys = await keysOf(redis.url)
    expect(keys.length).toBeGreaterThan(1)
    for (const { key, ttlMs } of keys) {
      expect(key).toMatch(/^mine:/)
      expect(ttlMs).toBeGreaterThan(0)
    }
  })
})

describe('[STORE-3] a store that fails the check', () => {
  test.each([
    ['a token that is wrong or was rotated', FAILURES.unauthorized, /token .*copy it again/],
    ['the limit of the plan', FAILURES.dailyLimit, /limit .*plan/],
    ['a fault of its own', FAILURES.unavailable, /.+: .+/],
  ])('%s: why and the mend in one line, and the server starts degraded', async (_what, answer, why) => {
    double.fault({ answer })
    const server = await serve(upstash())
    const [warning = '', ...more] = saidOf(server, WARN)
    expect(more).toEqual([])
    expect(warning).toMatch(/^\[UPSTASH\] Connection test warning: /)
    expect(warning.slice('[UPSTASH] Connection test warning: '.length)).toMatch(why)
    expect(saidOf(server, INFO)).toEqual(['[UPSTASH] Redis REST API configured'])
    expect(await readyz(server)).toMatchObject({ status: 'degraded', store: 'upstash' })
    expect(server.logs()).not.toContain(double.token)
  })

  test('nobody at its address, over REST and over TCP', async () => {
    await double.refuse()
    expect(saidOf(await serve(upstash()), WARN)).toEqual([
      expect.stringMatching(/^\[UPSTASH\] Connection test warning: .*ECONNREFUSED.*: .+/),
    ])
    const { port } = double
    expect(saidOf(await serve({ REDIS_URL: `redis://127.0.0.1:${port}` }), WARN)).toEqual([
      expect.stringMatching(/^\[REDIS\] Connection test warning: .+: .+/),
    ])
  })

  test('no answer at all: the check delays the start by three seconds at most', async () => {
    double.fault({ hang: true })
    const server = await serve(upstash())
    expect(await readyz(server)).toMatchObject({ status: 'degraded' })
    const times = logLines(server.logs()) as unknown as { time: number; msg: string }[]
    const at = (start: string) => times.find(({ msg }) => msg.startsWith(start))?.time ?? 0
    expect(at('[UPSTASH] Connection test') - at('[UPSTASH] Redis REST')).toBeLessThan(3_000)
    expect(at('listening on')).toBeGreaterThan(0)
  })

  test('[STORE-4] what was made meanwhile is in the store once that is there', async () => {
    await double.refuse()
    const server = await serve(upstash())
    const { session } = await createRoom(server.url)
    expect((await call(server.url, 'GET', '/api/session', { token: session.token })).status).toBe(200)
    await double.accept()
    await expect.poll(() => readyz(server), { timeout: 6_000 }).toMatchObject({ status: 'ok' })
    const other = await serve(upstash())
    expect((await call(other.url, 'GET', '/api/session', { token: session.token })).status).toBe(200)
  })
})
