import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBus } from '../../server/bus/index.ts'
import type { InstanceId } from '../../server/protocol/ids.ts'
import { createStore } from '../../server/store/index.ts'
import type { Store } from '../../server/store/store.ts'
import { keysOf } from '../support/redis-keys.ts'
import { startRedis, type RedisServer } from '../support/redis-server.ts'
import { createUpstashDouble, type UpstashDouble } from '../support/upstash-double/index.ts'
import { busContract, hear } from './bus.ts'
import { storeContract } from './store.ts'

const PREFIX = 'contract-upstash:'

let redis: RedisServer
let double: UpstashDouble
beforeAll(async () => {
  redis = await startRedis()
  double = await createUpstashDouble({ redis })
})
afterAll(async () => {
  await double.close()
  await redis.stop()
})

const choice = () => ({ kind: 'upstash', url: double.url, token: double.token }) as const
const newStore = (onCommand?: (kind: string, count: number) => void): Store =>
  createStore(choice(), {
    prefix: PREFIX,
    warn: () => undefined,
    ...(onCommand === undefined ? {} : { onCommand }),
  })
const newBus = () => createBus(choice(), { prefix: PREFIX })

storeContract(
  'Upstash',
  () => {
    const bus = newBus()
    return Promise.resolve({
      store: newStore(),
      peers: [newStore(), newStore()],
      async listen(inbox: InstanceId, deliver: (text: string) => void) {
        const listening = newBus()
        await hear(listening, inbox, deliver)
        return () => void listening.close()
      },
      inspect: () => keysOf(redis.url),
      close: () => bus.close(),
    })
  },
  { concurrent: true, prefix: PREFIX },
)

let how: 'end' | 'break' = 'break'
busContract('Upstash', () =>
  Promise.resolve({
    bus: newBus,
    cut() {
      how = how === 'end' ? 'break' : 'end'
      double.cutStreams(how)
    },
  }),
)

