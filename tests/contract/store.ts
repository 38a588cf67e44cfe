import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Store } from '../../server/store/store.ts'
import type { InstanceId } from '../../server/protocol/ids.ts'
import { kindContract } from './kinds.ts'
import { logContract } from './logs.ts'
import { CROWD, ODD_TEXTS } from './odd-texts.ts'
import { stepContract } from './steps.ts'
import type { Suite } from './suite.ts'
import { tableContract } from './tables.ts'

/** One backend under test. */
export interface StoreUnderTest {
  readonly store: Store
  /** Further clients of the same data; where there are none, the one store races with itself. */
  readonly peers?: readonly Store[]
  /** Moves the time that the store measures; absent: the suite waits. Milliseconds. */
  readonly advance?: (ms: number) => void | Promise<void>
  /** Listens to an inbox; resolves when what is sent to it arrives. @returns ends it */
  readonly listen: (inbox: InstanceId, deliver: (text: string) => void) => Promise<() => void>
  /** What the database holds, whoever wrote it. */
  readonly inspect?: () => Promise<readonly Kept[]>
  /** Ends what `open` began besides the stores. */
  readonly close?: () => Promise<void>
}

/** A key as the database knows it. */
export interface Kept {
  readonly key: string
  /** Milliseconds it has to live; negative where it lives for ever. */
  readonly ttlMs: number
}

interface ContractOptions {
  /** Runs tests side by side, where they would only wait one after the other. */
  readonly concurrent?: boolean
  /** What stands before every key of `inspect`. */
  readonly prefix?: string
}

/**
 * What every backend of `Store` owes its callers. Each test works under keys of its own, so that the suite can run
 * over a database that holds other things.
 */
