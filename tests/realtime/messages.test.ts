import { expect, test } from 'vitest'
import { addHost, addMember, addPending, newRoom, only, seat, stage, type Seated } from './support.ts'

const KIB = 1024
const textOf = (bytes: number) => 'x'.repeat(bytes - 2)
const events = ({ client }: Seated) => only(client.received, 'signal', 'message', 'command', 'result')

test('section 4: signal reaches the one member it is for, with at and from', async () => {
  const here = await stage()
  const [camera, viewer] = [await addMember(here), await addMember(here, 'viewer')]
  const data = { sdp: 'v=0', list: [1, null, { deep: true }] }
  const reply = await camera.client.ask({ type: 'signal', to: here.host.id, data })
  expect(reply).toStrictEqual({ type: 'reply', id: expect.any(String), ok: true, at: expect.any(String) })
  expect(await here.host.client.next('signal')).toStrictEqual({
    type: 'signal',
    at: expect.any(String),
    from: camera.id,
    data,
  })
  await viewer.client.settled()
  await camera.client.settled()
  expect([events(viewer), events(camera)]).toEqual([[], []])
})

test.each([
  ['host', 'camera'],
  ['host', 'viewer'],
  ['viewer', 'camera'],
  ['camera', 'viewer'],
  ['viewer', 'viewer'],
  ['camera', 'host'],
] as const)('section 4: a %s may signal to a %s', async (from, to) => {
  const here = await stage()
  const sender = from === 'host' ? here.host : await addMember(here, from)
  const receiver = to === 'host' ? here.host : await addMember(here, to)
  expect(await sender.client.ask({ type: 'signal', to: receiver.id, data: 1 })).toMatchObject({ ok: true })
  expect(await receiver.client.next('signal')).toMatchObject({ from: sender.id })
})

test('section 4: camera to camera is forbidden', async () => {
  const here = await stage()
  const [one, two] = [await addMember(here), await addMember(here)]
  expect(await one.client.ask({ type: 'signal', to: two.id, data: 1 })).toMatchObject({
    ok: false,
    code: 'forbidden',
  })
  await two.client.settled()
  expect(events(two)).toEqual([])
})

test('section 4: message to one member reaches that member alone', async () => {
  const here = await stage()
  const [camera, viewer] = [await addMember(here), await addMember(here, 'viewer')]
  expect(await here.host.client.ask({ type: 'message', to: camera.id, data: 'for you' })).toMatchObject({
    ok: true,
  })
  expect(await camera.client.next('message')).toStrictEqual({
    type: 'message',
    at: expect.any(String),
    from: here.host.id,
    to: camera.id,
    data: 'for you',
  })
  await viewer.client.settled()
  expect(events(viewer)).toEqual([])
})

test('section 4: message without `to` reaches everybody but its sender', async () => {
  const here = await stage()
  const others = [await addMember(here), await addMember(here, 'viewer'), await addHost(here)]
  expect(await here.host.client.ask({ type: 'message', data: null })).toMatchObject({ ok: true })
  for (const { client } of others) {
    expect(await client.next('message')).toStrictEqual({
      type: 'message',
      at: expect.any(String),
      from: here.host.id,
      data: null,
    })
  }
  await here.host.client.settled()
  expect(events(here.host)).toEqual([])
})

test('[PAIR-5] a pending session sees and sends nothing', async () => {
  const here = await stage()
  const waiting = await addPending(here)
  await here.host.client.ask({ type: 'message', data: 'not for you' })
  await here.host.client.ask({ type: 'state', state: { a: 1 } })
  expect(await here.host.client.ask({ type: 'message', to: waiting.id, data: 1 })).toMatchObject({
    code: 'not_found',
  })
  for (const message of [
    { type: 'message', data: 1 },
    { type: 'signal', to: here.host.id, data: 1 },
    { type: 'state', state: { a: 1 } },
    { type: 'command', to: here.host.id, name: 'x' },
    { type: 'approve', pairing: waiting.pairing, check: waiting.check },
    { type: 'deny', pairing: waiting.pairing },
  ]) {
    expect(await waiting.client.ask(message)).toMatchObject({ ok: false, code: 'forbidden' })
  }
  await waiting.client.settled()
  expect(waiting.client.received.filter(({ type }) => !['welcome', 'reply', 'pong'].includes(type))).toEqual(
    [],
  )
  await here.host.client.settled()
  expect(events(here.host)).toEqual([])
})

test.each([
  ['signal', 32 * KIB],
  ['message', 16 * KIB],
])('section 4: the data of a %s may hold %i bytes of JSON, and not one more', async (type, most) => {
  const here = await stage()
  const camera = await addMember(here)
  const to = here.host.id
  expect(await camera.client.ask({ type, to, data: textOf(most) })).toMatchObject({ ok: true })
  expect(await camera.client.ask({ type, to, data: textOf(most + 1) })).toMatchObject({
    ok: false,
    code: 'too_large',
  })
  // Three bytes a character: bytes count.
  const wide = Math.floor(most / 3)
  expect(await camera.client.ask({ type, to, data: '€'.repeat(wide - 1) })).toMatchObject({ ok: true })
  expect(await camera.client.ask({ type, to, data: '€'.repeat(wide + 1) })).toMatchObject({
    code: 'too_large',
  })
  // Numbers that are short in the frame and long as JSON.
  const numbers = Array.from({ length: Math.ceil(most / 22) }, () => 1e20)
  expect(JSON.stringify(numbers).length).toBeGreaterThan(most)
  camera.client.raw(`{"type":"${type}","id":"n","to":"${to}","data":[${numbers.map(() => '1e20').join()}]}`)
  expect(await camera.client.next('reply', ({ id }) => id === 'n')).toMatchObject({ code: 'too_large' })
  await here.host.client.settled()
  expect(events(here.host)).toHaveLength(2)
})

