import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareIds, type Origin } from '../../server/realtime/cursor.ts'
import { KnownEntries } from '../../server/realtime/known-entries.ts'

/** A log as a store has it, with more than one entry in some milliseconds. */
const log = fc
  .array(fc.tuple(fc.nat(3), fc.constantFrom('a', 'b', 'c')), { minLength: 1, maxLength: 40 })
  .map((steps) => {
    let [ms, n] = [998, 8]
    return steps.map(([later, origin], index) => {
      ms += later
      n = later === 0 ? n + 1 : 0
      return { id: `${ms}-${n}`, origin: origin as Origin, last: index + 1 }
    })
  })

test('entries stand in the order of their two numbers, however long these are', () => {
  fc.assert(
    fc.property(
      fc.tuple(
        fc.bigInt({ min: 0n, max: 2n ** 64n }),
        fc.nat(2_000),
        fc.bigInt({ min: 0n, max: 2n ** 64n }),
        fc.nat(2_000),
      ),
      ([ms, n, otherMs, otherN]) => {
        const wanted = Number(ms > otherMs) - Number(ms < otherMs) || Math.sign(n - otherN)
        expect(Math.sign(compareIds(`${ms}-${n}`, `${otherMs}-${otherN}`))).toBe(wanted)
      },
    ),
  )
})

test('[RES-1] a log counts as known only where each of its entries is, in whatever order word of them came', () => {
  fc.assert(
    fc.property(log, fc.nat(), fc.nat(), fc.infiniteStream(fc.boolean()), (entries, trimmed, seed, known) => {
      const left = entries.slice(trimmed % entries.length)
      const heard = entries.filter(() => known.next().value)
      const shuffled = heard.toSorted((a, b) => ((a.last * (seed + 7)) % 41) - ((b.last * (seed + 7)) % 41))
      const all = new KnownEntries()
      for (const { id, origin, last } of [...shuffled, ...shuffled.slice(0, 3)]) all.add(id, origin, last)
      const [first, last] = [left[0], left.at(-1)]
      if (first === undefined || last === undefined) throw new Error('there are entries')
      const span = { first: first.id, last: last.id, length: left.length }
      expect(all.are(span)).toBe(left.every((entry) => heard.includes(entry)))
      all.forgetBefore(first.id)
      expect(all.are(span)).toBe(left.every((entry) => heard.includes(entry)))
    }),
  )
})

test('the newest number of each origin is of the entries behind one, up to another', () => {
  const known = new KnownEntries()
  for (const [id, origin, last] of [
    ['1-0', 'a', 4],
    ['9-0', 'b', 1],
    ['10-0', 'a', 6],
    ['10-1', 'a', 9],
    ['11-0', 'b', 3],
  ] as const)
    known.add(id, origin as Origin, last)
  expect(known.lastNumbers('1-0', '10-1')).toEqual(
    new Map([
      ['b', 1],
      ['a', 9],
    ]),
  )
  expect(known.lastNumbers('10-1', '11-0')).toEqual(new Map([['b', 3]]))
})
