import { Redis } from '@upstash/redis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startRedis, type RedisServer } from '../support/redis-server.ts'
import { createUpstashDouble, FAILURES, type UpstashDouble } from '../support/upstash-double/index.ts'

/** The SDK as most people use it judges whether the double speaks as Upstash does. */
let redis: RedisServer
let double: UpstashDouble
let sdk: Redis
beforeAll(async () => {
  redis = await startRedis()
  double = await createUpstashDouble({ redis })
  sdk = new Redis({ url: double.url, token: double.token })
})
beforeEach(async () => {
  double.heal()
  await sdk.flushall()
  double.resetBilled()
})
afterAll(async () => {
  await double.close()
  await redis.stop()
})

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${double.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${double.token}`, ...headers },
    body: JSON.stringify(body),
  })

test('commands, pipelines, transactions and scripts', async () => {
  expect(await sdk.set('k', 'ключ 🔑')).toBe('OK')
  expect(await sdk.get('k')).toBe('ключ 🔑')
  expect(await sdk.pipeline().set('n', 1).incr('n').get('none').exec()).toEqual(['OK', 2, null])
  expect(await sdk.multi().hset('h', { a: 'x' }).hgetall('h').exec()).toEqual([1, { a: 'x' }])
  expect(await sdk.eval("return redis.call('INCR', KEYS[1])", ['n'], [])).toBe(3)
  expect(await sdk.publish('nobody', 'x')).toBe(0)
  expect(double.billed()).toEqual({ EVAL: 1, GET: 2, HGETALL: 1, HSET: 1, INCR: 2, PUBLISH: 1, SET: 2 })
})

test('answers are JSON, or base64 where that is asked for', async () => {
  await sdk.set('k', 'é')
  const [plain, encoded] = await Promise.all([
    post('/pipeline', [['GET', 'k'], ['PING'], ['HGET', 'k', 'a']]),
    post(
      '/pipeline',
      [
        ['GET', 'k'],
        ['SET', 'k', 'v'],
      ],
      { 'upstash-encoding': 'base64' },
    ),
  ])
  expect(await plain.json()).toEqual([
    { result: 'é' },
    { result: 'PONG' },
    { error: expect.stringContaining('WRONGTYPE') },
  ])
  expect(await encoded.json()).toEqual([{ result: 'w6k=' }, { result: 'OK' }])
})

test('what is wrong is said in the words of the service', async () => {
  const unknown = await post('/', ['NONSENSE', 'k'])
  expect(unknown.status).toBe(400)
  expect(await unknown.json()).toEqual({ error: expect.stringContaining('ERR unknown command') })
  const stranger = await post('/', ['GET', 'k'], { authorization: 'Bearer another' })
  expect(stranger.status).toBe(401)
  expect(await stranger.json()).toEqual({ error: 'WRONGPASS invalid or missing auth token' })
  const discarded = await post('/multi-exec', [['SET', 'a', '1'], ['NONSENSE']])
  expect(discarded.status).toBe(400)
  expect(await sdk.get('a')).toBeNull()
  for (const body of [[], {}, [['GET', {}]], 'text']) expect((await post('/pipeline', body)).status).toBe(400)
  expect((await post('/', ['SUBSCRIBE', 'c'])).status).toBe(400)
})

test('messages go out by path and come in as an event stream', async () => {
  const got: string[] = []
  const subscription = sdk.subscribe('c')
  await new Promise((resolve) => subscription.on('subscribe', resolve))
  const second = new Promise<void>((resolve) => {
    subscription.on('message', ({ message }) => {
      got.push(String(message))
      if (got.length === 2) resolve()
    })
  })
  const published = await fetch(`${double.url}/publish/c/a%2C%20b`, {
    headers: { authorization: `Bearer ${double.token}` },
  })
  expect(await published.json()).toEqual({ result: 1 })
  await sdk.publish('c', 'second')
  await second
  expect(got).toEqual(['a, b', 'second'])
  expect(double.billed()).toEqual({ PUBLISH: 2, SUBSCRIBE: 1 })
  await subscription.unsubscribe()
})

test('faults strike as set, and for as long', async () => {
  double.fault({ failNext: 2 })
  expect([(await post('/', ['PING'])).status, (await post('/', ['PING'])).status]).toEqual([500, 500])
  expect((await post('/', ['PING'])).status).toBe(200)
  double.fault({ answer: FAILURES.dailyLimit })
  await expect(sdk.get('k')).rejects.toThrow('max daily request limit exceeded')
  double.heal()
  expect(await sdk.get('k')).toBeNull()
})

test('messages are lost and doubled by the seed', async () => {
  const fates = async (seed: number): Promise<string> => {
    double.fault({ messages: { seed, lose: 0.3, double: 0.3 } })
    const response = await fetch(`${double.url}/subscribe/c`, {
      headers: { authorization: `Bearer ${double.token}`, accept: 'text/event-stream' },
    })
    // So many ends that one of them arrives.
    const texts = Array.from({ length: 60 }, (_, index) => (index < 40 ? String(index) : 'end'))
    await post(
      '/pipeline',
      texts.map((each) => ['PUBLISH', 'c', each]),
    )
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true })
      if (text.includes('message,c,end')) break
    }
    double.heal()
    return text.split('data: message,c,end', 1)[0] ?? ''
  }
  const [one, again, other] = [await fates(1), await fates(1), await fates(2)]
  expect(again).toBe(one)
  expect(other).not.toBe(one)
  const arrived = [...one.matchAll(/message,c,(\d+)/g)].map(([, number]) => number)
  // Some were lost, and some came twice.
  expect(new Set(arrived).size).toBeLessThan(40)
  expect(new Set(arrived).size).toBeLessThan(arrived.length)
})