test.each([
  ['signal', { type: 'signal' }],
  ['message', { type: 'message' }],
])('section 4: a %s without data is invalid_message', async (_what, message) => {
  const here = await stage()
  const camera = await addMember(here)
  expect(await camera.client.ask({ ...message, to: here.host.id })).toMatchObject({
    ok: false,
    code: 'invalid_message',
  })
  await here.host.client.settled()
  expect(events(here.host)).toEqual([])
})

test('section 4: without an id a message gets no reply, and a fault gets error', async () => {
  const here = await stage()
  const camera = await addMember(here)
  camera.client.send({ type: 'message', data: 1 })
  camera.client.send({ type: 'message', to: 'nobody', data: 1 })
  await camera.client.settled()
  expect(camera.client.of('reply')).toEqual([])
  expect(camera.client.of('error')).toStrictEqual([
    { type: 'error', code: 'not_found', message: expect.any(String) },
  ])
})

test('[ROOM-4] a member that left, that never was or that is oneself is not_found', async () => {
  const here = await stage()
  const camera = await addMember(here)
  const gone = await addMember(here)
  gone.client.send({ type: 'leave' })
  expect((await gone.client.closed).code).toBe(1000)
  for (const to of [gone.id, 'nobody', here.host.id, here.room.id]) {
    for (const type of ['signal', 'message']) {
      expect(await here.host.client.ask({ type, to, data: 1 })).toMatchObject({
        ok: false,
        code: 'not_found',
      })
    }
  }
  await camera.client.settled()
  expect(events(camera)).toEqual([])
})

test('[ROOM-4] nothing crosses from one room into another', async () => {
  const mine = await stage()
  const theirs = await newRoom(mine.app)
  const camera = await addMember(theirs)
  const count = camera.client.received.length
  for (const type of ['signal', 'message']) {
    expect(await mine.host.client.ask({ type, to: camera.id, data: 1 })).toMatchObject({
      ok: false,
      code: 'not_found',
    })
  }
  await mine.host.client.ask({ type: 'message', data: 'ours' })
  await mine.host.client.ask({ type: 'state', state: { ours: true } })
  await camera.client.settled()
  expect(camera.client.received.slice(count).map(({ type }) => type)).toEqual(['pong'])
})

test('[ROOM-3] events of several senders reach a receiver in the order each sent them, once', async () => {
  const here = await stage()
  const senders = [await addMember(here), await addMember(here), await addMember(here, 'viewer')]
  for (let n = 0; n < 50; n += 1) for (const { client } of senders) client.send({ type: 'message', data: n })
  for (const { client } of senders) await client.settled()
  await here.host.client.settled()
  for (const { id } of senders) {
    const got = here.host.client.of('message').filter(({ from }) => from === id)
    expect(got.map(({ data }) => data)).toEqual(Array.from({ length: 50 }, (_, n) => n))
  }
  const places = here.host.client.of('message').map(({ at }) => at)
  expect(new Set(places).size).toBe(150)
})

test('section 4: ping is answered by pong with t, the time of the server and at', async () => {
  const { host, app } = await stage()
  for (const t of [1, 'text', null, { deep: [1, 2] }]) {
    host.client.send({ type: 'ping', t })
    const pong = await host.client.next('pong')
    expect(pong).toStrictEqual({ type: 'pong', t, now: expect.any(String), at: expect.any(String) })
    expect(Math.abs(Date.parse(pong.now) - app.clock.now())).toBeLessThan(5_000)
  }
  host.client.send({ type: 'ping' })
  expect(await host.client.next('pong')).toStrictEqual({
    type: 'pong',
    now: expect.any(String),
    at: expect.any(String),
  })
})

test('section 4: leave frees the seat at once, closes 1000, and the session stays valid', async () => {
  const here = await stage()
  const camera = await addMember(here)
  camera.client.send({ type: 'leave' })
  camera.client.send({ type: 'message', data: 'too late' })
  expect((await camera.client.closed).code).toBe(1000)
  expect(await here.host.client.next('member-left')).toMatchObject({ memberId: camera.id, reason: 'left' })
  await here.host.client.settled()
  expect(events(here.host)).toEqual([])
  const again = await seat(here.app, camera, { resume: camera.welcome.at })
  expect(again.welcome).toMatchObject({ resumed: false, self: { id: camera.id } })
})

test('section 4: a pending session may leave', async () => {
  const here = await stage()
  const waiting = await addPending(here)
  waiting.client.send({ type: 'leave' })
  expect((await waiting.client.closed).code).toBe(1000)
})