describe('[SYNC-6] what a call costs at Upstash', () => {
  const cost = async (
    call: (store: Store) => Promise<unknown>,
    prepare?: (store: Store) => Promise<unknown>,
  ) => {
    const counted: Record<string, number> = {}
    let counting = false
    const store = newStore((kind, count) => {
      if (counting) counted[kind] = (counted[kind] ?? 0) + count
    })
    await store.delete('k', 't', 'l')
    await prepare?.(store)
    double.resetBilled()
    counting = true
    await call(store)
    const billed = double.billed()
    const requests = double.requests()
    // What the server is told of its own commands is what the bill says.
    expect(counted).toEqual(billed)
    await store.close()
    return { billed, requests }
  }
  const MINUTE = 60_000
  const table = (store: Store) => store.putRow('t', 'a', '1', MINUTE)
  const value = (store: Store) => store.create('k', 'v', MINUTE)

  test.each<
    [
      string,
      Record<string, number>,
      (store: Store) => Promise<unknown>,
      ((store: Store) => Promise<unknown>)?,
    ]
  >([
    ['get', { GET: 1 }, (store) => store.get('k')],
    ['create', { SET: 1 }, value],
    ['renew', { PEXPIRE: 1 }, (store) => store.renew('k', MINUTE)],
    ['exchange', { SET: 1 }, (store) => store.exchange('k', 'w'), value],
    ['replace', { EVAL: 1, GET: 1, SET: 1 }, (store) => store.replace('k', 'v', 'w'), value],
    ['replace that does not', { EVAL: 1, GET: 1 }, (store) => store.replace('k', 'x', 'w'), value],
    ['delete', { DEL: 1 }, (store) => store.delete('k', 't')],
    ['delete of nothing', {}, (store) => store.delete()],
    ['hit', { INCR: 1, PEXPIRE: 1 }, (store) => store.hit('k', MINUTE)],
    ['row', { HGET: 1 }, (store) => store.row('t', 'a')],
    ['rows', { HGETALL: 1 }, (store) => store.rows('t')],
    ['putRow', { HSET: 1, PEXPIRE: 1 }, table],
    ['putRow without a TTL', { HSET: 1 }, (store) => store.putRow('t', 'b', '2'), table],
    ['createRow', { EVAL: 1, HSETNX: 1, PEXPIRE: 1 }, (store) => store.createRow('t', 'b', '2', MINUTE)],
    [
      'createRow that does not',
      { EVAL: 1, HSETNX: 1 },
      (store) => store.createRow('t', 'a', '2', MINUTE),
      table,
    ],
    ['replaceRow', { EVAL: 1, HGET: 1, HSET: 1 }, (store) => store.replaceRow('t', 'a', '1', '2'), table],
    [
      'replaceRow that does not',
      { EVAL: 1, HGET: 1 },
      (store) => store.replaceRow('t', 'a', 'x', '2'),
      table,
    ],
    ['deleteRows', { HDEL: 1 }, (store) => store.deleteRows('t', 'a', 'b'), table],
    ['deleteRows of nothing', {}, (store) => store.deleteRows('t')],
    ['step of nothing', {}, (store) => store.step([{ delete: 'keys', keys: [] }], {})],
    [
      'step',
      { SET: 1, HDEL: 1, HSET: 1, PEXPIRE: 1, HGETALL: 1, GET: 1, XRANGE: 1 },
      (store) =>
        store.step(
          [
            { put: 'value', key: 'k', value: 'v', ttlMs: MINUTE },
            { delete: 'rows', table: 't', rows: ['a', 'b'] },
            { put: 'rows', table: 't', rows: new Map(Object.entries({ c: '1', d: '2' })), ttlMs: MINUTE },
          ],
          { value: 'k', tables: ['t'], log: { key: 'l' } },
        ),
    ],
    [
      'append',
      { XADD: 1, PEXPIRE: 1, PUBLISH: 2 },
      (store) =>
        store.append('l', 'e', { keep: 10, ttlMs: MINUTE, inboxes: ['a' as InstanceId, 'b' as InstanceId] }),
    ],
    ['append without a TTL', { XADD: 1 }, (store) => store.append('l', 'e', { keep: 10, inboxes: [] })],
    ['readLog', { XRANGE: 1 }, (store) => store.readLog('l')],
    ['logSpan', { XINFO: 1 }, (store) => store.logSpan('l')],
  ])('%s', async (_name, commands, call, prepare) => {
    const { billed, requests } = await cost(call, prepare)
    expect(billed).toEqual(commands)
    expect(requests).toBe(Object.keys(commands).length === 0 ? 0 : 1)
    await newStore().delete('k', 't', 'l')
  })

  test('what is asked of few logs at once goes together, in order', async () => {
    const store = newStore()
    double.resetBilled()
    double.fault({ delayMs: 50 })
    const inboxes = ['a' as InstanceId]
    const appended = await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        store.append(`l${index % 3}`, String(index), { keep: 1_000, ttlMs: MINUTE, inboxes }),
      ),
    )
    double.heal()
    expect(appended.every(({ received }) => received.length === 1 && received[0] === 0)).toBe(true)
    // Messages for one instance go as one.
    expect(double.billed()).toEqual({ PEXPIRE: 300, PUBLISH: 1, XADD: 300 })
    expect(double.requests()).toBe(1)
    for (const room of [0, 1, 2])
      expect((await store.readLog(`l${room}`)).map(({ text }) => text)).toEqual(
        Array.from({ length: 100 }, (_, index) => String(3 * index + room)),
      )
    await store.close()
  })

  test('what is asked of many logs at once goes in three requests, and the next of each log behind it', async () => {
    const store = newStore()
    double.resetBilled()
    double.fault({ delayMs: 50 })
    const inboxes = ['a' as InstanceId]
    const logs = Array.from({ length: 60 }, (_, index) => `many${index}`)
    const append = (log: string, text: string) =>
      store.append(log, text, { keep: 1_000, ttlMs: MINUTE, inboxes })
    const first = logs.map((log) => append(log, '1'))
    await double.taken(3)
    await Promise.all([...first, ...logs.map((log) => append(log, '2'))])
    double.heal()
    expect(double.billed()).toMatchObject({ PEXPIRE: 120, XADD: 120 })
    expect(double.billed()['PUBLISH']).toBe(double.requests())
    expect(double.requests()).toBeLessThanOrEqual(6)
    for (const log of logs) expect((await store.readLog(log)).map(({ text }) => text)).toEqual(['1', '2'])
    await store.delete(...logs)
    await store.close()
  })

  test('a read does not wait behind appends', async () => {
    const store = createStore(choice(), { prefix: PREFIX, warn: () => undefined, timeoutMs: 500 })
    double.resetBilled()
    double.fault({ hang: true })
    const append = Promise.allSettled([store.append('l', 'e', { keep: 10, ttlMs: MINUTE, inboxes: [] })])
    await double.taken(1)
    double.heal()
    expect(await store.get('k')).toBeUndefined()
    await store.close()
    const [{ status, reason }] = (await append) as [PromiseRejectedResult]
    expect(status).toBe('rejected')
    expect(reason).toMatchObject({ fault: 'timeout' })
  })

  test('a bus costs one command for each opening and each message', async () => {
    const counted: Record<string, number> = {}
    const bus = createBus(choice(), {
      prefix: PREFIX,
      onCommand: (kind, count) => (counted[kind] = (counted[kind] ?? 0) + count),
    })
    double.resetBilled()
    const heard = await hear(bus)
    await bus.send(heard.inbox, 'a')
    await bus.send(heard.inbox, 'b')
    double.cutStreams()
    await heard.until(() => heard.events.length >= 3)
    expect(double.billed()).toEqual({ PUBLISH: 2, SUBSCRIBE: 2 })
    expect(counted).toEqual(double.billed())
    await bus.close()
  })
})
