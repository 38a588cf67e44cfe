import { describe, expect, test } from 'vitest'
import { CROWD, ODD_TEXTS } from './odd-texts.ts'
import type { Suite } from './suite.ts'

/** The part of the contract that is about tables. */
export function tableContract({ store, at, key, life, pass, crowd }: Suite): void {
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

    test('[STORE-5] a put without a TTL leaves the table its own', async () => {
      const table = key('put-keeps')
      await store().putRow(table, 'a', '1', life())
      await pass(0.6)
      await at(1).putRow(table, 'b', '2')
      expect(await store().rows(table)).toEqual(
        new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
      )
      await pass(0.6)
      expect(await store().rows(table)).toEqual(new Map())
    })

    test('createRow writes only where no row is', async () => {
      const table = key('create-row')
      expect(await store().createRow(table, 'a', '1', life())).toBe(true)
      expect(await at(1).createRow(table, 'a', '2', life())).toBe(false)
      expect(await store().createRow(table, 'b', '3', life())).toBe(true)
      expect(await store().rows(table)).toEqual(
        new Map([
          ['a', '1'],
          ['b', '3'],
        ]),
      )
    })

    test('createRow renews the table where it wrote, and only there', async () => {
      const [renewed, left] = [key('create-renews'), key('create-leaves')]
      for (const table of [renewed, left]) await store().createRow(table, 'a', '1', life())
      await pass(0.6)
      expect(await store().createRow(renewed, 'b', '2', life())).toBe(true)
      expect(await store().createRow(left, 'a', '2', life())).toBe(false)
      await pass(0.6)
      expect((await store().rows(renewed)).size).toBe(2)
      expect(await store().rows(left)).toEqual(new Map())
    })

    test(`of ${CROWD} createRow at once exactly one wins, and its value stays`, async () => {
      const table = key('create-row-race')
      const won = await crowd((client, index) => client.createRow(table, 'a', `by ${index}`, life()))
      expect(won.filter(Boolean)).toHaveLength(1)
      expect(await store().row(table, 'a')).toBe(`by ${won.indexOf(true)}`)
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
}
