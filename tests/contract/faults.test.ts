import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createBus } from '../../server/bus/index.ts'
import type { InstanceId } from '../../server/protocol/ids.ts'
import { failureOfAnswer } from '../../server/redis/failure.ts'
import { createStore, type StoreChoice } from '../../server/store/index.ts'
import { StoreUnavailable, type Store, type StoreFault } from '../../server/store/store.ts'
import { startRedis, type RedisServer } from '../support/redis-server.ts'
import {
  createUpstashDouble,
  FAILURES,
  type Failure,
  type UpstashDouble,
} from '../support/upstash-double/index.ts'
import { hear, newInbox } from './bus.ts'

const PREFIX = 'faults:'
const TOKEN = 'AXyzSecretTokenOfTheDatabase0123456789'
const KEY = 'room-k7Jx2secretkey'
const VALUE = 'value-9fQw8secretvalue'
/** A limit that a test can wait for, and what a busy machine may add. Milliseconds. */
const LIMIT = 400
const MARGIN = 2_000

let redis: RedisServer
let double: UpstashDouble
const open: { close(): Promise<void> }[] = []
beforeAll(async () => {
  redis = await startRedis()
  double = await createUpstashDouble({ redis, token: TOKEN })
})
afterEach(async () => {
  double.heal()
  await double.accept()
  redis.resume()
  await Promise.all(open.splice(0).map((each) => each.close()))
})
afterAll(async () => {
  await double.close()
  await redis.stop()
})

const upstash = (): StoreChoice => ({ kind: 'upstash', url: double.url, token: double.token })
const tcp = (): StoreChoice => ({ kind: 'redis', url: redis.url })
const kept = <T extends { close(): Promise<void> }>(made: T): T => {
  open.push(made)
  return made
}
const options = { prefix: PREFIX, warn: () => undefined, timeoutMs: LIMIT }
const storeOf = (choice: StoreChoice): Store => kept(createStore(choice, options))
const busOf = (choice: StoreChoice) => kept(createBus(choice, options))

const failure = async (asked: Promise<unknown>): Promise<StoreUnavailable> => {
  const [outcome] = await Promise.allSettled([asked])
  expect(outcome.status).toBe('rejected')
  const reason: unknown = outcome.status === 'rejected' ? outcome.reason : undefined
  expect(reason).toBeInstanceOf(StoreUnavailable)
  return reason as StoreUnavailable
}
/** Everything an operator could be shown of an error. */
const shown = (error: Error): string =>
  `${error.message} ${error.stack ?? ''} ${JSON.stringify(error, Object.getOwnPropertyNames(error))} ${String(error.cause)}`

/** Every call that a store has, with secrets wherever one can stand. */
const CALLS: readonly [name: string, call: (store: Store) => Promise<unknown>][] = [
  ['get', (store) => store.get(KEY)],
  ['create', (store) => store.create(KEY, VALUE, 1_000)],
  ['renew', (store) => store.renew(KEY, 1_000)],
  ['exchange', (store) => store.exchange(KEY, VALUE)],
  ['replace', (store) => store.replace(KEY, VALUE, VALUE)],
  ['delete', (store) => store.delete(KEY)],
  ['hit', (store) => store.hit(KEY, 1_000)],
  ['row', (store) => store.row(KEY, VALUE)],
  ['rows', (store) => store.rows(KEY)],
  ['putRow', (store) => store.putRow(KEY, VALUE, VALUE, 1_000)],
  ['createRow', (store) => store.createRow(KEY, VALUE, VALUE, 1_000)],
  ['replaceRow', (store) => store.replaceRow(KEY, VALUE, VALUE, VALUE)],
  ['deleteRows', (store) => store.deleteRows(KEY, VALUE)],
  [
    'step',
    (store) =>
      store.step([{ put: 'rows', table: KEY, rows: new Map([[VALUE, VALUE]]), ttlMs: 1_000 }], {
        value: KEY,
      }),
  ],
  ['append', (store) => store.append(KEY, VALUE, { keep: 10, ttlMs: 1_000, inboxes: [VALUE as InstanceId] })],
  ['readLog', (store) => store.readLog(KEY)],
  ['logSpan', (store) => store.logSpan(KEY)],
]

