import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LOG_MAX_BYTES, LOG_MAX_EVENTS } from '../../server/protocol/limits.ts'
import type { Origin } from '../../server/realtime/cursor.ts'
import { ALL, RoomLog, type LogEvent } from '../../server/realtime/log.ts'
import { Timeline } from '../../server/realtime/timeline.ts'

/** The text of a frame; none here is over 64 KiB. */
function textOf({
  page,
  start,
  end,
  size,
}: {
  page: Buffer
  start: number
  end: number
  size: number
}): string {
  expect(page[start]).toBe(0x81)
  const [length, header] = size < 126 ? [page[start + 1], 2] : [page.readUInt16BE(start + 2), 4]
  expect(length).toBe(size)
  expect(start + header + size).toBe(end)
  return page.toString('utf8', start + header, end)
}

const ORIGIN = 'o' as Origin

/** Runs of events of some size. */
const turns = fc.array(
  fc.record({
    times: fc.integer({ min: 1, max: 400 }),
    size: fc.oneof(fc.integer({ min: 8, max: 130 }), fc.integer({ min: 2_000, max: 16_000 })),
  }),
  { maxLength: 12 },
)

test('[RES-1] the log keeps the newest events within its bounds and says what is gone', () => {
  fc.assert(
    fc.property(turns, (list) => {
      const log = new RoomLog()
      let kept: { n: number; text: string }[] = []
      let n = 0
      for (const { times, size } of list) {
        for (let time = 0; time < times; time += 1) {
          n += 1
          const text = `${n}é`.padEnd(size, 'x')
          expect(textOf(log.add(ORIGIN, n, text, undefined, ALL))).toBe(text)
          kept.push({ n, text })
        }
      }
      let bytes = 0
      let first = kept.length
      while (first > 0 && kept.length - first < LOG_MAX_EVENTS) {
        bytes += Buffer.byteLength(kept[first - 1]?.text ?? '')
        if (bytes > LOG_MAX_BYTES) break
        first -= 1
      }
      const gone = kept[first - 1]?.n ?? 0
      kept = kept.slice(first)
      expect(log.gone.get(ORIGIN)?.n ?? 0).toBe(gone)
      expect(log.size).toBe(kept.length)
      const shown = (events: readonly LogEvent[]) =>
        events.map((event) => ({ n: event.n, text: textOf(event.framed) }))
      expect(shown(log.all())).toEqual(kept)
      for (const place of [gone, gone + 1, (gone + n) >> 1, n - 1, n]) {
        if (place < gone || place > n) continue
        expect(shown(log.behind(place))).toEqual(kept.filter((event) => event.n > place))
      }
    }),
    { numRuns: 25 },
  )
})

test('entries that are known later are kept with their events', () => {
  const log = new RoomLog()
  for (let n = 1; n <= 5; n += 1) log.add(ORIGIN, n, `${n}`, undefined, ALL, { attempt: 1, since: 1 })
  log.identify(ORIGIN, 2, 4, '7-0')
  expect(log.all().map(({ id }) => id)).toEqual([undefined, '7-0', '7-0', '7-0', undefined])
})

test('[ROOM-3] an event that stands in the stored log twice is where it stands first', () => {
  const log = new RoomLog()
  log.add(ORIGIN, 1, '{}', undefined, ALL, { attempt: 1, since: 1 })
  for (const id of ['0-2', '0-1', '0-3']) log.identify(ORIGIN, 1, 1, id)
  expect(log.all().map(({ id }) => id)).toEqual(['0-1'])
})

test('[RES-1] of events that are gone before their entries are known nobody resumes who has not seen them', () => {
  const timeline = new Timeline()
  const start = timeline.seat()
  timeline.readUpTo('5-0', new Map())
  const before = timeline.at
  const open = `{"data":"${'x'.repeat(16_000)}"`
  for (let n = 1; n <= 70; n += 1)
    timeline.foreign({
      origin: ORIGIN,
      n,
      open,
      from: undefined,
      audience: ALL,
      speaker: { attempt: 1, since: 1 },
    })
  expect(timeline.log.gone.get(ORIGIN)?.id).toBeUndefined()
  expect(timeline.missed(before, [start])).toBeUndefined()
  // A later one tells that they stand before it, which says nothing of who has not come that far.
  timeline.log.identify(ORIGIN, 60, 70, '8-0')
  expect(timeline.missed(before, [start])).toBeUndefined()
  timeline.log.identify(ORIGIN, 1, 59, '7-0')
  timeline.readUpTo('8-0', new Map([[ORIGIN, 70]]))
  timeline.reached = '8-0'
  expect(timeline.missed(before, [start])).toBeUndefined()
  expect(timeline.missed(timeline.at, [start])?.events).toEqual([])
})

test('[ROOM-3] a read of the log that is answered behind a later one moves no place back', () => {
  const timeline = new Timeline()
  const start = timeline.seat()
  const event = {
    origin: ORIGIN,
    open: '{"a":1',
    from: undefined,
    audience: ALL,
    speaker: { attempt: 1, since: 1 },
  }
  timeline.foreign({ ...event, n: 1, id: '7-0' })
  timeline.reached = '7-0'
  timeline.readUpTo('7-0', new Map([[ORIGIN, 1]]))
  timeline.readUpTo('5-0', new Map())
  expect(timeline.missed(timeline.at, [start])?.events).toEqual([])
})
