import { expect, test } from 'vitest'
import { call, createRoom, pair } from '../support/app.ts'
import { connect } from '../support/client.ts'
import { createTestClock } from '../support/clock.ts'
import { addMember, addPending, dataOf, newRoom, seat, slowStore, stage, startApp } from './support.ts'

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

test.each([
  ['no JSON', 'hello'],
  ['an empty frame', ''],
  ['no object', '[]'],
  ['null', 'null'],
  ['another message', '{"type":"ping"}'],
  ['an unknown type', '{"type":"greetings"}'],
  ['a hello without a token', '{"type":"hello"}'],
  ['a token that is no text', '{"type":"hello","token":1}'],
  ['an attempt that is no number', '{"type":"hello","token":"a.b.c","attempt":"1"}'],
  ['an attempt that is no integer', '{"type":"hello","token":"a.b.c","attempt":1.5}'],
  ['an attempt below 0', '{"type":"hello","token":"a.b.c","attempt":-1}'],
  ['a resume that is no text', '{"type":"hello","token":"a.b.c","resume":1}'],
  ['binary', Buffer.from('{"type":"hello","token":"a.b.c"}')],
])('section 4: a first message that is %s closes with 4400', async (_what, first) => {
  const app = await startApp()
  const client = await connect(app.url)
  client.raw(first)
  expect((await client.closed).code).toBe(4400)
  expect(client.received).toEqual([])
})

test('section 4: no hello within 5 s closes with 4408', async () => {
  const clock = createTestClock()
  const app = await startApp({ clock })
  const client = await connect(app.url)
  // The answer of the HTTP call comes after the upgrade was served.
  await createRoom(app.url)
  clock.advance(4_999)
  const { session } = await createRoom(app.url)
  const early = await connect(app.url)
  await createRoom(app.url)
  clock.advance(1)
  expect((await client.closed).code).toBe(4408)
  early.send({ type: 'hello', token: session.token })
  await early.next('welcome')
  clock.advance(5_000)
  await early.settled()
})

test.each([
  ['no token at all', () => 'nonsense'],
  ['an empty text', () => ''],
  ['a room that never was', () => 'room.session.secret'],
  ['another secret', (token: string) => `${token.slice(0, -4)}AAAA`],
  ['a part missing', (token: string) => token.split('.').slice(0, 2).join('.')],
])('section 4: a hello with %s closes with 4401', async (_what, changed) => {
  const app = await startApp()
  const { session } = await createRoom(app.url)
  const client = await connect(app.url)
  client.send({ type: 'hello', token: changed(session.token) })
  expect((await client.closed).code).toBe(4401)
  expect(client.received).toEqual([])
})

test('[SESS-4] a token with the id of another room closes with 4401', async () => {
  const app = await startApp()
  const [mine, theirs] = [await createRoom(app.url), await createRoom(app.url)]
  const client = await connect(app.url)
  client.send({ type: 'hello', token: [theirs.room.id, ...mine.session.token.split('.').slice(1)].join('.') })
  expect((await client.closed).code).toBe(4401)
})

test('[SESS-3] a hello of a revoked session closes with 4401', async () => {
  const { app, host } = await stage()
  const { session } = await pair(app.url, host.token)
  expect((await call(app.url, 'DELETE', '/api/session', { token: session.token })).status).toBe(204)
  const client = await connect(app.url)
  client.send({ type: 'hello', token: session.token })
  expect((await client.closed).code).toBe(4401)
})

test('section 4: a hello to a deleted room closes with 4404', async () => {
  const { app, host } = await stage()
  const { session } = await pair(app.url, host.token)
  expect((await call(app.url, 'DELETE', '/api/room', { token: host.token })).status).toBe(204)
  expect((await host.client.closed).code).toBe(4404)
  const client = await connect(app.url)
  client.send({ type: 'hello', token: session.token })
  expect((await client.closed).code).toBe(4404)
})

test('section 4: welcome has exactly the fields of the contract', async () => {
  const app = await startApp({
    env: { ICE_SERVERS: '[{"urls":"stun:stun.example.com:3478"}]', RESUME_WINDOW_SECONDS: '7' },
  })
  const { room, session } = await createRoom(app.url, { name: 'Studio', deviceName: 'Desk' })
  const { welcome } = await seat(app, session)
  const member = {
    id: session.id,
    role: 'host',
    name: 'Desk',
    device: { kind: expect.any(String), browser: expect.any(String), os: expect.any(String) },
    connected: true,
    joinedAt: expect.stringMatching(TIMESTAMP),
    state: {},
  }
  expect(welcome).toStrictEqual({
    type: 'welcome',
    protocol: 1,
    instance: app.instance,
    self: { ...member, status: 'active' },
    room,
    members: [member],
    at: expect.any(String),
    resumed: false,
    iceServers: [{ urls: 'stun:stun.example.com:3478' }],
    limits: {
      textFrameBytes: 65_536,
      binaryFrameBytes: 524_288,
      signalBytes: 32_768,
      messageBytes: 16_384,
      stateBytes: 4_096,
      messagesPerSecond: 20,
      messageBurst: 60,
      roomMembers: 200,
    },
    resumeWindowMs: 7_000,
    store: 'memory',
  })
})

