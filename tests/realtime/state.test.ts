import { expect, test } from 'vitest'
import { addMember, seat, stage } from './support.ts'

const KIB = 1024

// The examples of RFC 7396, appendix A, whose target and patch are objects.
test.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  [{ a: 'foo' }, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
  [{ a: { b: 1, c: { d: 2 } } }, { a: { c: { d: null, e: [null] } } }, { a: { b: 1, c: { e: [null] } } }],
  [{ a: 1 }, {}, { a: 1 }],
  [{}, { toString: { valueOf: 1 } }, { toString: { valueOf: 1 } }],
])('section 4: state %j and the patch %j make %j (RFC 7396)', async (before, patch, after) => {
  const here = await stage()
  const camera = await addMember(here)
  expect(await camera.client.ask({ type: 'state', state: before })).toMatchObject({ ok: true })
  expect(await camera.client.ask({ type: 'state', state: patch })).toStrictEqual({
    type: 'reply',
    id: expect.any(String),
    ok: true,
    at: expect.any(String),
  })
  await here.host.client.next('member-updated')
  const updated = await here.host.client.next('member-updated')
  expect(updated.member).toMatchObject({ id: camera.id, connected: true })
  expect(updated.member.state).toStrictEqual(after)
  expect(updated.at).toEqual(expect.any(String))
  await camera.client.settled()
  expect(camera.client.of('member-updated')).toEqual([])
  // Who comes later sees the same.
  const viewer = await addMember(here, 'viewer')
  expect(viewer.welcome.members.find(({ id }) => id === camera.id)?.state).toStrictEqual(after)
})

test.each([
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"prototype":1}',
  '{"a":{"b":{"__proto__":null}}}',
  '{"a":[{"__proto__":{"polluted":1}}]}',
  '{"a":[[{"constructor":null}]]}',
])('section 4: the state %s is refused', async (state) => {
  const here = await stage()
  const camera = await addMember(here)
  await camera.client.ask({ type: 'state', state: { kept: true } })
  camera.client.raw(`{"type":"state","id":"p","state":${state}}`)
  expect(await camera.client.next('reply', ({ id }) => id === 'p')).toMatchObject({
    ok: false,
    code: 'invalid_message',
  })
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  await here.host.client.settled()
  expect(here.host.client.of('member-updated')).toHaveLength(1)
})

test.each([
  ['an array', []],
  ['null', null],
  ['a text', 'live'],
  ['nothing', undefined],
])('section 4: a state that is %s is invalid_message', async (_what, state) => {
  const here = await stage()
  const camera = await addMember(here)
  expect(await camera.client.ask({ type: 'state', state })).toMatchObject({
    ok: false,
    code: 'invalid_message',
  })
  await here.host.client.settled()
  expect(here.host.client.of('member-updated')).toEqual([])
})

test('section 4: a state may hold 4 KiB after the merge, and not one byte more', async () => {
  const here = await stage()
  const camera = await addMember(here)
  const { client } = camera
  const fill = (bytes: number) => 'x'.repeat(bytes - '{"a":""}'.length)
  expect(await client.ask({ type: 'state', state: { a: fill(4 * KIB) } })).toMatchObject({ ok: true })
  expect(await client.ask({ type: 'state', state: { a: fill(4 * KIB + 1) } })).toMatchObject({
    code: 'too_large',
  })
  expect(await client.ask({ type: 'state', state: { b: 1 } })).toMatchObject({ ok: false, code: 'too_large' })
  // A patch larger than the state it leads to is judged by what it leads to.
  expect(await client.ask({ type: 'state', state: { a: fill(2 * KIB), b: 1 } })).toMatchObject({ ok: true })
  expect(await client.ask({ type: 'state', state: { a: '€'.repeat(1_400) } })).toMatchObject({
    code: 'too_large',
  })
  const nothing = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`gone${n}`, null]))
  expect(await client.ask({ type: 'state', state: nothing })).toMatchObject({ ok: true })
  const { welcome } = await addMember(here, 'viewer')
  expect(welcome.members.find(({ id }) => id === camera.id)?.state).toStrictEqual({ a: fill(2 * KIB), b: 1 })
})

test('section 4: the state outlives a drop within the window', async () => {
  const here = await stage()
  const camera = await addMember(here)
  await camera.client.ask({ type: 'state', state: { battery: 0.5 } })
  camera.client.drop()
  await here.host.client.next('member-updated', ({ member }) => !member.connected)
  const { welcome } = await seat(here.app, camera)
  expect(welcome.self.state).toStrictEqual({ battery: 0.5 })
})
