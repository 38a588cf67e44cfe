import { expect, test } from 'vitest'
import type { InstanceId, RoomId, SessionId } from '../../server/protocol/ids.ts'
import { SharedRooms } from '../../server/domain/shared-rooms.ts'
import { batchText } from '../../server/realtime/batch.ts'
import { newOrigin } from '../../server/realtime/cursor.ts'
import { IncomingEvents } from '../../server/realtime/incoming.ts'
import { ALL } from '../../server/realtime/log.ts'
import { Timeline } from '../../server/realtime/timeline.ts'
import { createMemoryStore } from '../../server/store/memory.ts'

const room = 'room' as RoomId
const KEEP = { keep: 100, inboxes: [], isAnew: true }

/** A room of which others say something, and its way in here; `wallClock` is far from that of the store. */
function given() {
  let now = 1_000
  const store = createMemoryStore({ now: () => now })
  const shared = new SharedRooms({ store, sessionTtlMs: 60_000, warn: () => undefined })
  const timeline = new Timeline()
  const heard: string[] = []
  const origin = newOrigin()
  let n = 0
  const append = async (open: string): Promise<string> => {
    n += 1
    const event = { open, from: 'host' as SessionId, audience: ALL, speaker: { attempt: 1, since: 1 } }
    const batch = { room, origin, instance: 'b' as InstanceId, first: n, cut: false, events: [event] }
    return (await shared.append(room, batchText(batch), KEEP)).id
  }
  const incoming = new IncomingEvents({
    room,
    timeline,
    shared,
    clock: { now: () => now - 5_000_000, after: () => () => undefined },
    deliver: (_framed, { open }) => heard.push(open),
    concerns: () => true,
    isAwaited: () => false,
    retell: ({ open }) => heard.push(open),
    ownFound: () => undefined,
    mark: async () => {
      const mark = { room, origin: timeline.origin, instance: 'a' as InstanceId, first: 1, cut: false }
      return (await shared.append(room, batchText({ ...mark, events: [] }), KEEP)).id
    },
    hole: () => undefined,
    warn: () => undefined,
    failed: (error) => {
      throw error
    },
  })
  const pass = (ms: number): void => {
    now += ms
  }
  return { store, timeline, incoming, heard, append, pass }
}

test('[STORE-4] a room that was opened without the store gets what was said since, and nothing of before', async () => {
  const { store, incoming, heard, append, pass } = given()
  await append('{"a":1')
  pass(100)
  incoming.open([])
  pass(100)
  await append('{"a":2')
  pass(3_000)
  await append('{"a":3')
  await incoming.catchUp()
  expect(heard).toEqual(['{"a":2', '{"a":3'])
  await store.close()
})

test('[RES-1] a place from the time without the store has not missed what was before', async () => {
  const { store, timeline, incoming, append, pass } = given()
  await append('{"a":1')
  pass(100)
  incoming.open([])
  const start = timeline.seat()
  const at = timeline.at
  pass(100)
  await append('{"a":2')
  await incoming.catchUp()
  expect(timeline.missed(at, [start])?.events.map(({ n }) => n)).toEqual([2])
  // Of another opening only that one knows where it was in the log.
  const elsewhere = new Timeline()
  const other = elsewhere.seat()
  expect(timeline.missed(elsewhere.at, [other])).toBeUndefined()
  await store.close()
})

test('[RES-1] a room that was opened without the store gives nobody a part of what was said since a place in the log', async () => {
  const { store, timeline, incoming, append } = given()
  const at = await append('{"a":1')
  await append('{"a":2')
  incoming.open([])
  const elsewhere = newOrigin()
  expect(timeline.missed(`!${at}.${elsewhere}~0~1`, [{ origin: elsewhere, seat: 1 }])).toBeUndefined()
  await store.close()
})
