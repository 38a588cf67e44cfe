import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLineReader } from '../../server/redis/event-stream.ts'

const read = (chunks: readonly Buffer[]): string[] => {
  const lines: string[] = []
  const take = createLineReader((data) => lines.push(data))
  for (const chunk of chunks) take(chunk)
  return lines
}

test('lines are told whole and in order, wherever the chunks end', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !/[\r\n]/.test(text))
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(2_000), { maxLength: 30 }), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `data: ${text}\n\n`).join(''))
      const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1))), 0, bytes.length].sort(
        (a, b) => a - b,
      )
      const chunks = ends.slice(1).map((end, index) => bytes.subarray(ends[index], end))
      expect(read(chunks)).toEqual(lines)
    }),
  )
})

test('comments, other fields and the ends of lines of other systems are no part of a message', () => {
  expect(read([Buffer.from(': hello\nevent: x\ndata: a\r\ndata:b\n\ndatum: c\ndata:  d \nid')])).toEqual([
    'a',
    'b',
    ' d ',
  ])
})

test('a line that has not ended is not told', () => {
  expect(read([Buffer.from('data: half')])).toEqual([])
})
