import { afterEach, expect, test } from 'vitest'
import { createRoom, pair, testApp, type TestApp } from '../support/app.ts'
import { join } from '../support/client.ts'

let app: TestApp
afterEach(() => app.close())

test('[ROOM-1] members see each other come, change and go', async () => {
  app = await testApp()
  const { session } = await createRoom(app.url)
  const host = await join(app.url, session.token)
  expect(host.welcome.members).toHaveLength(1)
  const paired = await pair(app.url, session.token)
  const camera = await join(app.url, paired.session.token)
  const joined = await host.client.next('member-joined')
  expect(joined.member).toMatchObject({ id: paired.session.id, role: 'camera', connected: true, state: {} })
  expect(camera.welcome.members.map(({ id }) => id).sort()).toEqual([session.id, paired.session.id].sort())
  const reply = await camera.client.ask({ type: 'state', state: { camera: { status: 'live' } } })
  expect(reply).toMatchObject({ ok: true })
  const updated = await host.client.next('member-updated')
  expect(updated.member.state).toEqual({ camera: { status: 'live' } })
  expect(camera.client.of('member-joined')).toEqual([])
  camera.client.send({ type: 'leave' })
  expect((await camera.client.closed).code).toBe(1000)
  expect(await host.client.next('member-left')).toMatchObject({ memberId: paired.session.id, reason: 'left' })
})
