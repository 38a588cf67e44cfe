import { expect, test } from 'vitest'
import type { SessionId } from '../../server/protocol/ids.ts'
import { Spoken } from '../../server/realtime/spoken.ts'

const A = 'a' as SessionId

test('[ROOM-3] an event of an earlier connection of a chain comes late, also when the chain has ended', () => {
  const spoken = new Spoken()
  expect(spoken.isLate(A, { attempt: 2, since: 1 })).toBe(false)
  spoken.hear(A, { attempt: 6, since: 1 })
  expect(spoken.isLate(A, { attempt: 2, since: 1 })).toBe(true)
  spoken.hear(A, { attempt: 7, since: 7 })
  expect(spoken.isLate(A, { attempt: 2, since: 1 })).toBe(true)
  expect(spoken.isLate(A, { attempt: 6, since: 1 })).toBe(false)
  expect(spoken.isLate(A, { attempt: 8, since: 7 })).toBe(false)
  expect(spoken.isLate('b' as SessionId, { attempt: 2, since: 1 })).toBe(false)
})