describe('what a fault is called', () => {
  test.each<[keyof typeof FAILURES, StoreFault]>([
    ['server', 'server'],
    ['unavailable', 'server'],
    ['unauthorized', 'auth'],
    ['dailyLimit', 'quota'],
    ['monthlyLimit', 'quota'],
    ['requestSize', 'quota'],
    ['connections', 'quota'],
    ['capacity', 'quota'],
  ])('Upstash answers %s', async (name, fault) => {
    double.fault({ answer: FAILURES[name] })
    const store = storeOf(upstash())
    for (const [, call] of CALLS) expect((await failure(call(store))).fault).toBe(fault)
  })

  test.each<[string, StoreFault]>([
    ['WRONGPASS invalid username-password pair or user is disabled.', 'auth'],
    ['NOAUTH Authentication required.', 'auth'],
    ["NOPERM this user has no permissions to run the 'set' command", 'auth'],
    ['ERR AUTH <password> called without any password configured for the default user.', 'auth'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'quota'],
    ['ERR max number of clients reached', 'quota'],
    ['LOADING Redis is loading the dataset in memory', 'server'],
    ["READONLY You can't write against a read only replica.", 'server'],
    ['MISCONF Redis is configured to save RDB snapshots', 'server'],
    ["ERR unknown command 'XADD'", 'server'],
    ['ERR something new', 'server'],
    ['', 'server'],
  ])('Redis answers %s', (text, fault) => {
    expect(failureOfAnswer(text).fault).toBe(fault)
  })

  test('nobody answers, a connection breaks, an answer does not come', async () => {
    const store = storeOf(upstash())
    double.fault({ loseAnswers: true })
    expect((await failure(store.get(KEY))).fault).toBe('network')
    double.heal()
    double.fault({ hang: true })
    expect((await failure(store.get(KEY))).fault).toBe('timeout')
    await double.refuse()
    expect((await failure(store.get(KEY))).fault).toBe('network')
    expect((await failure(storeOf({ kind: 'redis', url: 'redis://127.0.0.1:1' }).get(KEY))).fault).toBe(
      'network',
    )
    expect(
      (await failure(storeOf({ kind: 'redis', url: 'redis://no.such.host.invalid' }).get(KEY))).fault,
    ).toBe('network')
  })

  test('a wrong token or password is not taken', async () => {
    expect((await failure(storeOf({ ...upstash(), token: `${TOKEN}x` } as StoreChoice).get(KEY))).fault).toBe(
      'auth',
    )
    const wrong = redis.url.replace('//', `//:${TOKEN}@`)
    expect((await failure(storeOf({ kind: 'redis', url: wrong }).get(KEY))).fault).toBe('auth')
  })
})

describe('[PAIR-8] no message holds an argument or a credential', () => {
  const echoes: Record<string, Failure> = Object.fromEntries(
    [
      `ERR unknown command 'FOO', with args beginning with: '${PREFIX}${KEY}' '${VALUE}' `,
      `ERR Error running script: ${KEY} "${VALUE}" ${TOKEN}`,
      `WRONGTYPE2 ${PREFIX}${KEY} holds ${VALUE}`,
      `${KEY} ${VALUE}`,
    ].map((text) => [text, { status: 400, body: JSON.stringify({ error: text }) }]),
  )
  const html: Failure = { status: 502, body: `<html>${KEY} ${VALUE} ${TOKEN}</html>` }

  test.each(Object.entries({ ...FAILURES, ...echoes, html }))(
    'where Upstash answers %s',
    async (_name, answer) => {
      double.fault({ answer })
      const store = storeOf(upstash())
      for (const [, call] of CALLS) {
        const text = shown(await failure(call(store)))
        for (const secret of [KEY, VALUE, TOKEN]) expect(text).not.toContain(secret)
      }
    },
  )

  test('where Redis is reached over TCP, or not', async () => {
    const urls = [redis.url.replace('//', `//:${TOKEN}@`), `redis://user:${TOKEN}@127.0.0.1:1`]
    for (const url of urls) {
      const store = storeOf({ kind: 'redis', url })
      for (const [, call] of CALLS) {
        const text = shown(await failure(call(store)))
        for (const secret of [KEY, VALUE, TOKEN]) expect(text).not.toContain(secret)
      }
    }
  })

  test('where an inbox can not be opened', async () => {
    const cuts: string[] = []
    const bus = busOf({ ...upstash(), token: `${TOKEN}x` } as StoreChoice)
    await new Promise<void>((resolve) => {
      bus.listen(newInbox(), {
        deliver: () => undefined,
        opened: () => undefined,
        cut(why) {
          cuts.push(why)
          resolve()
        },
      })
    })
    expect(cuts).toEqual([expect.stringContaining('token')])
    expect(cuts[0]).not.toContain(TOKEN)
  })
})

