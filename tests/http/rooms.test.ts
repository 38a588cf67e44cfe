import { describe, expect, test } from 'vitest'
import type { RoomCreated, RoomView, SessionList, SessionView } from '../../server/protocol/api.ts'
import { call, claimCode, createRoom, issueCode, pair } from '../support/app.ts'
import { connect, join } from '../support/client.ts'
import { expectProblem, MEMBER, ROOM, SESSION, TOKEN } from './shapes.ts'
import { startApp } from './support.ts'

describe('POST /api/rooms', () => {
  test.each([[undefined], [{}]])('section 3: 201 with a room of defaults, of a body %j', async (body) => {
    const app = await startApp()
    const answer = await call(app.url, 'POST', '/api/rooms', {
      body,
      headers: {
        'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0',
      },
    })
    expect(answer.status).toBe(201)
    expect(answer.body).toStrictEqual({
      room: ROOM,
      session: { ...SESSION, name: 'Firefox on Windows', token: TOKEN },
    })
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  test('section 3: 201 as it was asked for, in any script', async () => {
    const app = await startApp()
    const { room, session } = await createRoom(app.url, {
      name: '台所 🎥',
      deviceName: 'Ĺaptop',
      approval: 'always',
    })
    expect(room).toStrictEqual({ ...ROOM, name: '台所 🎥', approval: 'always' })
    expect(session).toStrictEqual({ ...SESSION, name: 'Ĺaptop', token: TOKEN })
    expect(session.token.startsWith(`${room.id}.${session.id}.`)).toBe(true)
  })

  test('section 3: a session lives a week, a room has one host', async () => {
    const app = await startApp()
    const { session } = await createRoom(app.url)
    const days = (Date.parse(session.expiresAt) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(6.99)
    expect(days).toBeLessThan(7.01)
    const { body } = await call<SessionList>(app.url, 'GET', '/api/room/sessions', { token: session.token })
    expect(body).toStrictEqual({ sessions: [{ ...SESSION, id: session.id }] })
  })

  test('section 3: names hold 80 characters, counted as people do', async () => {
    const app = await startApp()
    const { room } = await createRoom(app.url, { name: '🎥'.repeat(80) })
    expect([...room.name]).toHaveLength(80)
    for (const body of [
      { name: 'x'.repeat(81) },
      { deviceName: 'x'.repeat(81) },
      { name: '' },
      { deviceName: '' },
    ]) {
      expectProblem(await call(app.url, 'POST', '/api/rooms', { body }), 'invalid_request')
    }
  })
})

describe('GET /api/session', () => {
  test('section 3: 200 with session, room and the members that are there', async () => {
    const app = await startApp()
    const { room, session } = await createRoom(app.url)
    const { token, ...shown } = session
    const before = await call<SessionView>(app.url, 'GET', '/api/session', { token })
    expect(before.status).toBe(200)
    expect(before.body).toStrictEqual({ session: shown, room, members: [] })
    await join(app.url, token)
    const after = await call<SessionView>(app.url, 'GET', '/api/session', { token })
    expect(after.body).toStrictEqual({ session: shown, room, members: [{ ...MEMBER, id: session.id }] })
  })

  test('[PAIR-5] a pending session sees itself and the room, and no members', async () => {
    const app = await startApp()
    const { room, session } = await createRoom(app.url)
    await join(app.url, session.token)
    const { code } = await issueCode(app.url, session.token)
    const pending = await claimCode(app.url, { code })
    const { token, ...shown } = pending.session
    const answer = await call(app.url, 'GET', '/api/session', { token })
    expect(answer.body).toStrictEqual({
      session: { ...shown, status: 'pending', role: 'camera' },
      room,
      members: [],
    })
  })
})

describe('DELETE /api/session', () => {
  test('[SESS-3] 204: the socket is closed with 4401, the token refused, the others told that the member left', async () => {
    const app = await startApp()
    const { session } = await createRoom(app.url)
    const host = await join(app.url, session.token)
    const { session: camera } = await pair(app.url, session.token)
    const phone = await join(app.url, camera.token)
    const answer = await call(app.url, 'DELETE', '/api/session', { token: camera.token })
    expect([answer.status, answer.body]).toEqual([204, undefined])
    expect((await phone.client.closed).code).toBe(4401)
    expect(await host.client.next('member-left')).toMatchObject({ memberId: camera.id, reason: 'left' })
    expectProblem(await call(app.url, 'GET', '/api/session', { token: camera.token }), 'unauthorized')
    expectProblem(await call(app.url, 'DELETE', '/api/session', { token: camera.token }), 'unauthorized')
    const again = await connect(app.url)
    again.send({ type: 'hello', token: camera.token })
    expect((await again.closed).code).toBe(4401)
  })
})

describe('/api/room', () => {
  test('section 3: GET gives room and members', async () => {
    const app = await startApp()
    const { room, session } = await createRoom(app.url)
    await join(app.url, session.token)
    const answer = await call<RoomView>(app.url, 'GET', '/api/room', { token: session.token })
    expect(answer.status).toBe(200)
    expect(answer.body).toStrictEqual({ room, members: [{ ...MEMBER, id: session.id }] })
  })

  test('section 3: PATCH changes what it names, and every member is told', async () => {
    const app = await startApp()
    const { room, session } = await createRoom(app.url)
    const host = await join(app.url, session.token)
    const patch = (body: object) =>
      call<{ room: RoomCreated['room'] }>(app.url, 'PATCH', '/api/room', { token: session.token, body })
    for (const change of [
      { name: 'Studio' },
      { locked: true },
      { approval: 'always' as const },
      { name: 'x', locked: false, approval: 'typed' as const },
      {},
    ]) {
      Object.assign(room, change)
      const answer = await patch(change)
      expect([answer.status, answer.body]).toStrictEqual([200, { room }])
      expect(
        (await call<RoomView>(app.url, 'GET', '/api/room', { token: session.token })).body.room,
      ).toStrictEqual(room)
    }
    await patch({ name: 'last' })
    expect(await host.client.next('room-updated', (message) => message.room.name === 'last')).toMatchObject({
      room: { ...room, name: 'last' },
    })
  })

  test.each([
    { name: 5 },
    { name: '' },
    { name: null },
    { locked: 'yes' },
    { locked: 1 },
    { approval: 'never' },
    [],
    'text',
    7,
  ])('section 3: PATCH of %j is 400 and changes nothing', async (body) => {
    const app = await startApp()
    const { room, session } = await createRoom(app.url)
    expectProblem(
      await call(app.url, 'PATCH', '/api/room', { token: session.token, body }),
      'invalid_request',
    )
    expect(
      (await call<RoomView>(app.url, 'GET', '/api/room', { token: session.token })).body.room,
    ).toStrictEqual(room)
  })

  test('section 3: what a room never takes from outside stays as it was', async () => {
    const app = await startApp()
    const { room, session } = await createRoom(app.url)
    const body = { id: 'x', createdAt: 'y', v: 2, gone: true, name: 'b' }
    const answer = await call(app.url, 'PATCH', '/api/room', { token: session.token, body })
    expect(answer.body).toStrictEqual({ room: { ...room, name: 'b' } })
  })

  test('section 3: DELETE ends room, sessions and codes, and closes every socket with 4404', async () => {
    const app = await startApp()
    const { session } = await createRoom(app.url)
    const code = await issueCode(app.url, session.token)
    const { session: camera } = await pair(app.url, session.token)
    const clients = [(await join(app.url, session.token)).client, (await join(app.url, camera.token)).client]
    const answer = await call(app.url, 'DELETE', '/api/room', { token: session.token })
    expect([answer.status, answer.body]).toEqual([204, undefined])
    for (const client of clients) expect((await client.closed).code).toBe(4404)
    for (const token of [session.token, camera.token]) {
      for (const path of ['/api/session', '/api/room'])
        expectProblem(await call(app.url, 'GET', path, { token }), 'unauthorized')
    }
    expectProblem(
      await call(app.url, 'POST', '/api/pairings', { body: { code: code.code } }),
      'pairing_code_invalid',
    )
  })
})

describe('members', () => {
  test('section 3: GET /api/room/sessions lists every session, absent and pending ones too, without tokens', async () => {
    const app = await startApp()
    const {
      session: { token, ...host },
    } = await createRoom(app.url)
    const {
      session: { token: _camera, ...camera },
    } = await pair(app.url, token)
    const {
      session: { token: _waiting, ...waiting },
    } = await claimCode(app.url, { code: (await issueCode(app.url, token, 'viewer')).code })
    const answer = await call<SessionList>(app.url, 'GET', '/api/room/sessions', { token })
    expect(answer.status).toBe(200)
    const byId = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id)
    expect(answer.body).toStrictEqual({ sessions: expect.any(Array) })
    expect([...answer.body.sessions].sort(byId)).toStrictEqual([host, camera, waiting].sort(byId))
  })

  test('[SESS-3] DELETE of a member: 204, its socket closed with 4403, its token refused', async () => {
    const app = await startApp()
    const { session } = await createRoom(app.url)
    const host = await join(app.url, session.token)
    const { session: camera } = await pair(app.url, session.token)
    const phone = await join(app.url, camera.token)
    const path = `/api/room/members/${camera.id}`
    const answer = await call(app.url, 'DELETE', path, { token: session.token })
    expect([answer.status, answer.body]).toEqual([204, undefined])
    expect((await phone.client.closed).code).toBe(4403)
    expect(await host.client.next('member-left')).toMatchObject({ memberId: camera.id, reason: 'kicked' })
    expectProblem(await call(app.url, 'GET', '/api/session', { token: camera.token }), 'unauthorized')
    expectProblem(await call(app.url, 'DELETE', path, { token: session.token }), 'not_found')
  })

  test('[SESS-3] DELETE of a member that is absent or pending revokes it as well', async () => {
    const app = await startApp()
    const { session } = await createRoom(app.url)
    const { session: absent } = await pair(app.url, session.token)
    const { session: pending } = await claimCode(app.url, {
      code: (await issueCode(app.url, session.token)).code,
    })
    for (const { id, token } of [absent, pending]) {
      expect(
        (await call(app.url, 'DELETE', `/api/room/members/${id}`, { token: session.token })).status,
      ).toBe(204)
      expectProblem(await call(app.url, 'GET', '/api/session', { token }), 'unauthorized')
    }
    expectProblem(
      await call(app.url, 'DELETE', '/api/room/members/never', { token: session.token }),
      'not_found',
    )
  })
})
