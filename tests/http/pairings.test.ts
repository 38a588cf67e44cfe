import { describe, expect, test } from 'vitest'
import type { PairingPreview } from '../../server/protocol/api.ts'
import { call, claimCode, createRoom, issueCode, pair, secretOf } from '../support/app.ts'
import { join } from '../support/client.ts'
import { createTestClock } from '../support/clock.ts'
import { CODE, expectProblem, SESSION, TOKEN } from './shapes.ts'
import { startApp } from './support.ts'

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1'

describe('POST /api/room/pairing-codes', () => {
  test.each([
    ['camera', '/p#'],
    ['viewer', '/v#'],
    ['host', '/#'],
  ] as const)('[PAIR-4] for a %s: 201, the secret in the fragment alone', async (role, path) => {
    const app = await startApp({ env: { PUBLIC_URL: 'https://cameras.example.com' } })
    const { session } = await createRoom(app.url)
    const answer = await call<typeof CODE & { url: string; qrSvg: string }>(
      app.url,
      'POST',
      '/api/room/pairing-codes',
      { token: session.token, body: { role } },
    )
    expect(answer.status).toBe(201)
    expect(answer.body).toStrictEqual({ ...CODE, role })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.body.url.startsWith(`https://cameras.example.com${path}`)).toBe(true)
    const { hash, search, pathname } = new URL(answer.body.url)
    expect(Buffer.from(hash.slice(1), 'base64url')).toHaveLength(16)
    expect([search, pathname]).toEqual(['', path.slice(0, -1)])
  })

  test('section 3: without a body it is for a camera; every code differs', async () => {
    const app = await startApp()
    const { session } = await createRoom(app.url)
    const one = await call(app.url, 'POST', '/api/room/pairing-codes', { token: session.token })
    expect(one.body).toStrictEqual(CODE)
    const { id, code, url } = await issueCode(app.url, session.token)
    expect(one.body).not.toMatchObject({ id })
    expect(one.body).not.toMatchObject({ code })
    expect(one.body).not.toMatchObject({ url })
  })

  test('section 3: its times are two minutes apart, PAIRING_TTL_SECONDS otherwise', async () => {
    const clock = createTestClock()
    const app = await startApp({ clock, env: { PAIRING_TTL_SECONDS: '60' } })
    const { session } = await createRoom(app.url)
    expect(await issueCode(app.url, session.token)).toMatchObject({
      issuedAt: new Date(clock.now()).toISOString(),
      expiresAt: new Date(clock.now() + 60_000).toISOString(),
      expiresInMs: 60_000,
    })
  })

  test.each([
    { role: 'admin' },
    { role: null },
    { role: ['camera'] },
    { address: 5 },
    { address: 'nowhere' },
    [],
  ])('section 3: %j is 400', async (body) => {
    const app = await startApp()
    const { session } = await createRoom(app.url)
    expectProblem(
      await call(app.url, 'POST', '/api/room/pairing-codes', { token: session.token, body }),
      'invalid_request',
    )
  })

  test('section 3: DELETE revokes: 204, then the code is unknown', async () => {
    const app = await startApp()
    const { session } = await createRoom(app.url)
    const code = await issueCode(app.url, session.token)
    const remove = () =>
      call(app.url, 'DELETE', `/api/room/pairing-codes/${code.id}`, { token: session.token })
    const answer = await remove()
    expect([answer.status, answer.body]).toEqual([204, undefined])
    expectProblem(
      await call(app.url, 'POST', '/api/pairings', { body: { secret: secretOf(code) } }),
      'pairing_code_invalid',
    )
    expectProblem(await remove(), 'not_found')
  })
})

