import { expect, test } from 'vitest'
import { call } from '../support/app.ts'
import { addHost, addMember, pass, seat, stage, timedStage } from './support.ts'

test('[ROOM-1] members see each other come, change and go', async () => {
  const here = await stage()
  const { host } = here
  expect(host.welcome.members).toHaveLength(1)
  const camera = await addMember(here)
  const joined = await host.client.next('member-joined')
  expect(joined.member).toMatchObject({ id: camera.id, role: 'camera', connected: true, state: {} })
  expect(camera.welcome.members.map(({ id }) => id).sort()).toEqual([host.id, camera.id].sort())
  expect(await camera.client.ask({ type: 'state', state: { camera: { status: 'live' } } })).toMatchObject({
    ok: true,
  })
  const updated = await host.client.next('member-updated')
  expect(updated.member.state).toEqual({ camera: { status: 'live' } })
  expect(camera.client.of('member-joined')).toEqual([])
  camera.client.send({ type: 'leave' })
  expect((await camera.client.closed).code).toBe(1000)
  expect(await host.client.next('member-left')).toMatchObject({ memberId: camera.id, reason: 'left' })
})

test('[ROOM-1] what members were told adds up to what GET /api/room says', async () => {
  const here = await stage()
  const viewer = await addMember(here, 'viewer')
  const others = [await addMember(here), await addMember(here), await addHost(here)]
  await others[0]?.client.ask({ type: 'state', state: { a: 1 } })
  others[1]?.client.drop()
  others[2]?.client.send({ type: 'leave' })
  await others[2]?.client.closed
  await viewer.client.next('member-left')
  const members = new Map(viewer.welcome.members.map((member) => [member.id, member]))
  for (const message of await viewer.client.settled()) {
    if (message.type === 'member-joined' || message.type === 'member-updated')
      members.set(message.member.id, message.member)
    if (message.type === 'member-left') members.delete(message.memberId)
  }
  const answer = await call<{ members: { id: string }[] }>(here.app.url, 'GET', '/api/room', {
    token: viewer.token,
  })
  const byId = (list: Iterable<{ id: string }>) => [...list].sort((a, b) => (a.id < b.id ? -1 : 1))
  expect(byId(members.values())).toEqual(byId(answer.body.members))
  expect(members.size).toBe(4)
})

test('[ROOM-2] a socket that drops shows at once, and leaves only after the resume window', async () => {
  const here = await timedStage()
  const camera = await addMember(here)
  camera.client.drop()
  const away = await here.host.client.next('member-updated')
  expect(away.member).toMatchObject({ id: camera.id, connected: false })
  await pass(here.clock, 29_999, [here.host.client])
  expect(here.host.client.of('member-left')).toEqual([])
  await pass(here.clock, 1, [here.host.client])
  expect(here.host.client.of('member-left')).toStrictEqual([
    { type: 'member-left', at: expect.any(String), memberId: camera.id, reason: 'lost' },
  ])
})

test('[ROOM-2] a close by the client other than after leave is a drop', async () => {
  const here = await timedStage()
  const camera = await addMember(here)
  camera.client.socket.close(1000)
  expect((await here.host.client.next('member-updated')).member).toMatchObject({
    id: camera.id,
    connected: false,
  })
  await pass(here.clock, 30_000, [here.host.client])
  expect(here.host.client.of('member-left')).toMatchObject([{ reason: 'lost' }])
})

test('[ROOM-2] a member that is back within the window never leaves', async () => {
  const here = await timedStage()
  const camera = await addMember(here)
  camera.client.drop()
  await here.host.client.next('member-updated', ({ member }) => !member.connected)
  await pass(here.clock, 29_000, [here.host.client])
  const back = await seat(here.app, camera)
  expect((await here.host.client.next('member-updated')).member).toMatchObject({
    id: camera.id,
    connected: true,
  })
  await pass(here.clock, 60_000, [here.host.client, back.client])
  expect(here.host.client.of('member-left')).toEqual([])
  expect(here.host.client.of('member-joined')).toHaveLength(1)
})

test('[ROOM-2] each drop has a window of its own', async () => {
  const here = await timedStage({ RESUME_WINDOW_SECONDS: '10' })
  const camera = await addMember(here)
  camera.client.drop()
  await here.host.client.next('member-updated', ({ member }) => !member.connected)
  await pass(here.clock, 8_000, [here.host.client])
  const back = await seat(here.app, camera)
  back.client.drop()
  await here.host.client.next('member-updated', ({ member }) => member.connected)
  await here.host.client.next('member-updated', ({ member }) => !member.connected)
  await pass(here.clock, 8_000, [here.host.client])
  expect(here.host.client.of('member-left')).toEqual([])
  await pass(here.clock, 2_000, [here.host.client])
  expect(here.host.client.of('member-left')).toHaveLength(1)
})

test('section 4: room-updated tells every member of a changed room', async () => {
  const here = await stage()
  const camera = await addMember(here)
  const answer = await call<{ room: object }>(here.app.url, 'PATCH', '/api/room', {
    token: here.host.token,
    body: { name: 'Stage', locked: true },
  })
  for (const { client } of [here.host, camera]) {
    expect(await client.next('room-updated')).toStrictEqual({
      type: 'room-updated',
      at: expect.any(String),
      room: { ...here.room, name: 'Stage', locked: true },
    })
  }
  expect(answer.body.room).toEqual({ ...here.room, name: 'Stage', locked: true })
})
