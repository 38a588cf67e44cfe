import { describe, expect, test } from 'vitest'
import type { Suite } from './suite.ts'

/** The part of the contract that is about keys that hold another kind of entry than a call expects. */
export function kindContract({ store, key, life, pass }: Suite): void {
  describe('[STORE-6] keys of another kind count as absent', () => {
    const table = async (label: string): Promise<string> => {
      const k = key(label)
      await store().putRow(k, 'a', '1', life())
      return k
    }
    const value = async (label: string): Promise<string> => {
      const k = key(label)
      await store().create(k, 'v', life())
      return k
    }
    const log = async (label: string): Promise<string> => {
      const k = key(label)
      await store().append(k, 'e', { keep: 10, ttlMs: life(), inboxes: [] })
      return k
    }

    test('a value is not found where a table or a log is', async () => {
      for (const k of [await table('get-table'), await log('get-log')]) {
        expect(await store().get(k)).toBeUndefined()
        expect(await store().exchange(k, 'v')).toBeUndefined()
        expect(await store().replace(k, '', 'v')).toBe(false)
        expect((await store().step([], { value: k })).value).toBeUndefined()
      }
    })

    test('a table and its rows are not found where a value or a log is', async () => {
      for (const k of [await value('rows-value'), await log('rows-log')]) {
        expect(await store().row(k, 'a')).toBeUndefined()
        expect(await store().rows(k)).toEqual(new Map())
        expect(await store().replaceRow(k, 'a', '1', '2')).toBe(false)
        const found = await store().step([], { row: { table: k, row: 'a' }, tables: [k] })
        expect(found).toEqual({ tables: [new Map()], log: [] })
      }
    })

    test('a log is empty where a value or a table is', async () => {
      for (const k of [await value('log-value'), await table('log-table')]) {
        expect(await store().readLog(k)).toEqual([])
        expect(await store().logSpan(k)).toBeUndefined()
        expect((await store().step([], { log: { key: k } })).log).toEqual([])
      }
    })

    test('what finds nothing does no harm', async () => {
      const [t, v] = [await table('harmless-table'), await value('harmless-value')]
      expect(await store().create(t, 'v', life())).toBe(false)
      await store().get(t)
      await store().exchange(t, 'v')
      await store().replace(t, '1', 'v')
      await store().row(v, 'a')
      await store().replaceRow(v, 'a', '1', '2')
      await store().deleteRows(v, 'a')
      expect(await store().rows(t)).toEqual(new Map([['a', '1']]))
      expect(await store().get(v)).toBe('v')
    })

    test('writes replace what is of another kind, with a life of their own', async () => {
      const [hits, rows, created, entries] = [
        await table('replace-hits'),
        await value('replace-rows'),
        await log('replace-created'),
        await value('replace-entries'),
      ]
      await pass(0.6)
      expect(await store().hit(hits, life())).toBe(1)
      await store().putRow(rows, 'a', '1', life())
      expect(await store().createRow(created, 'b', '2', life())).toBe(true)
      await store().append(entries, 'e', { keep: 10, ttlMs: life(), inboxes: [] })
      await pass(0.6)
      expect(await store().hit(hits, life())).toBe(2)
      expect(await store().rows(rows)).toEqual(new Map([['a', '1']]))
      expect(await store().rows(created)).toEqual(new Map([['b', '2']]))
      expect((await store().readLog(entries)).map(({ text }) => text)).toEqual(['e'])
    })

    test('a step whose writes had to replace something does each of them once and reads what it wrote', async () => {
      const [sound, wrong, entries] = [key('sound'), await value('wrong'), await log('entries')]
      const found = await store().step(
        [
          { put: 'entry', log: sound, text: 'once', keep: 10, ttlMs: life() },
          { put: 'rows', table: wrong, rows: new Map([['a', '1']]), ttlMs: life() },
          { put: 'rows', table: entries, rows: new Map([['b', '2']]), ttlMs: life() },
        ],
        { tables: [wrong, entries], log: { key: sound } },
      )
      expect(found.tables).toEqual([new Map([['a', '1']]), new Map([['b', '2']])])
      expect(found.log.map(({ text }) => text)).toEqual(['once'])
      expect((await store().readLog(sound)).map(({ text }) => text)).toEqual(['once'])
    })

    test('keys that begin alike are told apart', async () => {
      const k = await value('room')
      await store().putRow(`${k}:sessions`, 'a', '1', life())
      await store().delete(k)
      expect(await store().rows(`${k}:sessions`)).toEqual(new Map([['a', '1']]))
    })
  })
}