describe('every call is bounded in time', () => {
  test.each(CALLS)('%s', async (_name, call) => {
    const stores = [storeOf(upstash()), storeOf(tcp())]
    await Promise.all(stores.map((store) => store.get('warm')))
    double.fault({ hang: true })
    redis.pause()
    const began = performance.now()
    for (const failed of await Promise.all(stores.map((store) => failure(call(store)))))
      expect(failed.fault).toBe('timeout')
    expect(performance.now() - began).toBeLessThan(LIMIT + MARGIN)
  })

  test('sending, and opening an inbox', async () => {
    double.fault({ hang: true })
    redis.pause()
    for (const bus of [busOf(upstash()), busOf(tcp())]) {
      const began = performance.now()
      await expect(bus.send(newInbox(), 'text')).rejects.toThrow('did not answer')
      const why = await new Promise<string>((resolve) => {
        bus.listen(newInbox(), { deliver: () => undefined, opened: () => undefined, cut: resolve })
      })
      expect(why).toContain('did not answer')
      expect(performance.now() - began).toBeLessThan(2 * LIMIT + MARGIN)
    }
  })

  test('what waits behind a request that hangs fails with it or gets its turn', async () => {
    const store = storeOf(upstash())
    double.resetBilled()
    double.fault({ hang: true })
    const append = (text: string) => store.append(KEY, text, { keep: 10, ttlMs: 60_000, inboxes: [] })
    const first = failure(append('first'))
    await double.taken(1)
    const second = append('second')
    double.heal()
    expect((await first).fault).toBe('timeout')
    await second
    expect((await store.readLog(KEY)).map(({ text }) => text)).toEqual(['second'])
    await store.delete(KEY)
  })
})

describe('what may have happened is not done again', () => {
  test('where the answer is lost', async () => {
    const store = storeOf(upstash())
    double.fault({ loseAnswers: true })
    await failure(store.hit('once', 60_000))
    await failure(store.append('once-log', 'e', { keep: 10, ttlMs: 60_000, inboxes: [] }))
    double.heal()
    expect(await store.hit('once', 60_000)).toBe(2)
    expect(await store.readLog('once-log')).toHaveLength(1)
  })

  test('where Redis stands still meanwhile', async () => {
    const store = storeOf(tcp())
    await store.get('warm')
    redis.pause()
    await failure(store.hit('paused', 60_000))
    redis.resume()
    await vi.waitFor(async () => expect(await store.hit('paused', 60_000)).toBeLessThanOrEqual(2), 5_000)
  })
})

describe('after an outage', () => {
  test('stores answer again by themselves', async () => {
    const stores = [storeOf(upstash()), storeOf(tcp())]
    await Promise.all(stores.map((store) => store.get('warm')))
    await redis.kill()
    for (const store of stores) expect((await failure(store.get('k'))).fault).toBe('network')
    await redis.restart()
    for (const store of stores)
      await vi.waitFor(async () => expect(await store.get('k')).toBeUndefined(), 5_000)
  })

  test('inboxes open again by themselves, whatever the outage was', async () => {
    for (const choice of [upstash(), tcp()]) {
      const heard = await hear(busOf(choice))
      const opened = () => heard.events.filter((event) => event === 'opened').length
      await redis.kill()
      await heard.until(() => heard.events.length === 2)
      await redis.restart()
      await heard.until(() => opened() === 2)
      await vi.waitFor(async () => expect(await busOf(choice).send(heard.inbox, 'again')).toBe(1), 5_000)
      await heard.until(() => heard.texts.length > 0)
    }
  })

  test('an inbox whose opening was refused, or hung, opens when that is over', async () => {
    for (const fault of [{ answer: FAILURES.dailyLimit }, { hang: true }]) {
      double.fault(fault)
      const events: string[] = []
      await new Promise<void>((resolve) => {
        busOf(upstash()).listen(newInbox(), {
          deliver: () => undefined,
          opened() {
            events.push('opened')
            resolve()
          },
          cut(why) {
            events.push(why)
            double.heal()
          },
        })
      })
      expect(events).toHaveLength(2)
    }
  })
})
