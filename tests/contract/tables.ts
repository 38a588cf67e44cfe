import { describe, expect, test } from 'vitest'
import type { Store } from '../../server/store/store.ts'
import { CROWD, ODD_TEXTS } from './odd-texts.ts'

/** What the tests of one backend share. */
interface Suite {
  store(): Store
  /** One of the clients of the data. */
  at(index: number): Store
  /** A key of the test's own. */
  key(label: string): string
  /** A life to give, in milliseconds. */
  life(): number
  /** Lets a share of that life go by. */
  pass(share: number): Promise<void>
  crowd<T>(task: (client: Store, index: number) => Promise<T>): Promise<T[]>
}

/** The part of the contract that is about tables, and about keys that hold the one or the other. */
export function tableContract({ store, at, key, life, pass, crowd }: Suite): void {
  /** A call of the wrong kind may be refused or find nothing. */
  const refusedOrNothing = async (asked: Promise<unknown>): Promise<void> => {
    const [answer] = await Promise.allSettled([asked])
    if (answer.status === 'fulfilled') expect([undefined, false, new Map()]).toContainEqual(answer.value)
    else expect(answer.reason).toBeInstanceOf(Error)
  }

  describe('tables', () => {
    test('a table that never was has no rows', async () => {
      const table = key('none')
      expect(await store().row(table, 'r')).toBeUndefined()
      expect(await store().rows(table)).toEqual(new Map())
      expect(await store().replaceRow(table, 'r', '', 'v')).toBe(false)
      await store().deleteRows(table, 'r')
      expect(await store().rows(table)).toEqual(new Map())
    })

    test('rows hold what was put, the last one where two were', async () => {
      const table = key('rows')
      await store().putRow(table, 'a', '1', life())
      await store().putRow(table, 'b', '2', life())
      await at(1).putRow(table, 'a', '3', life())
      expect(await store().row(table, 'a')).toBe('3')
      expect(await store().rows(table)).toEqual(
        new Map([
          ['a', '3'],
          ['b', '2'],
        ]),
      )
    })

    test('rows are told apart and stay texts, whatever they are called and hold', async () => {
      const table = key('odd')
      const odd = new Map(ODD_TEXTS.map((text) => [text.slice(0, 100), text]))
      for (const [row, value] of odd) await store().putRow(table, row, value, life())
      expect(await store().rows(table)).toEqual(odd)
      for (const [row, value] of odd) expect(await store().row(table, row)).toBe(value)
    })

    test('what rows gave is a copy: later changes do not show in it, and it changes nothing', async () => {
      const table = key('copy')
      await store().putRow(table, 'a', '1', life())
      const before = await store().rows(table)
      await store().putRow(table, 'a', '2', life())
      await store().putRow(table, 'b', '3', life())
      expect(before).toEqual(new Map([['a', '1']]))
    })

    test('all rows share one life, which every put renews', async () => {
      const table = key('ttl')
      await store().putRow(table, 'a', '1', life())
      await pass(0.6)
      await store().putRow(table, 'b', '2', life())
      await pass(0.6)
      expect(await store().rows(table)).toEqual(
        new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
      )
      await pass(0.6)
      expect(await store().rows(table)).toEqual(new Map())
      expect(await store().row(table, 'b')).toBeUndefined()
    })

    test('replaceRow replaces only what it expects', async () => {
      const table = key('replace')
      await store().putRow(table, 'a', '1', life())
      expect(await store().replaceRow(table, 'a', 'other', '2')).toBe(false)
      expect(await store().replaceRow(table, 'b', '1', '2')).toBe(false)
      expect(await store().rows(table)).toEqual(new Map([['a', '1']]))
      expect(await store().replaceRow(table, 'a', '1', '2')).toBe(true)
      expect(await store().rows(table)).toEqual(new Map([['a', '2']]))
    })

    test('replaceRow keeps the TTL', async () => {
      const table = key('replace-ttl')
      await store().putRow(table, 'a', '1', life())
      await pass(0.6)
      expect(await store().replaceRow(table, 'a', '1', '2')).toBe(true)
      await pass(0.6)
      expect(await store().row(table, 'a')).toBeUndefined()
    })

    test('[SESS-3] replaceRow never brings back a row or a table that is gone', async () => {
      const table = key('replace-gone')
      await store().putRow(table, 'a', '1', life())
      await store().putRow(table, 'b', '2', life())
      await store().deleteRows(table, 'a')
      expect(await store().replaceRow(table, 'a', '1', '3')).toBe(false)
      await store().delete(table)
      expect(await store().replaceRow(table, 'b', '2', '3')).toBe(false)
      expect(await store().rows(table)).toEqual(new Map())
    })

    test(`of ${CROWD} replaceRow at once exactly one wins, and its value stays`, async () => {
      const table = key('replace-race')
      await store().putRow(table, 'a', 'pending', life())
      const won = await crowd((client, index) => client.replaceRow(table, 'a', 'pending', `by ${index}`))
      expect(won.filter(Boolean)).toHaveLength(1)
      expect(await store().row(table, 'a')).toBe(`by ${won.indexOf(true)}`)
    })

    test(`${CROWD} puts at once lose no row`, async () => {
      const table = key('put-race')
      await crowd((client, index) => client.putRow(table, `row ${index}`, String(index), life()))
      expect((await store().rows(table)).size).toBe(CROWD)
    })

    test('deleteRows takes several rows, those that are not there, and none at all', async () => {
      const table = key('delete-rows')
      for (const row of ['a', 'b', 'c']) await store().putRow(table, row, row, life())
      await store().deleteRows(table, 'a', 'never', 'c')
      expect(await store().rows(table)).toEqual(new Map([['b', 'b']]))
      await store().deleteRows(table)
      expect(await store().rows(table)).toEqual(new Map([['b', 'b']]))
    })

    test('a table whose last row went is gone, and a later one starts its own life', async () => {
      const table = key('last-row')
      await store().putRow(table, 'a', '1', life())
      await pass(0.6)
      await store().deleteRows(table, 'a')
      expect(await store().create(table, 'now a value', life())).toBe(true)
      await store().delete(table)
      await store().putRow(table, 'b', '2', life())
      await pass(0.6)
      expect(await store().rows(table)).toEqual(new Map([['b', '2']]))
    })
  })

  describe('values and tables', () => {
    test('a call for a value does no harm to a table of that key', async () => {
      const table = key('is-table')
      await store().putRow(table, 'a', '1', life())
      expect(await store().create(table, 'v', life())).toBe(false)
      await refusedOrNothing(store().get(table))
      await refusedOrNothing(store().exchange(table, 'v'))
      await expect(store().hit(table, life())).rejects.toThrow(Error)
      expect(await store().rows(table)).toEqual(new Map([['a', '1']]))
    })

    test('a call for a table does no harm to a value of that key', async () => {
      const k = key('is-value')
      await store().create(k, 'v', life())
      await refusedOrNothing(store().row(k, 'a'))
      await refusedOrNothing(store().rows(k))
      await refusedOrNothing(store().replaceRow(k, 'a', '1', '2'))
      await Promise.allSettled([store().deleteRows(k, 'a')])
      await expect(store().putRow(k, 'a', '1', life())).rejects.toThrow(Error)
      expect(await store().get(k)).toBe('v')
    })

    test('keys that begin alike are told apart', async () => {
      const k = key('room')
      await store().create(k, 'v', life())
      await store().putRow(`${k}:sessions`, 'a', '1', life())
      await store().delete(k)
      expect(await store().rows(`${k}:sessions`)).toEqual(new Map([['a', '1']]))
    })
  })
}
