import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LOG_MAX_BYTES, LOG_MAX_EVENTS } from '../../server/protocol/limits.ts'
import { ALL, RoomLog } from '../../server/realtime/log.ts'

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

/** Sizes of events; none: a number without an event. */
const turns = fc.array(
  fc.record({
    times: fc.integer({ min: 1, max: 400 }),
    size: fc.option(fc.oneof(fc.integer({ min: 8, max: 130 }), fc.integer({ min: 2_000, max: 16_000 }))),
  }),
  { maxLength: 12 },
)

test('[RES-1] the log answers with all that is behind a place or with nothing, whatever numbers have no event', () => {
  fc.assert(
    fc.property(turns, (list) => {
      const log = new RoomLog()
      let kept: { n: number; text: string }[] = []
      let gone = 0
      let n = 0
      for (const { times, size } of list) {
        for (let time = 0; time < times; time += 1) {
          n += 1
          if (size === null) {
            log.skip()
            continue
          }
          const text = `${n}é`.padEnd(size, 'x')
          expect(textOf(log.add(text, undefined, ALL))).toBe(text)
          kept.push({ n, text })
        }
      }
      expect(log.newest).toBe(n)
      let bytes = 0
      let first = kept.length
      while (first > 0 && kept.length - first < LOG_MAX_EVENTS) {
        bytes += Buffer.byteLength(kept[first - 1]?.text ?? '')
        if (bytes > LOG_MAX_BYTES) break
        first -= 1
      }
      gone = kept[first - 1]?.n ?? 0
      kept = kept.slice(first)
      expect(log.since(n + 1)).toBeUndefined()
      for (const place of [0, gone - 1, gone, gone + 1, (gone + n) >> 1, n - 1, n]) {
        if (place < 0 || place > n) continue
        const events = log.since(place)
        if (place < gone) expect(events).toBeUndefined()
        else {
          expect(events?.map((event) => ({ n: event.n, text: textOf(event.framed) }))).toEqual(
            kept.filter((event) => event.n > place),
          )
        }
      }
    }),
    { numRuns: 60 },
  )
})
