import { expect, test } from 'vitest'
import type { CodeId, InstanceId, RoomId, SessionId } from '../../server/protocol/ids.ts'
import { batchText, readBatch, type Batch, type Outgoing } from '../../server/realtime/batch.ts'
import type { Origin } from '../../server/realtime/cursor.ts'
import { ALL, HOSTS } from '../../server/realtime/log.ts'

const [ann, bob] = ['ann', 'bob'] as [SessionId, SessionId]
const speaker = { attempt: 2, since: 1 }
const toBob = { kind: 'member', id: bob } as const
const said = (n: number, rest: Partial<Outgoing> = {}): Outgoing => ({
  open: `{"type":"message","n":${n}`,
  from: ann,
  audience: ALL,
  speaker,
  ...rest,
})
const batchOf = (events: readonly Outgoing[]): Batch => ({
  room: 'room' as RoomId,
  origin: 'origin' as Origin,
  instance: 'here' as InstanceId,
  first: 7,
  cut: false,
  outside: false,
  events,
})
const read = (events: readonly Outgoing[]) => readBatch(batchText(batchOf(events)))?.events

test('events come out of a batch as they went in, those in a row that differ in their texts alone too', () => {
  const pending = {
    kind: 'pending',
    pairing: 'code' as CodeId,
    session: bob,
    endsAt: 5,
  } as const
  const events = [
    said(1),
    said(2),
    said(3, { moved: true }),
    said(4),
    said(5, { audience: toBob }),
    said(6, { audience: { ...toBob } }),
    said(7, { speaker: { attempt: 3, since: 1 } }),
    said(8, { speaker: { attempt: 3, since: 3 } }),
    said(9, { from: bob }),
    said(10, { from: undefined, speaker: undefined, audience: HOSTS, concern: pending }),
    said(11, { from: undefined, speaker: undefined, audience: HOSTS, concern: pending }),
    said(12, { from: undefined, speaker: undefined, audience: HOSTS }),
    said(13, { from: undefined, speaker: undefined, audience: HOSTS }),
  ]
  expect(read(events)).toEqual(events.map((event) => ({ moved: false, concern: undefined, ...event })))
  expect(read([])).toEqual([])
})

test('what events have in common is said once', () => {
  const alike = batchText(batchOf(Array.from({ length: 100 }, (_, n) => said(n))))
  expect(alike.split('"f":')).toHaveLength(2)
})

test('[STORE-6] a batch whose heads and texts do not belong together is treated as absent', () => {
  const text = batchText(batchOf([said(1), said(2), said(3)]))
  expect(readBatch(text)).toBeDefined()
  expect(readBatch(`${text}\u001e{"type":"message"`)).toBeUndefined()
  expect(readBatch(text.slice(0, text.lastIndexOf('\u001e')))).toBeUndefined()
  for (const k of ['1', '0', '-1', '1e9', '1.5', '"3"'])
    expect(readBatch(text.replace('"k":3', `"k":${k}`))).toBeUndefined()
})
