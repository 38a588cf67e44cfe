import { expect, test } from 'vitest'
import type { SessionId } from '../../server/protocol/ids.ts'
import { Heard } from '../../server/realtime/heard.ts'

const camera = 'camera' as SessionId

test('[ROOM-3] what an earlier connection of a chain sent is late once a later one was heard', () => {
  const heard = new Heard()
  heard.add(camera, { attempt: 8, since: 1 })
  expect(heard.isLate(camera, { attempt: 6, since: 1 })).toBe(true)
  expect(heard.isLate(camera, { attempt: 8, since: 1 })).toBe(false)
  expect(heard.isLate('viewer' as SessionId, { attempt: 6, since: 1 })).toBe(false)
})

test('[ROOM-3] a chain that began since does not make it be on time again', () => {
  const heard = new Heard()
  heard.add(camera, { attempt: 8, since: 1 })
  heard.add(camera, { attempt: 12, since: 12 })
  expect(heard.isLate(camera, { attempt: 6, since: 1 })).toBe(true)
  // Of the first chain too, and not overtaken in it.
  expect(heard.isLate(camera, { attempt: 9, since: 1 })).toBe(false)
})

test('[ROOM-3] an earlier connection that is heard late does not take the place of a later one', () => {
  const heard = new Heard()
  heard.add(camera, { attempt: 8, since: 1 })
  heard.add(camera, { attempt: 6, since: 1 })
  expect(heard.isLate(camera, { attempt: 7, since: 1 })).toBe(true)
})
