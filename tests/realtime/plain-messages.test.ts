import { expect, test } from 'vitest'
import { parseClientMessage } from '../../server/realtime/validate.ts'
import { addMember, stage } from './support.ts'

/** What is passed on as written must be read like everything else. */
const readings: [what: string, text: string, dataText: string | undefined][] = [
  ['an object', '{"type":"message","data":{"a":1}}', '{"a":1}'],
  ['blanks around it', '{"type":"message","data": [1] }', ' [1] '],
  ['an id', '{"type":"message","id":7,"data":null}', 'null'],
  ['an id in text and a receiver', '{"type":"message","id":"x","to":"m-1","data":"}"}', '"}"'],
  ['a field behind it', '{"type":"message","data":1,"from":"x"}', undefined],
  ['data twice', '{"type":"message","data":1,"data":2}', undefined],
  ['its fields in another order', '{"data":1,"type":"message"}', undefined],
  ['an escape in the id', '{"type":"message","id":"\\u0041","data":1}', undefined],
  ['more than 2,048 characters', `{"type":"message","data":"${'x'.repeat(2_048)}"}`, undefined],
  ['the type of a signal', '{"type":"signal","to":"m-1","data":{"a":1}}', '{"a":1}'],
  ['the type of a signal and an id', '{"type":"signal","id":7,"to":"m-1","data":[]}', '[]'],
]

test.each(readings)('section 4: a message with %s is read as JSON says', (_what, text, dataText) => {
  const parsed = parseClientMessage(text)
  const { type, id, to, data } = JSON.parse(text) as Record<string, unknown>
  expect(parsed).toMatchObject({ ok: true, dataText })
  expect(parsed.ok && parsed.message).toEqual(
    expect.objectContaining({
      type,
      ...(id === undefined ? {} : { id }),
      ...(to === undefined ? {} : { to }),
      data,
    }),
  )
})

test.each([
  ['nothing', '{"type":"message","data":}'],
  ['half a text', '{"type":"message","data":"}'],
  ['a leading zero in the id', '{"type":"message","id":01,"data":1}'],
  ['a bracket too many', '{"type":"message","data":1}}'],
  ['code', '{"type":"message","data":undefined}'],
])('section 4: a message whose data is %s is no JSON', (_what, text) => {
  expect(parseClientMessage(text)).toMatchObject({ ok: false, kind: 'unknown' })
})

test('section 4: a signal to nobody is not sound, whatever its form', () => {
  expect(parseClientMessage('{"type":"signal","id":7,"data":1}')).toMatchObject({
    ok: false,
    kind: 'unsound',
    id: 7,
  })
})

test('section 4: a signal names its sender, its data and nobody else', async () => {
  const { host, ...here } = await stage()
  const camera = await addMember({ host, ...here })
  camera.client.raw(`{"type":"signal","to":"${host.id}","data":{"sdp": "x"}}`)
  const { at, ...signal } = await host.client.next('signal')
  expect(signal).toEqual({ type: 'signal', from: camera.id, data: { sdp: 'x' } })
  expect(at).not.toBe('')
})

test('[ROOM-4] nobody speaks in the name of another by what the data holds', async () => {
  const { host, ...here } = await stage()
  const camera = await addMember({ host, ...here })
  camera.client.raw('{"type":"message","data":1,"from":"somebody","at":"nowhere~1"}')
  camera.client.raw('{"type":"message","data":{"from":"somebody","at":"nowhere~1"}}')
  await camera.client.settled()
  await host.client.settled()
  const messages = host.client.of('message')
  expect(messages.map(({ from }) => from)).toEqual([camera.id, camera.id])
  expect(messages.map(({ data }) => data)).toEqual([1, { from: 'somebody', at: 'nowhere~1' }])
  expect(messages.every(({ at }) => !at.startsWith('nowhere'))).toBe(true)
})

test('[SEC-6] a plain message that nests deeply is refused like any other', async () => {
  const { host } = await stage()
  host.client.raw(`{"type":"message","id":1,"data":${'['.repeat(70)}${']'.repeat(70)}}`)
  expect(await host.client.next('reply')).toMatchObject({ ok: false, code: 'invalid_message' })
})