describe('POST /api/pairings/preview', () => {
  test.each(['camera', 'viewer', 'host'] as const)(
    '[PAIR-3] for a %s: 200 with what the claim would meet, as often as asked; the claim still wins',
    async (role) => {
      const app = await startApp()
      const {
        body: { session },
      } = await call<{ session: { token: string } }>(app.url, 'POST', '/api/rooms', {
        body: { name: 'Studio' },
        headers: { 'user-agent': FIREFOX },
      })
      const code = await issueCode(app.url, session.token, role)
      for (const [body, form] of [
        [{ secret: secretOf(code) }, 'scanned'],
        [{ code: code.code.toLowerCase() }, 'typed'],
      ] as const) {
        for (let time = 0; time < 3; time += 1) {
          const answer = await call<PairingPreview>(app.url, 'POST', '/api/pairings/preview', { body })
          expect(answer.status).toBe(200)
          expect(answer.body).toStrictEqual({
            room: { name: 'Studio' },
            host: { device: { kind: 'desktop', browser: 'Firefox', os: 'Windows' } },
            role,
            approvalNeeded: form === 'typed' || role === 'host',
            expiresInMs: expect.any(Number),
          })
          expect(answer.body.expiresInMs).toBeGreaterThan(110_000)
          expect(answer.body.expiresInMs).toBeLessThanOrEqual(120_000)
          expect(answer.headers.get('cache-control')).toBe('no-store')
        }
      }
      for (const method of ['GET', 'HEAD']) {
        for (const path of ['/api/pairings', '/api/pairings/preview'])
          await call(app.url, method, path).catch(() => undefined)
      }
      expect((await claimCode(app.url, { secret: secretOf(code) })).session.role).toBe(role)
    },
  )

  test('section 3: it gives the error that the claim would get', async () => {
    const app = await startApp()
    const { session } = await createRoom(app.url)
    const code = await issueCode(app.url, session.token)
    const body = { secret: secretOf(code) }
    const both = async (expected: Parameters<typeof expectProblem>[1]) => {
      for (const path of ['/api/pairings/preview', '/api/pairings'])
        expectProblem(await call(app.url, 'POST', path, { body }), expected)
    }
    await call(app.url, 'PATCH', '/api/room', { token: session.token, body: { locked: true } })
    await both('room_locked')
    await call(app.url, 'PATCH', '/api/room', { token: session.token, body: { locked: false } })
    await claimCode(app.url, body)
    await both('pairing_code_used')
  })
})

