import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Store } from '../../server/store/store.ts'

/** One backend under test. */
export interface StoreUnderTest {
  readonly store: Store
  /** Further clients of the same data; where there are none, the one store races with itself. */
  readonly peers?: readonly Store[]
  /** Moves the time that the store measures; absent: the suite waits. Milliseconds. */
  readonly advance?: (ms: number) => void | Promise<void>
  /** Ends what `open` began besides the stores. */
  readonly close?: () => Promise<void>
}

/** So many at once is more than any backend serves in one step. */
const CROWD = 50
/** Texts that a backend could take for something else: numbers, JSON, protocol, several bytes a character. */
const ODD_TEXTS = [
  '123456', '007', '1e3', '-0', 'null', 'true', '', ' ', '{"v":1}', '["GET","k"]', '"quoted"',
  'line\r\nbreak', '\0', 'ключ 🔑 é\u0301', '%2F/../?#&', '__proto__', 'constructor', '\u2028', 'x'.repeat(64 * 1024),
]

/**
 * What every backend of `Store` owes its callers. Each test works under keys of its own, so that the suite can run
 * over a database that holds other things.
 */
export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`Store contract: ${name}`, () => {
    let opened: StoreUnderTest
    let store: Store
    let clients: readonly Store[]
    beforeAll(async () => {
      opened = await open()
      store = opened.store
      clients = [store, ...(opened.peers ?? [])]
    })
    afterAll(async () => {
      await Promise.all(clients.map((client) => client.close()))
      await opened.close?.()
    })

    const key = (label: string) => `contract:${label}:${randomUUID()}`
    const at = (index: number): Store => clients[index % clients.length] ?? store
    /** A life that is waited for in real time is short, and both sides of its end are a good while away. */
    const life = () => (opened.advance === undefined ? 1_500 : 120_000)
    const pass = async (share: number): Promise<void> => {
      const ms = Math.round(life() * share)
      if (opened.advance === undefined) await sleep(ms)
      else await opened.advance(ms)
    }
    const crowd = <T>(task: (client: Store, index: number) => Promise<T>): Promise<T[]> =>
      Promise.all(Array.from({ length: CROWD }, (_, index) => task(at(index), index)))
    /** A call of the wrong kind may be refused or find nothing. */
    const refusedOrNothing = async (asked: Promise<unknown>): Promise<void> => {
      const [answer] = await Promise.allSettled([asked])
      if (answer.status === 'fulfilled') expect([undefined, false, new Map()]).toContainEqual(answer.value)
      else expect(answer.reason).toBeInstanceOf(Error)
    }

    describe('values', () => {
      test('get gives nothing for a key that never was', async () => {
        expect(await store.get(key('none'))).toBeUndefined()
      })

      test.each(ODD_TEXTS.map((text) => [text.length > 40 ? `${text.length} letters` : JSON.stringify(text), text]))(
        'a value stays the text it was, and so does a key: %s',
        async (_label, text) => {
          const odd = `${key('odd')}:${text.slice(0, 100)}`
          expect(await store.create(odd, text, life())).toBe(true)
          expect(await at(1).get(odd)).toBe(text)
          expect(await store.exchange(odd, `${text}.`)).toBe(text)
          expect(await at(1).get(odd)).toBe(`${text}.`)
          await store.delete(odd)
          expect(await at(1).get(odd)).toBeUndefined()
        },
      )

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
        expect([...got, last].sort()).toEqual(all.sort())
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
        expect([await store.hit(k, life()), await at(1).hit(k, life()), await store.hit(k, life())]).toEqual([1, 2, 3])
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

    describe('tables', () => {
      test('a table that never was has no rows', async () => {
        const table = key('none')
        expect(await store.row(table, 'r')).toBeUndefined()
        expect(await store.rows(table)).toEqual(new Map())
        expect(await store.replaceRow(table, 'r', '', 'v')).toBe(false)
        await store.deleteRows(table, 'r')
        expect(await store.rows(table)).toEqual(new Map())
      })

      test('rows hold what was put, the last one where two were', async () => {
        const table = key('rows')
        await store.putRow(table, 'a', '1', life())
        await store.putRow(table, 'b', '2', life())
        await at(1).putRow(table, 'a', '3', life())
        expect(await store.row(table, 'a')).toBe('3')
        expect(await store.rows(table)).toEqual(new Map([['a', '3'], ['b', '2']]))
      })

      test('rows are told apart and stay texts, whatever they are called and hold', async () => {
        const table = key('odd')
        const odd = new Map(ODD_TEXTS.map((text) => [text.slice(0, 100), text]))
        for (const [row, value] of odd) await store.putRow(table, row, value, life())
        expect(await store.rows(table)).toEqual(odd)
        for (const [row, value] of odd) expect(await store.row(table, row)).toBe(value)
      })

      test('what rows gave is a copy: later changes do not show in it, and it changes nothing', async () => {
        const table = key('copy')
        await store.putRow(table, 'a', '1', life())
        const before = await store.rows(table)
        await store.putRow(table, 'a', '2', life())
        await store.putRow(table, 'b', '3', life())
        expect(before).toEqual(new Map([['a', '1']]))
      })

      test('all rows share one life, which every put renews', async () => {
        const table = key('ttl')
        await store.putRow(table, 'a', '1', life())
        await pass(0.6)
        await store.putRow(table, 'b', '2', life())
        await pass(0.6)
        expect(await store.rows(table)).toEqual(new Map([['a', '1'], ['b', '2']]))
        await pass(0.6)
        expect(await store.rows(table)).toEqual(new Map())
        expect(await store.row(table, 'b')).toBeUndefined()
      })

      test('replaceRow replaces only what it expects', async () => {
        const table = key('replace')
        await store.putRow(table, 'a', '1', life())
        expect(await store.replaceRow(table, 'a', 'other', '2')).toBe(false)
        expect(await store.replaceRow(table, 'b', '1', '2')).toBe(false)
        expect(await store.rows(table)).toEqual(new Map([['a', '1']]))
        expect(await store.replaceRow(table, 'a', '1', '2')).toBe(true)
        expect(await store.rows(table)).toEqual(new Map([['a', '2']]))
      })

      test('replaceRow keeps the TTL', async () => {
        const table = key('replace-ttl')
        await store.putRow(table, 'a', '1', life())
        await pass(0.6)
        expect(await store.replaceRow(table, 'a', '1', '2')).toBe(true)
        await pass(0.6)
        expect(await store.row(table, 'a')).toBeUndefined()
      })

      test('[SESS-3] replaceRow never brings back a row or a table that is gone', async () => {
        const table = key('replace-gone')
        await store.putRow(table, 'a', '1', life())
        await store.putRow(table, 'b', '2', life())
        await store.deleteRows(table, 'a')
        expect(await store.replaceRow(table, 'a', '1', '3')).toBe(false)
        await store.delete(table)
        expect(await store.replaceRow(table, 'b', '2', '3')).toBe(false)
        expect(await store.rows(table)).toEqual(new Map())
      })

      test(`of ${CROWD} replaceRow at once exactly one wins, and its value stays`, async () => {
        const table = key('replace-race')
        await store.putRow(table, 'a', 'pending', life())
        const won = await crowd((client, index) => client.replaceRow(table, 'a', 'pending', `by ${index}`))
        expect(won.filter(Boolean)).toHaveLength(1)
        expect(await store.row(table, 'a')).toBe(`by ${won.indexOf(true)}`)
      })

      test(`${CROWD} puts at once lose no row`, async () => {
        const table = key('put-race')
        await crowd((client, index) => client.putRow(table, `row ${index}`, String(index), life()))
        expect((await store.rows(table)).size).toBe(CROWD)
      })

      test('deleteRows takes several rows, those that are not there, and none at all', async () => {
        const table = key('delete-rows')
        for (const row of ['a', 'b', 'c']) await store.putRow(table, row, row, life())
        await store.deleteRows(table, 'a', 'never', 'c')
        expect(await store.rows(table)).toEqual(new Map([['b', 'b']]))
        await store.deleteRows(table)
        expect(await store.rows(table)).toEqual(new Map([['b', 'b']]))
      })

      test('a table whose last row went is gone, and a later one starts its own life', async () => {
        const table = key('last-row')
        await store.putRow(table, 'a', '1', life())
        await pass(0.6)
        await store.deleteRows(table, 'a')
        expect(await store.create(table, 'now a value', life())).toBe(true)
        await store.delete(table)
        await store.putRow(table, 'b', '2', life())
        await pass(0.6)
        expect(await store.rows(table)).toEqual(new Map([['b', '2']]))
      })
    })

    describe('values and tables', () => {
      test('a call for a value does no harm to a table of that key', async () => {
        const table = key('is-table')
        await store.putRow(table, 'a', '1', life())
        expect(await store.create(table, 'v', life())).toBe(false)
        await refusedOrNothing(store.get(table))
        await refusedOrNothing(store.exchange(table, 'v'))
        await expect(store.hit(table, life())).rejects.toThrow(Error)
        expect(await store.rows(table)).toEqual(new Map([['a', '1']]))
      })

      test('a call for a table does no harm to a value of that key', async () => {
        const k = key('is-value')
        await store.create(k, 'v', life())
        await refusedOrNothing(store.row(k, 'a'))
        await refusedOrNothing(store.rows(k))
        await refusedOrNothing(store.replaceRow(k, 'a', '1', '2'))
        await Promise.allSettled([store.deleteRows(k, 'a')])
        await expect(store.putRow(k, 'a', '1', life())).rejects.toThrow(Error)
        expect(await store.get(k)).toBe('v')
      })

      test('keys that begin alike are told apart', async () => {
        const k = key('room')
        await store.create(k, 'v', life())
        await store.putRow(`${k}:sessions`, 'a', '1', life())
        await store.delete(k)
        expect(await store.rows(`${k}:sessions`)).toEqual(new Map([['a', '1']]))
      })
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
