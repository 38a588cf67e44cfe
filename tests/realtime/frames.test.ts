import { expect, test } from 'vitest'
import { connect } from '../support/client.ts'
import { addMember, seat, since, stage, startApp } from './support.ts'

const KIB = 1024

/** A sound text frame of exactly so many bytes. */
const frameOf = (bytes: number): string => {
  const empty = JSON.stringify({ type: 'ping', t: '' })
  return JSON.stringify({ type: 'ping', t: 'x'.repeat(bytes - empty.length) })
}

test('[SEC-2] a text frame of 64 KiB is taken', async () => {
  const { host } = await stage()
  host.client.raw(frameOf(64 * KIB))
  expect(Buffer.byteLength(frameOf(64 * KIB))).toBe(65_536)
  await host.client.next('pong')
})

test('[SEC-2] a text frame over 64 KiB closes with 1009', async () => {
  const { host } = await stage()
  host.client.raw(frameOf(64 * KIB + 1))
  expect((await host.client.closed).code).toBe(1009)
})

test('[SEC-2] a text frame over 64 KiB closes with 1009 before hello too', async () => {
  const app = await startApp()
  const client = await connect(app.url)
  client.raw(frameOf(64 * KIB + 1))
  expect((await client.closed).code).toBe(1009)
})

test('[SEC-2] text is measured in bytes, not characters', async () => {
  const { host } = await stage()
  host.client.raw(JSON.stringify({ type: 'ping', t: '€'.repeat(22 * KIB) }))
  expect((await host.client.closed).code).toBe(1009)
})

// Many times, since a close frame that is overtaken by a reset arrives only sometimes.
test.each([512 * KIB + 1, 600 * KIB, 2 * 1024 * KIB])(
  '[SEC-2] binary frames of %i bytes close with 1009',
  async (bytes) => {
    const here = await stage()
    for (let round = 0; round < 5; round += 1) {
      const camera = await addMember(here)
      camera.client.raw(Buffer.alloc(bytes))
      expect((await camera.client.closed).code).toBe(1009)
    }
  },
)

test('[SEC-2] a text frame over 512 KiB closes with 1009', async () => {
  const { host } = await stage()
  host.client.raw(frameOf(600 * KIB))
  expect((await host.client.closed).code).toBe(1009)
})

test('[SEC-2] a message in fragments is measured whole', async () => {
  const { host } = await stage()
  const half = 'x'.repeat(40 * KIB)
  host.client.socket.send(`{"type":"ping","t":"${half}`, { fin: false })
  host.client.socket.send(`${half}"}`, { fin: true })
  expect((await host.client.closed).code).toBe(1009)
})

test('section 4: a message in fragments is one message', async () => {
  const { host } = await stage()
  host.client.socket.send('{"type":"ping",', { fin: false })
  host.client.socket.send('"t":', { fin: false })
  host.client.socket.send('7}', { fin: true })
  expect(await host.client.next('pong')).toMatchObject({ t: 7 })
})

test.each([
  ['not JSON', '{"type":"ping"'],
  ['no object', '"ping"'],
  ['an array', '[{"type":"ping"}]'],
  ['without a type', '{"id":1}'],
  ['of a type that is no text', '{"type":1}'],
  ['of an unknown type', '{"type":"welcome"}'],
  ['of a type every object has', '{"type":"constructor"}'],
])('section 4: a frame that is %s gets error invalid_message', async (_what, text) => {
  const { host } = await stage()
  host.client.raw(text)
  expect(await host.client.next('error')).toStrictEqual({
    type: 'error',
    code: 'invalid_message',
    message: expect.any(String),
  })
  await host.client.settled()
})

test('section 4: the tenth such frame of a connection closes it with 4400', async () => {
  const here = await stage()
  const { id, token, client } = await addMember(here)
  const before = client.received.length
  for (let n = 1; n <= 9; n += 1) client.raw(n % 2 === 0 ? 'no JSON' : '{"type":"unknown"}')
  expect((await since(client, before)).map(({ type }) => type)).toEqual(
    Array.from({ length: 9 }, () => 'error'),
  )
  client.raw('no JSON')
  expect((await client.closed).code).toBe(4400)
  expect(client.of('error').length).toBeGreaterThanOrEqual(9)
  // The count is of the connection: the next one of the session starts anew.
  const again = await seat(here.app, { id, token })
  again.client.raw('no JSON')
  await again.client.next('error')
  await again.client.settled()
})

test('section 4: messages of a known type with wrong fields are answered and never close', async () => {
  const { host } = await stage()
  for (let n = 0; n < 20; n += 1) {
    expect(await host.client.ask({ type: 'signal', to: 7, data: n })).toMatchObject({
      ok: false,
      code: 'invalid_message',
    })
  }
  host.client.send({ type: 'signal', data: 1 })
  expect(await host.client.next('error')).toMatchObject({ code: 'invalid_message' })
  await host.client.settled()
})

test.each([
  ['a text of 64 characters', 'x'.repeat(64), true],
  ['an empty text', '', true],
  ['0', 0, true],
  ['a negative integer', -7, true],
  ['a text of 65 characters', 'x'.repeat(65), false],
  ['a fraction', 1.5, false],
  ['null', null, false],
  ['an object', { a: 1 }, false],
])('section 4: an id may be a text up to 64 characters or an integer: %s', async (_what, id, sound) => {
  const { host } = await stage()
  host.client.send({ type: 'message', id, data: 1 })
  if (sound) expect(await host.client.next('reply')).toMatchObject({ id, ok: true })
  else {
    expect(await host.client.next('error')).toMatchObject({ code: 'invalid_message' })
    expect(host.client.of('reply')).toEqual([])
  }
})

test('section 4: no answer carries an id that is none', async () => {
  const { host } = await stage()
  host.client.send({ type: 'hello', token: 'x', id: { nested: ['x'.repeat(1000)] } })
  await host.client.settled()
  expect(host.client.of('reply')).toEqual([])
  expect(host.client.of('error')).toHaveLength(1)
})
