import { describe, expect, test } from 'vitest'
import type { Write } from '../../server/store/store.ts'
import { CROWD, ODD_TEXTS } from './odd-texts.ts'
import type { Suite } from './suite.ts'

/** The part of the contract that is about steps of several writes and reads. */
export function stepContract({ store, at, key, life, pass, crowd }: Suite): void {
  describe('step', () => {
    const rows = (table: string, row: string, value: string): Write => ({
      put: 'rows',
      table,
      rows: new Map([[row, value]]),
      ttlMs: life(),
    })

    test('without writes and reads finds nothing', async () => {
      expect(await store().step([])).toEqual({ tables: [], log: [] })
      expect(await store().step([], {})).toEqual({ tables: [], log: [] })
    })

    test('writes everything that can be written, and reads it afterwards', async () => {
      const [value, table, other, log] = [key('value'), key('table'), key('other'), key('log')]
      const found = await store().step(
        [
          { put: 'value', key: value, value: 'v', ttlMs: life() },
          rows(table, 'a', '1'),
          {
            put: 'rows',
            table,
            rows: new Map([
              ['b', '2'],
              ['c', '3'],
            ]),
          },
          rows(other, 'x', 'y'),
          { put: 'entry', log, text: 'first', keep: 10, ttlMs: life() },
          { put: 'entry', log, text: 'second', keep: 10 },
        ],
        { value, row: { table, row: 'b' }, tables: [other, table], log: { key: log } },
      )
      expect(found.value).toBe('v')
      expect(found.row).toBe('2')
      expect(found.tables).toEqual([
        new Map([['x', 'y']]),
        new Map(Object.entries({ a: '1', b: '2', c: '3' })),
      ])
      expect(found.log.map(({ text }) => text)).toEqual(['first', 'second'])
      expect(await at(1).get(value)).toBe('v')
      expect(await at(1).readLog(log)).toEqual(found.log)
    })

    test('does its writes in the order given', async () => {
      const [value, table] = [key('order'), key('order-table')]
      const found = await store().step(
        [
          { put: 'value', key: value, value: '1', ttlMs: life() },
          { put: 'value', key: value, value: '2', ttlMs: life() },
          rows(table, 'a', '1'),
          { delete: 'rows', table, rows: ['a', 'never'] },
          rows(table, 'b', '2'),
        ],
        { value, tables: [table] },
      )
      expect(found).toEqual({ value: '2', tables: [new Map([['b', '2']])], log: [] })
    })

    test('deletes rows and keys, those that are not there too, and none at all', async () => {
      const [value, table, gone] = [key('value'), key('table'), key('gone')]
      await store().step([
        { put: 'value', key: value, value: 'v', ttlMs: life() },
        rows(table, 'a', '1'),
        rows(table, 'b', '2'),
        rows(gone, 'a', '1'),
      ])
      const found = await store().step(
        [
          { delete: 'rows', table, rows: ['a', 'never'] },
          { delete: 'rows', table, rows: [] },
          { delete: 'keys', keys: [value, gone, key('never')] },
          { delete: 'keys', keys: [] },
        ],
        { value, tables: [table, gone] },
      )
      expect(found).toEqual({ tables: [new Map([['b', '2']]), new Map()], log: [] })
    })

    test('finds nothing where nothing is', async () => {
      const none = key('none')
      expect(
        await store().step([], {
          value: none,
          row: { table: none, row: 'a' },
          tables: [none],
          log: { key: none, after: '5-5' },
        }),
      ).toEqual({ tables: [new Map()], log: [] })
    })

    test('reads the entries behind a place', async () => {
      const log = key('after')
      const { id } = await store().append(log, 'a', { keep: 10, ttlMs: life(), inboxes: [] })
      const found = await store().step([{ put: 'entry', log, text: 'b', keep: 10 }], {
        log: { key: log, after: id },
      })
      expect(found.log.map(({ text }) => text)).toEqual(['b'])
    })

    test('renews what is there and brings nothing back', async () => {
      const [kept, left, never] = [key('kept'), key('left'), key('never')]
      await store().step([{ put: 'value', key: kept, value: 'v', ttlMs: life() }, rows(left, 'a', '1')])
      await pass(0.6)
      await store().step([
        { renew: kept, ttlMs: life() },
        { renew: never, ttlMs: life() },
      ])
      await pass(0.6)
      const found = await store().step([], { value: kept, tables: [left, never] })
      expect(found).toEqual({ value: 'v', tables: [new Map(), new Map()], log: [] })
    })

    test('rows put without a TTL leave the table its own', async () => {
      const table = key('keeps')
      await store().step([rows(table, 'a', '1')])
      await pass(0.6)
      await store().step([{ put: 'rows', table, rows: new Map([['b', '2']]) }])
      await pass(0.6)
      expect(await store().rows(table)).toEqual(new Map())
    })

    test('texts stay what they are', async () => {
      const [value, table, log] = [key('odd'), key('odd-table'), key('odd-log')]
      const odd = new Map(ODD_TEXTS.map((text) => [text.slice(0, 100), text]))
      for (const text of ODD_TEXTS) {
        const found = await store().step(
          [
            { put: 'value', key: value, value: text, ttlMs: life() },
            { put: 'entry', log, text, keep: 1_000, ttlMs: life() },
          ],
          { value },
        )
        expect(found.value).toBe(text)
      }
      const found = await store().step([{ put: 'rows', table, rows: odd, ttlMs: life() }], {
        tables: [table],
        log: { key: log },
      })
      expect(found.tables).toEqual([odd])
      expect(found.log.map(({ text }) => text)).toEqual(ODD_TEXTS)
    })

    test(`is atomic: of ${CROWD} that write a row and read all, each sees another number of them`, async () => {
      const table = key('atomic')
      const sizes = await crowd(async (client, index) => {
        const { tables } = await client.step([rows(table, `row ${index}`, String(index))], {
          tables: [table],
        })
        expect(tables[0]?.get(`row ${index}`)).toBe(String(index))
        return tables[0]?.size ?? 0
      })
      expect(sizes.sort((a, b) => a - b)).toEqual(Array.from({ length: CROWD }, (_, index) => index + 1))
    })

    test('[SESS-3] of a join and a revocation at once, at least one sees the other', async () => {
      await crowd(async (client, index) => {
        const [seats, sessions] = [key(`seats ${index}`), key(`sessions ${index}`)]
        await client.putRow(sessions, 's', 'session', life())
        const [joined, revoked] = await Promise.all([
          at(index + 1).step([rows(seats, 's', 'seat')], { row: { table: sessions, row: 's' } }),
          at(index + 2).step([{ delete: 'rows', table: sessions, rows: ['s'] }], { tables: [seats] }),
        ])
        expect(joined.row === undefined || revoked.tables[0]?.has('s') === true).toBe(true)
      })
    })
  })
}
