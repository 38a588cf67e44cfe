import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { InstanceId } from '../../server/protocol/ids.ts'
import { CROWD, ODD_TEXTS } from './odd-texts.ts'
import type { Suite } from './suite.ts'

const numbers = (id: string): bigint => {
  const [ms = '', count = ''] = id.split('-')
  return BigInt(ms) * 2n ** 64n + BigInt(count)
}
const rises = (ids: readonly string[]): boolean =>
  ids.every((id, index) => index === 0 || numbers(ids[index - 1] ?? '') < numbers(id))

/** The part of the contract that is about logs, and about telling other instances of their entries. */
export function logContract({ store, at, key, life, pass, crowd, listen }: Suite): void {
  const inbox = () => `contract-${randomUUID()}` as InstanceId
  const KEEP = { keep: 1_000, inboxes: [] }
  const texts = (entries: readonly { readonly text: string }[]) => entries.map(({ text }) => text)

  describe('logs', () => {
    test('a log that never was has no entries', async () => {
      expect(await store().readLog(key('none'))).toEqual([])
      expect(await store().readLog(key('none'), '0-0')).toEqual([])
    })

    test('entries have rising ids and are read in order, all of them or those behind a place', async () => {
      const log = key('log')
      const ids: string[] = []
      for (const text of ['a', 'b', 'c', 'd'])
        ids.push((await at(ids.length).append(log, text, { ...KEEP, ttlMs: life() })).id)
      expect(rises(ids)).toBe(true)
      expect(await store().readLog(log)).toEqual(ids.map((id, index) => ({ id, text: 'abcd'[index] })))
      expect(texts(await at(1).readLog(log, ids[1]))).toEqual(['c', 'd'])
      expect(await store().readLog(log, ids[3])).toEqual([])
      expect(texts(await store().readLog(log, '0-0'))).toEqual(['a', 'b', 'c', 'd'])
    })

    test('a place that no log could have given has nothing behind it', async () => {
      const log = key('place')
      await store().append(log, 'a', { ...KEEP, ttlMs: life() })
      for (const place of ['', 'nonsense', '-', '+', '99999999999999999999999999-1'])
        expect(await store().readLog(log, place)).toEqual([])
    })

    test('texts stay what they are', async () => {
      const log = key('odd')
      for (const text of ODD_TEXTS) await store().append(log, text, { ...KEEP, ttlMs: life() })
      expect(texts(await at(1).readLog(log))).toEqual(ODD_TEXTS)
    })

    test('entries that were asked for one after the other stand in that order, those of steps too', async () => {
      const log = key('order')
      const asked: Promise<unknown>[] = []
      const wanted: string[] = []
      for (let index = 0; index < 6 * CROWD; index += 1) {
        const text = String(index)
        wanted.push(text)
        asked.push(
          index % 7 === 3
            ? store().step([{ put: 'entry', log, text, keep: 1_000, ttlMs: life() }])
            : store().append(log, text, { ...KEEP, ttlMs: life() }),
        )
      }
      await Promise.all(asked)
      const entries = await store().readLog(log)
      expect(texts(entries)).toEqual(wanted)
      expect(rises(entries.map(({ id }) => id))).toBe(true)
    })

    test(`${CROWD} appends at once are all kept, each with an id of its own`, async () => {
      const log = key('race')
      const appended = await crowd((client, index) =>
        client.append(log, `by ${index}`, { ...KEEP, ttlMs: life() }),
      )
      const entries = await store().readLog(log)
      expect(new Set(texts(entries))).toEqual(new Set(appended.map((_, index) => `by ${index}`)))
      expect(new Map(entries.map(({ id, text }) => [text, id]))).toEqual(
        new Map(appended.map(({ id }, index) => [`by ${index}`, id])),
      )
    })

    test('keeps at least the newest entries, and not all of them', async () => {
      const log = key('keep')
      const count = 500
      await Promise.all(
        Array.from({ length: count }, (_, index) =>
          store().append(log, String(index), { keep: 20, ttlMs: life(), inboxes: [] }),
        ),
      )
      const kept = texts(await store().readLog(log))
      expect(kept.length).toBeGreaterThanOrEqual(20)
      expect(kept.length).toBeLessThan(count / 2)
      expect(kept).toEqual(
        Array.from({ length: kept.length }, (_, index) => String(count - kept.length + index)),
      )
    })

    test('[STORE-5] a log lives as long as it was last given; an entry without a TTL leaves it its own', async () => {
      const [renewed, left] = [key('renewed'), key('left')]
      for (const log of [renewed, left]) await store().append(log, 'a', { ...KEEP, ttlMs: life() })
      await pass(0.6)
      await store().append(renewed, 'b', { ...KEEP, ttlMs: life() })
      await store().append(left, 'b', KEEP)
      await pass(0.6)
      expect(texts(await store().readLog(renewed))).toEqual(['a', 'b'])
      expect(await store().readLog(left)).toEqual([])
    })

    test('tells how far a log goes, without its entries', async () => {
      const [log, other] = [key('span'), key('span-other')]
      expect(await store().logSpan(log)).toBeUndefined()
      const ids: string[] = []
      for (let index = 0; index < 300; index += 1)
        ids.push((await store().append(log, String(index), { keep: 10, ttlMs: life(), inboxes: [] })).id)
      const entries = await store().readLog(log)
      expect(entries.length).toBeLessThan(300)
      expect(await at(1).logSpan(log)).toEqual({
        first: entries[0]?.id,
        last: ids.at(-1),
        length: entries.length,
      })
      const { id } = await store().append(other, 'a', { ...KEEP, ttlMs: life() })
      expect(await store().logSpan(other)).toEqual({ first: id, last: id, length: 1 })
      await store().delete(log)
      expect(await store().logSpan(log)).toBeUndefined()
    })

    test('delete takes logs too', async () => {
      const log = key('delete')
      await store().append(log, 'a', { ...KEEP, ttlMs: life() })
      await store().delete(log)
      expect(await store().readLog(log)).toEqual([])
    })

    test('an entry is sent to the inboxes, and its counts of listeners stand in the order given', async () => {
      const [here, nobody] = [inbox(), inbox()]
      let arrived: (text: string) => void = () => undefined
      const message = new Promise<string>((resolve) => (arrived = resolve))
      const stop = await listen(here, (text) => arrived(text))
      const log = key('inboxes')
      const text = '{"v":1,"text":"a, \\"b\\" ключ \u2028"}'
      const { received } = await store().append(log, text, {
        ...KEEP,
        ttlMs: life(),
        inboxes: [nobody, here, nobody],
      })
      expect(received).toEqual([0, 1, 0])
      expect(await message).toBe(text)
      // Whoever is told of an entry finds it.
      expect(texts(await at(1).readLog(log))).toEqual([text])
      stop()
    })

    test('entries of several logs at once are sent each by itself, in the order of their log', async () => {
      const here = inbox()
      const told: string[] = []
      let arrived: () => void = () => undefined
      const all = new Promise<void>((resolve) => (arrived = resolve))
      const sent = Array.from({ length: 2 * CROWD }, (_, index) => `${index} ключ`)
      const stop = await listen(here, (text) => {
        if (told.push(text) === sent.length) arrived()
      })
      const logs = [key('several-a'), key('several-b')] as const
      const appended = await Promise.all(
        sent.map((text, index) =>
          store().append(logs[index % 2 === 0 ? 0 : 1], text, { ...KEEP, ttlMs: life(), inboxes: [here] }),
        ),
      )
      expect(new Set(appended.map(({ received }) => String(received)))).toEqual(new Set(['1']))
      await all
      for (const [index, log] of logs.entries()) {
        const ofLog = sent.filter((_, place) => place % 2 === index)
        expect(told.filter((text) => ofLog.includes(text))).toEqual(ofLog)
        expect(texts(await store().readLog(log))).toEqual(ofLog)
      }
      stop()
    })
  })
}