test('[PAIR-5] the welcome of a pending session has no members and no iceServers', async () => {
  const here = await stage()
  const { welcome } = await addPending(here)
  expect(welcome.members).toEqual([])
  expect(welcome).not.toHaveProperty('iceServers')
  expect(welcome).toMatchObject({
    self: { status: 'pending', role: 'host', state: {} },
    room: here.room,
    resumed: false,
  })
})

test('section 4: a second hello is invalid_message and changes nothing', async () => {
  const { app, host } = await stage()
  const other = await newRoom(app)
  host.client.send({ type: 'hello', token: other.host.token })
  expect(await host.client.next('error')).toMatchObject({ code: 'invalid_message' })
  await host.client.settled()
  expect(host.client.of('welcome')).toHaveLength(1)
  expect(await host.client.ask({ type: 'signal', to: other.host.id, data: 1 })).toMatchObject({
    code: 'not_found',
  })
})

test('[ROOM-3] what is sent right behind hello is handled after the welcome, in order', async () => {
  const here = await stage()
  const { session } = await pair(here.app.url, here.host.token)
  const client = await connect(here.app.url)
  client.send({ type: 'hello', token: session.token })
  for (let n = 0; n < 50; n += 1) client.send({ type: 'message', id: n, data: n })
  await client.next('reply', ({ id }) => id === 49)
  expect(client.received[0]?.type).toBe('welcome')
  expect(client.of('reply').map(({ id, ok }) => [id, ok])).toEqual(
    Array.from({ length: 50 }, (_, n) => [n, true]),
  )
  await here.host.client.next('message', ({ data }) => data === 49)
  expect(dataOf(here.host.client.received)).toEqual(Array.from({ length: 50 }, (_, n) => n))
})

test('[SEC-3] pings that wait for the welcome are not bounded', async () => {
  const slow = slowStore()
  const { app, host } = await stage({ store: slow.store })
  const { session } = await pair(app.url, host.token)
  const { asked, release } = slow.hold('values')
  const client = await connect(app.url)
  client.send({ type: 'hello', token: session.token })
  for (let n = 0; n < 100; n += 1) client.send({ type: 'ping', t: n })
  await asked
  await host.client.settled()
  release()
  await client.settled()
  expect(client.of('error')).toHaveLength(0)
  expect(
    client
      .of('pong')
      .slice(0, 100)
      .map(({ t }) => t),
  ).toEqual(Array.from({ length: 100 }, (_, n) => n))
})

test('[SEC-3] RATE_LIMITS=off bounds no messages that wait for the welcome', async () => {
  const slow = slowStore()
  const { app, host } = await stage({ store: slow.store, env: { RATE_LIMITS: 'off' } })
  const { session } = await pair(app.url, host.token)
  const { asked, release } = slow.hold('values')
  const client = await connect(app.url)
  client.send({ type: 'hello', token: session.token })
  for (let n = 0; n < 100; n += 1) client.send({ type: 'message', id: n, data: n })
  await asked
  await host.client.settled()
  release()
  await client.settled()
  expect(client.of('reply').filter(({ ok }) => ok)).toHaveLength(100)
})

test('[SESS-3] a session revoked while its hello is under way closes with 4401', async () => {
  const slow = slowStore()
  const { app, host } = await stage({ store: slow.store })
  const { session } = await pair(app.url, host.token)
  const { asked, release } = slow.hold('values')
  const client = await connect(app.url)
  client.send({ type: 'hello', token: session.token })
  await asked
  expect((await call(app.url, 'DELETE', '/api/session', { token: session.token })).status).toBe(204)
  release()
  expect((await client.closed).code).toBe(4401)
  expect(client.received).toEqual([])
  await host.client.settled()
  expect(host.client.of('member-joined')).toEqual([])
})

test('[DRAIN-1] a hello under way gets going-away at once', async () => {
  const slow = slowStore()
  const { app, host } = await stage({ store: slow.store })
  const { session } = await pair(app.url, host.token)
  const { asked, release } = slow.hold('values')
  const client = await connect(app.url)
  client.send({ type: 'hello', token: session.token })
  await asked
  app.hub.drain()
  expect((await client.closed).code).toBe(1012)
  release()
  expect(client.received).toEqual([{ type: 'going-away', reconnectInMs: expect.any(Number) }])
})

test('section 4: unknown fields are ignored', async () => {
  const { app, host } = await stage()
  const { session } = await pair(app.url, host.token)
  const client = await connect(app.url)
  client.send({ type: 'hello', token: session.token, flavour: 'vanilla', resumed: true })
  await client.next('welcome')
  expect(await client.ask({ type: 'message', data: 1, colour: 'blue' })).toMatchObject({ ok: true })
  expect(await host.client.next('message')).not.toHaveProperty('colour')
})

test('section 4: a room that is full by MAX_ROOM_MEMBERS closes a hello with 1013', async () => {
  const here = await stage({ env: { MAX_ROOM_MEMBERS: '2' } })
  const camera = await addMember(here)
  const left = await seat(here.app, camera)
  expect(left.welcome.members).toHaveLength(2)
  left.client.send({ type: 'leave' })
  await left.client.closed
  await addMember(here, 'viewer')
  const client = await connect(here.app.url)
  client.send({ type: 'hello', token: camera.token })
  expect((await client.closed).code).toBe(1013)
})
