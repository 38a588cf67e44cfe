import { expect, test } from 'vitest'
import type { SessionView } from '../../server/protocol/api.ts'
import { call, createRoom, pair } from '../support/app.ts'
import { join } from '../support/client.ts'
import { createTestClock } from '../support/clock.ts'
import { startApp } from './support.ts'

const DAY = 86_400_000

test('SESSION_TTL_SECONDS: a room lives as long as the sessions that are made in it, whoever comes', async () => {
  const clock = createTestClock()
  const app = await startApp({ clock })
  const { session: host } = await createRoom(app.url)
  clock.advance(6 * DAY)
  const { session: camera } = await pair(app.url, host.token)
  const { client } = await join(app.url, camera.token)
  client.send({ type: 'leave' })
  await client.closed
  clock.advance(2 * DAY)
  expect(Date.parse(camera.expiresAt)).toBeGreaterThan(clock.now())
  expect((await call(app.url, 'GET', '/api/session', { token: camera.token })).status).toBe(200)
})

test('SESSION_TTL_SECONDS: a session that comes back now and then stays, and its room with it', async () => {
  const clock = createTestClock()
  const app = await startApp({ clock })
  const { room, session } = await createRoom(app.url)
  for (let week = 0; week < 5; week += 1) {
    clock.advance(6 * DAY)
    const { client, welcome } = await join(app.url, session.token)
    expect(welcome.room).toEqual(room)
    await client.settled()
    client.send({ type: 'leave' })
    await client.closed
  }
  const { body } = await call<SessionView>(app.url, 'GET', '/api/session', { token: session.token })
  expect(Date.parse(body.session.expiresAt)).toBe(clock.now() + 7 * DAY)
})

test('SESSION_TTL_SECONDS: a session that stays connected does not end under its feet', async () => {
  const clock = createTestClock()
  const app = await startApp({ clock, env: { SESSION_TTL_SECONDS: '60' } })
  const { session } = await createRoom(app.url)
  const { client } = await join(app.url, session.token)
  for (let passed = 0; passed < 120; passed += 5) {
    clock.advance(5_000)
    await client.settled()
  }
  expect(client.socket.readyState).toBe(client.socket.OPEN)
  expect((await call(app.url, 'GET', '/api/session', { token: session.token })).status).toBe(200)
})
