import { expect, test } from 'vitest'
import { call, createRoom } from '../support/app.ts'
import { connect } from '../support/client.ts'
import { addMember, addPending, newRoom, pass, seat, stage, timedStage } from './support.ts'

test('[SESS-2] the last connection wins: the earlier one is closed with 4409', async () => {
  const here = await stage()
  const camera = await addMember(here)
  const count = here.host.client.received.length
  const second = await seat(here.app, camera)
  expect((await camera.client.closed).code).toBe(4409)
  expect(second.welcome.members).toHaveLength(2)
  await second.client.settled()
  // The member was never away: its late close must not end its successor.
  expect((await here.host.client.settled()).slice(count).map(({ type }) => type)).toEqual(['pong'])
  await here.host.client.ask({ type: 'message', to: camera.id, data: 'for the later one' })
  expect(await second.client.next('message')).toMatchObject({ data: 'for the later one' })
  expect(camera.client.of('message')).toEqual([])
})

test('[SESS-2] of two connections the one with the higher attempt is the later, whenever it arrives', async () => {
  const here = await stage()
  const camera = await addMember(here)
  const third = await seat(here.app, camera, { attempt: 3 })
  expect((await camera.client.closed).code).toBe(4409)
  const late = await connect(here.app.url)
  late.send({ type: 'hello', token: camera.token, attempt: 2 })
  expect((await late.closed).code).toBe(4409)
  expect(late.received).toEqual([])
  await third.client.settled()
  const fourth = await seat(here.app, camera, { attempt: 4 })
  expect((await third.client.closed).code).toBe(4409)
  await fourth.client.settled()
})

test('[SESS-2] a late lower attempt does not win while the later connection is in its window', async () => {
  const here = await stage()
  const { id, token } = await addMember(here)
  const fifth = await seat(here.app, { id, token }, { attempt: 5 })
  fifth.client.drop()
  await here.host.client.next('member-updated', ({ member }) => !member.connected)
  const late = await connect(here.app.url)
  late.send({ type: 'hello', token, attempt: 4 })
  expect((await late.closed).code).toBe(4409)
  const sixth = await seat(here.app, { id, token }, { attempt: 6 })
  await sixth.client.settled()
})

test('[SESS-2] the last connection of a pending session wins too', async () => {
  const here = await stage()
  const waiting = await addPending(here)
  const second = await seat(here.app, waiting, { attempt: 2 })
  expect((await waiting.client.closed).code).toBe(4409)
  const late = await connect(here.app.url)
  late.send({ type: 'hello', token: waiting.token, attempt: 1 })
  expect((await late.closed).code).toBe(4409)
  await here.host.client.ask({ type: 'approve', pairing: waiting.pairing, check: waiting.check })
  await second.client.next('approved')
})

test.each([
  ['signed out', 4401, 'left'],
  ['kicked', 4403, 'kicked'],
] as const)(
  '[SESS-3] a session that is %s is closed with %i within a second, its token refused',
  async (how, code, reason) => {
    const here = await stage()
    const camera = await addMember(here)
    const began = performance.now()
    const answer =
      how === 'kicked'
        ? await call(here.app.url, 'DELETE', `/api/room/members/${camera.id}`, { token: here.host.token })
        : await call(here.app.url, 'DELETE', '/api/session', { token: camera.token })
    expect(answer.status).toBe(204)
    expect((await camera.client.closed).code).toBe(code)
    expect(performance.now() - began).toBeLessThan(1_000)
    expect(await here.host.client.next('member-left')).toStrictEqual({
      type: 'member-left',
      at: expect.any(String),
      memberId: camera.id,
      reason,
    })
    expect((await call(here.app.url, 'GET', '/api/session', { token: camera.token })).status).toBe(401)
    const again = await connect(here.app.url)
    again.send({ type: 'hello', token: camera.token, attempt: 99 })
    expect((await again.closed).code).toBe(4401)
  },
)

test('[SESS-3] a member in its resume window can be kicked, and is gone at once', async () => {
  const here = await stage()
  const camera = await addMember(here)
  camera.client.drop()
  await here.host.client.next('member-updated', ({ member }) => !member.connected)
  await call(here.app.url, 'DELETE', `/api/room/members/${camera.id}`, { token: here.host.token })
  expect(await here.host.client.next('member-left')).toMatchObject({ memberId: camera.id, reason: 'kicked' })
})

test('[SESS-4] a member of another room cannot be kicked', async () => {
  const mine = await stage()
  const theirs = await newRoom(mine.app)
  const camera = await addMember(theirs)
  const answer = await call(mine.app.url, 'DELETE', `/api/room/members/${camera.id}`, {
    token: mine.host.token,
  })
  expect(answer.status).toBe(404)
  await camera.client.settled()
})

test('section 3: deleting the room closes every socket in it with 4404, and no other', async () => {
  const here = await stage()
  const [camera, waiting] = [await addMember(here), await addPending(here)]
  const other = await createRoom(here.app.url).then(({ session }) => seat(here.app, session))
  expect((await call(here.app.url, 'DELETE', '/api/room', { token: here.host.token })).status).toBe(204)
  for (const { client } of [here.host, camera, waiting]) expect((await client.closed).code).toBe(4404)
  await other.client.settled()
})

test('section 2: a session that stays connected outlives SESSION_TTL_SECONDS, for its life slides', async () => {
  const here = await timedStage({ SESSION_TTL_SECONDS: '600' })
  const camera = await addMember(here)
  await pass(here.clock, 1_200_000, [here.host.client, camera.client])
  camera.client.drop()
  await here.host.client.next('member-updated', ({ member }) => !member.connected)
  const back = await connect(here.app.url)
  back.send({ type: 'hello', token: camera.token, attempt: 2 })
  const welcome = await back.next('welcome')
  expect(welcome.members).toHaveLength(2)
})

test('section 2: a session that nobody uses ends with SESSION_TTL_SECONDS', async () => {
  const here = await timedStage({ SESSION_TTL_SECONDS: '600' })
  const camera = await addMember(here)
  camera.client.send({ type: 'leave' })
  await camera.client.closed
  here.clock.advance(600_001)
  const late = await connect(here.app.url)
  late.send({ type: 'hello', token: camera.token })
  expect((await late.closed).code).toBe(4401)
})