describe('POST /api/pairings', () => {
  test('section 3: scanned: 201 with an active session; its name is that of the device, or the one it gives', async () => {
    const app = await startApp()
    const { room, session } = await createRoom(app.url)
    const first = { secret: secretOf(await issueCode(app.url, session.token)) }
    const answer = await call(app.url, 'POST', '/api/pairings', {
      body: first,
      headers: { 'user-agent': IPHONE },
    })
    expect(answer.status).toBe(201)
    expect(answer.body).toStrictEqual({
      room,
      session: { ...SESSION, role: 'camera', name: 'iPhone', token: TOKEN },
    })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect((await pair(app.url, session.token, 'viewer', 'TV 📺')).session).toMatchObject({
      role: 'viewer',
      name: 'TV 📺',
    })
  })

  test('[PAIR-5] typed: 201 with a pending session and a check number, which hosts never receive', async () => {
    const app = await startApp()
    const { room, session } = await createRoom(app.url)
    const { client } = await join(app.url, session.token)
    const code = await issueCode(app.url, session.token)
    const answer = await call<{ check: string; session: { expiresAt: string; id: string } }>(
      app.url,
      'POST',
      '/api/pairings',
      { body: { code: code.code, deviceName: 'Door' } },
    )
    expect(answer.status).toBe(201)
    expect(answer.body).toStrictEqual({
      room,
      check: expect.stringMatching(/^[1-9]\d$/),
      session: {
        ...SESSION,
        role: 'camera',
        name: 'Door',
        status: 'pending',
        token: TOKEN,
        expiresAt: code.expiresAt,
      },
    })
    const told = await client.next('pairing-pending')
    expect(told).toStrictEqual({
      type: 'pairing-pending',
      at: expect.any(String),
      pairing: { id: code.id, device: expect.any(Object), name: 'Door', role: 'camera', presented: 'typed' },
    })
    const wrong = answer.body.check === '55' ? '56' : '55'
    expect(await client.ask({ type: 'approve', pairing: code.id, check: wrong })).toMatchObject({
      ok: false,
      code: 'check_wrong',
    })
    expect(await client.ask({ type: 'approve', pairing: code.id, check: answer.body.check })).toMatchObject({
      ok: false,
      code: 'not_found',
    })
  })

  test('[PAIR-5] a session that a host lets in is active from then on', async () => {
    const app = await startApp()
    const { session } = await createRoom(app.url)
    const { client } = await join(app.url, session.token)
    const code = await issueCode(app.url, session.token, 'host')
    const {
      session: { token },
      check,
    } = await claimCode(app.url, { secret: secretOf(code) })
    expectProblem(await call(app.url, 'GET', '/api/room', { token }), 'forbidden')
    expect(await client.ask({ type: 'approve', pairing: code.id, check })).toMatchObject({ ok: true })
    expect(await call(app.url, 'GET', '/api/room/sessions', { token })).toMatchObject({ status: 200 })
    expect(client.of('pairing-done')).toMatchObject([{ pairing: code.id, outcome: 'paired' }])
  })

  test('[PAIR-5] a claim that nobody decided ends when its code would have: 4401, and the hosts are told', async () => {
    const clock = createTestClock()
    const app = await startApp({ clock })
    const { session } = await createRoom(app.url)
    const host = await join(app.url, session.token)
    const code = await issueCode(app.url, session.token)
    const pending = await claimCode(app.url, { code: code.code })
    const phone = await join(app.url, pending.session.token)
    for (let passed = 0; passed < 121_000; passed += 5_500) {
      clock.advance(5_500)
      await host.client.settled()
      if (phone.client.socket.readyState === phone.client.socket.OPEN)
        await phone.client.settled().catch(() => undefined)
    }
    expect((await phone.client.closed).code).toBe(4401)
    expect(host.client.of('pairing-done')).toMatchObject([{ pairing: code.id, outcome: 'expired' }])
    expectProblem(
      await call(app.url, 'GET', '/api/session', { token: pending.session.token }),
      'unauthorized',
    )
  })

  test('[PAIR-7] a used code is 409 until it would have expired, and tells the hosts; its preview does not', async () => {
    const app = await startApp()
    const { session } = await createRoom(app.url)
    const { client } = await join(app.url, session.token)
    const code = await issueCode(app.url, session.token)
    await claimCode(app.url, { secret: secretOf(code) })
    expect(await client.next('pairing-done')).toMatchObject({ pairing: code.id, outcome: 'paired' })
    expectProblem(
      await call(app.url, 'POST', '/api/pairings/preview', { body: { secret: secretOf(code) } }),
      'pairing_code_used',
    )
    await client.settled()
    expect(client.of('pairing-done')).toHaveLength(1)
    expectProblem(
      await call(app.url, 'POST', '/api/pairings', { body: { code: code.code } }),
      'pairing_code_used',
    )
    expect(await client.next('pairing-done')).toStrictEqual({
      type: 'pairing-done',
      at: expect.any(String),
      pairing: code.id,
      outcome: 'reused',
    })
  })

  test('[PAIR-2] of 20 claims at once one gets 201 and the others 409', async () => {
    const app = await startApp()
    const { session } = await createRoom(app.url)
    const secret = secretOf(await issueCode(app.url, session.token))
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call(app.url, 'POST', '/api/pairings', { body: { secret } })),
    )
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
      201,
      ...Array.from({ length: 19 }, () => 409),
    ])
  })

  test('section 3: with the same claim key the answer is the same, and the hosts hear of it once', async () => {
    const app = await startApp()
    const { session } = await createRoom(app.url)
    const { client } = await join(app.url, session.token)
    const code = await issueCode(app.url, session.token)
    const body = { code: code.code, claimKey: 'K'.repeat(22), deviceName: 'Door' }
    const first = await claimCode(app.url, body)
    expect(await claimCode(app.url, body)).toStrictEqual(first)
    await client.settled()
    expect(client.of('pairing-pending')).toHaveLength(1)
    expect(client.of('pairing-done')).toEqual([])
    expectProblem(
      await call(app.url, 'POST', '/api/pairings', { body: { ...body, claimKey: 'L'.repeat(22) } }),
      'pairing_code_used',
    )
  })

  test('section 3: a full room is 409 and uses nothing up; places are held for those who have not connected yet', async () => {
    const app = await startApp({ env: { MAX_ROOM_MEMBERS: '2' } })
    const { session } = await createRoom(app.url)
    const first = await pair(app.url, session.token)
    const body = { secret: secretOf(await issueCode(app.url, session.token)) }
    for (const path of ['/api/pairings/preview', '/api/pairings'])
      expectProblem(await call(app.url, 'POST', path, { body }), 'room_full')
    await call(app.url, 'DELETE', `/api/room/members/${first.session.id}`, { token: session.token })
    expect((await claimCode(app.url, body)).session.status).toBe('active')
  })

  test.each([
    {},
    { secret: 5 },
    { secret: '' },
    { secret: 'x'.repeat(129) },
    { code: '' },
    { code: 'x'.repeat(65) },
    { code: null },
    { secret: 'x', claimKey: 'short' },
    { secret: 'x', claimKey: 'x'.repeat(129) },
    { secret: 'x', deviceName: '' },
    { secret: 'x', deviceName: 'x'.repeat(81) },
    [],
    [{ secret: 'x' }],
    'x',
    5,
  ])('section 3: %j is 400, and counts as no try', async (body) => {
    const app = await startApp()
    for (let time = 0; time < 7; time += 1)
      expectProblem(await call(app.url, 'POST', '/api/pairings', { body }), 'invalid_request')
  })
})