export function storeContract(
  name: string,
  open: () => Promise<StoreUnderTest>,
  { concurrent = false, prefix = '' }: ContractOptions = {},
): void {
  describe(`Store contract: ${name}`, { concurrent }, () => {
    let opened: StoreUnderTest
    let store: Store
    let clients: readonly Store[]
    beforeAll(async () => {
      opened = await open()
      store = opened.store
      clients = [store, ...(opened.peers ?? [])]
    })
    /** Every key of the database, those of other tests too. */
    const keptWell = async (): Promise<void> => {
      const kept = (await opened.inspect?.()) ?? []
      expect(kept.filter(({ ttlMs }) => ttlMs <= 0)).toEqual([])
      expect(kept.filter(({ key: each }) => !each.startsWith(prefix))).toEqual([])
    }
    afterAll(async () => {
      // What a test left behind without a TTL is still there.
      await keptWell()
      await Promise.all(clients.map((client) => client.close()))
      await opened.close?.()
    })

    const key = (label: string) => `contract:${label}:${randomUUID()}`
    const at = (index: number): Store => clients[index % clients.length] ?? store
    /** A life that is waited for in real time is short, and both sides of its end are a good while away. */
    const life = () => (opened.advance === undefined ? 2_000 : 120_000)
    const pass = async (share: number): Promise<void> => {
      const ms = Math.round(life() * share)
      if (opened.advance === undefined) await sleep(ms)
      else await opened.advance(ms)
    }
    const crowd = <T>(task: (client: Store, index: number) => Promise<T>): Promise<T[]> =>
      Promise.all(Array.from({ length: CROWD }, (_, index) => task(at(index), index)))
    describe('values', () => {
      test('get gives nothing for a key that never was', async () => {
        expect(await store.get(key('none'))).toBeUndefined()
      })

      test.each(
        ODD_TEXTS.map((text) => [text.length > 40 ? `${text.length} letters` : JSON.stringify(text), text]),
      )('a value stays the text it was, and so does a key: %s', async (_label, text) => {
        const odd = `${key('odd')}:${text.slice(0, 100)}`
        expect(await store.create(odd, text, life())).toBe(true)
        expect(await at(1).get(odd)).toBe(text)
        expect(await store.exchange(odd, `${text}.`)).toBe(text)
        expect(await at(1).get(odd)).toBe(`${text}.`)
        await store.delete(odd)
        expect(await at(1).get(odd)).toBeUndefined()
      })

      test('create writes only where nothing is', async () => {
        const k = key('create')
        expect(await store.create(k, 'first', life())).toBe(true)
        expect(await store.create(k, 'second', life())).toBe(false)
        expect(await store.get(k)).toBe('first')
      })

      test('create that fails prolongs nothing', async () => {
        const k = key('create-ttl')
        await store.create(k, 'first', life())
        await pass(0.6)
        expect(await store.create(k, 'second', life())).toBe(false)
        await pass(0.6)
        expect(await store.get(k)).toBeUndefined()
      })

      test(`[PAIR-2] of ${CROWD} creates at once exactly one wins, and its value stays`, async () => {
        const k = key('create-race')
        const won = await crowd((client, index) => client.create(k, `by ${index}`, life()))
        expect(won.filter(Boolean)).toHaveLength(1)
        expect(await store.get(k)).toBe(`by ${won.indexOf(true)}`)
      })

      test('[PAIR-1] a value lives as long as it was given, measured by the store, and can be made again after', async () => {
        const k = key('ttl')
        await store.create(k, 'v', life())
        await pass(0.8)
        expect(await store.get(k)).toBe('v')
        await pass(0.4)
        expect(await store.get(k)).toBeUndefined()
        expect(await store.exchange(k, 'w')).toBeUndefined()
        expect(await store.create(k, 'again', life())).toBe(true)
        expect(await store.get(k)).toBe('again')
      })

      test('exchange replaces and gives the old value', async () => {
        const k = key('exchange')
        await store.create(k, 'old', life())
        expect(await store.exchange(k, 'new')).toBe('old')
        expect(await store.get(k)).toBe('new')
      })

      test('exchange writes nothing where nothing is', async () => {
        const k = key('exchange-none')
        expect(await store.exchange(k, 'new')).toBeUndefined()
        expect(await store.get(k)).toBeUndefined()
        expect(await store.create(k, 'first', life())).toBe(true)
      })

      test('exchange keeps the TTL', async () => {
        const k = key('exchange-ttl')
        await store.create(k, 'old', life())
        await pass(0.6)
        expect(await store.exchange(k, 'new')).toBe('old')
        await pass(0.6)
        expect(await store.get(k)).toBeUndefined()
      })

      test(`[PAIR-2] of ${CROWD} exchanges at once each value is given to exactly one`, async () => {
        const k = key('exchange-race')
        await store.create(k, 'open', life())
        const got = await crowd((client, index) => client.exchange(k, `used by ${index}`))
        expect(got.filter((old) => old === 'open')).toHaveLength(1)
        const last = await store.get(k)
        const all = ['open', ...Array.from({ length: CROWD }, (_, index) => `used by ${index}`)]
        expect(new Set([...got, last])).toEqual(new Set(all))
      })

      test('replace replaces only what it expects, and writes nothing where nothing is', async () => {
        const k = key('replace')
        expect(await store.replace(k, '', 'v')).toBe(false)
        await store.create(k, '1', life())
        expect(await store.replace(k, 'other', '2')).toBe(false)
        expect(await store.get(k)).toBe('1')
        expect(await store.replace(k, '1', '2')).toBe(true)
        expect(await store.get(k)).toBe('2')
        await store.delete(k)
        expect(await store.replace(k, '2', '3')).toBe(false)
        expect(await store.get(k)).toBeUndefined()
      })

      test('replace keeps the TTL', async () => {
        const k = key('replace-ttl')
        await store.create(k, '1', life())
        await pass(0.6)
        expect(await store.replace(k, '1', '2')).toBe(true)
        await pass(0.6)
        expect(await store.get(k)).toBeUndefined()
      })

      test(`[PAIR-2] of ${CROWD} replaces at once exactly one wins, and its value stays`, async () => {
        const k = key('replace-race')
        await store.create(k, 'open', life())
        const won = await crowd((client, index) => client.replace(k, 'open', `by ${index}`))
        expect(won.filter(Boolean)).toHaveLength(1)
        expect(await store.get(k)).toBe(`by ${won.indexOf(true)}`)
      })

      test('delete takes several keys and tables, those that are not there, and none at all', async () => {
        const [a, b, table] = [key('a'), key('b'), key('table')]
        await store.create(a, '1', life())
        await store.create(b, '2', life())
        await store.putRow(table, 'r', 'v', life())
        await store.delete(a, key('never'), table)
        expect(await store.get(a)).toBeUndefined()
        expect(await store.get(b)).toBe('2')
        expect(await store.rows(table)).toEqual(new Map())
        await store.delete()
      })
    })

    describe('renew', () => {
      test('gives a value a new life', async () => {
        const k = key('renew')
        await store.create(k, 'v', life())
        await pass(0.6)
        await store.renew(k, life())
        await pass(0.6)
        expect(await store.get(k)).toBe('v')
        await pass(0.6)
        expect(await store.get(k)).toBeUndefined()
      })

      test('gives a table a new life', async () => {
        const table = key('renew-table')
        await store.putRow(table, 'r', 'v', life())
        await pass(0.6)
        await store.renew(table, life())
        await pass(0.6)
        expect(await store.row(table, 'r')).toBe('v')
        await pass(0.6)
        expect(await store.row(table, 'r')).toBeUndefined()
      })

      test('never brings back what was deleted, has ended or never was', async () => {
        const [deleted, ended, never, table] = [key('deleted'), key('ended'), key('never'), key('table')]
        await store.create(ended, 'v', life())
        await pass(1.2)
        await store.create(deleted, 'v', life())
        await store.putRow(table, 'r', 'v', life())
        await store.delete(deleted, table)
        for (const k of [deleted, ended, never, table]) await store.renew(k, life())
        for (const k of [deleted, ended, never]) expect(await store.get(k)).toBeUndefined()
        expect(await store.rows(table)).toEqual(new Map())
        expect(await store.create(never, 'v', life())).toBe(true)
      })
    })

    describe('hit', () => {
      test('counts up from one', async () => {
        const k = key('hit')
        expect([await store.hit(k, life()), await at(1).hit(k, life()), await store.hit(k, life())]).toEqual([
          1, 2, 3,
        ])
      })

      test('the first hit starts the window: later ones do not prolong it', async () => {
        const k = key('hit-window')
        expect(await store.hit(k, life())).toBe(1)
        await pass(0.6)
        expect(await store.hit(k, life())).toBe(2)
        await pass(0.6)
        expect(await store.hit(k, life())).toBe(1)
      })

      test(`[PAIR-6] ${CROWD} hits at once are all counted, each with a count of its own`, async () => {
        const k = key('hit-race')
        const counts = await crowd((client) => client.hit(k, life()))
        expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: CROWD }, (_, index) => index + 1))
      })

      test('delete begins the count anew', async () => {
        const k = key('hit-delete')
        await store.hit(k, life())
        await store.delete(k)
        expect(await store.hit(k, life())).toBe(1)
      })
    })

    const suite: Suite = {
      store: () => store,
      at,
      key,
      life,
      pass,
      crowd,
      listen: (inbox, deliver) => opened.listen(inbox, deliver),
    }
    tableContract(suite)
    kindContract(suite)
    stepContract(suite)
    logContract(suite)

    test('[STORE-5] every key has the prefix and a TTL', async () => {
      const k = key('kept')
      await store.create(k, 'v', 60_000)
      await store.hit(`${k}:hits`, 60_000)
      await store.putRow(`${k}:table`, 'a', '1', 60_000)
      await store.createRow(`${k}:created`, 'a', '1', 60_000)
      await store.append(`${k}:log`, 'e', { keep: 10, ttlMs: 60_000, inboxes: [] })
      await store.step([{ put: 'value', key: `${k}:step`, value: 'v', ttlMs: 60_000 }])
      await store.exchange(k, 'w')
      await store.replace(k, 'w', 'x')
      await store.putRow(`${k}:table`, 'b', '2')
      await store.append(`${k}:log`, 'f', { keep: 10, inboxes: [] })
      await keptWell()
    })

    test('close lets what was asked before be done', async () => {
      const another = await open()
      const log = key('close')
      const asked = Array.from({ length: CROWD }, (_, index) =>
        another.store.append(log, String(index), { keep: 1_000, ttlMs: 60_000, inboxes: [] }),
      )
      await Promise.all([another.store, ...(another.peers ?? [])].map((client) => client.close()))
      expect(new Set((await Promise.all(asked)).map(({ id }) => id)).size).toBe(CROWD)
      await another.close?.()
    })

    test('close ends a store once and does no harm the second time', async () => {
      const another = await open()
      for (const client of [another.store, ...(another.peers ?? [])]) {
        await client.close()
        await client.close()
      }
      await another.close?.()
      expect(await store.get(key('after'))).toBeUndefined()
    })
  })
}
