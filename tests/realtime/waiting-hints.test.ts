import { expect, test } from 'vitest'
import type { Batch } from '../../server/realtime/batch.ts'
import { newOrigin, type Origin } from '../../server/realtime/cursor.ts'
import { WaitingHints, type Turn } from '../../server/realtime/waiting-hints.ts'

const [A, B] = [newOrigin(), newOrigin()]

const hint = (origin: Origin, first: number): Batch =>
  ({ origin, first, cut: false, events: [{}] }) as unknown as Batch

const nameOf = ({ origin, first }: Batch): string => `${origin === A ? 'a' : 'b'}${first}`

/** Goes where its number is the next of its origin, and a read covered it. */
function setting(): {
  go: (batch: Batch) => void
  turnOf: (batch: Batch, is: boolean) => Turn
  gone: string[]
} {
  const counts = new Map<Origin, number>()
  const gone: string[] = []
  return {
    gone,
    turnOf: ({ origin, first }, isCovered) => {
      const next = (counts.get(origin) ?? 0) + 1
      if (first < next) return 'old'
      return isCovered && first === next ? 'goes' : 'waits'
    },
    go: (batch) => {
      counts.set(batch.origin, batch.first)
      gone.push(nameOf(batch))
    },
  }
}

test('[ROOM-3] what came first of several origins goes first, whatever their numbers', () => {
  const { turnOf, go, gone } = setting()
  const hints = new WaitingHints()
  // A sender spoke on A, which had said more before, and then on B.
  for (const batch of [hint(A, 1), hint(A, 2), hint(A, 3), hint(B, 1), hint(A, 4), hint(B, 2)])
    hints.add(batch)
  expect(hints.settle(hints.came, turnOf, go)).toEqual({ covered: false, uncovered: false })
  expect(gone).toEqual(['a1', 'a2', 'a3', 'b1', 'a4', 'b2'])
  expect(hints.isEmpty).toBe(true)
})

test('those of one origin go by their numbers, and what is known already is forgotten', () => {
  const { turnOf, go, gone } = setting()
  const hints = new WaitingHints()
  for (const first of [3, 1, 2, 2]) hints.add(hint(A, first))
  expect(hints.has(A)).toBe(true)
  hints.settle(hints.came, turnOf, go)
  expect(gone).toEqual(['a1', 'a2', 'a3'])
  expect(hints.has(A)).toBe(false)
})

test('[ROOM-3] a read that began before a hint came does not cover it', () => {
  const { turnOf, go, gone } = setting()
  const hints = new WaitingHints()
  hints.add(hint(A, 1))
  const covered = hints.came
  hints.add(hint(B, 1))
  expect(hints.settle(covered, turnOf, go)).toEqual({ covered: false, uncovered: true })
  expect(gone).toEqual(['a1'])
  hints.add(hint(A, 3))
  expect(hints.settle(hints.came, turnOf, go)).toEqual({ covered: true, uncovered: false })
  expect(gone).toEqual(['a1', 'b1'])
})
