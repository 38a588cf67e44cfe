import { describe, expect, test } from 'vitest'
import { createMemoryStore } from '../../server/store/memory.ts'
import { call, createRoom, issueCode, secretOf } from '../support/app.ts'
import { connect, Refused } from '../support/client.ts'
import { createTestClock } from '../support/clock.ts'
import { distant } from '../domain/support.ts'
import { expectProblem } from './shapes.ts'
import { startApp } from './support.ts'

const WRONG = { code: 'BBBB-BBBB' }

describe('[PAIR-6]', () => {
  test('five unknown codes, claimed or previewed, are followed by 429 with Retry-After, for right ones too; two minutes later all is well', async () => {
    const clock = createTestClock()
    const app = await startApp({ clock })
    const { session } = await createRoom(app.url)
    const tries = [
      ['/api/pairings', WRONG],
      ['/api/pairings/preview', WRONG],
      ['/api/pairings', { secret: 'x'.repeat(22) }],
      ['/api/pairings/preview', { secret: 'y' }],
      ['/api/pairings', { code: '?' }],
    ] as const
    for (const [path, body] of tries)
      expectProblem(await call(app.url, 'POST', path, { body }), 'pairing_code_invalid')
    const right = { secret: secretOf(await issueCode(app.url, session.token)) }
    for (const body of [WRONG, right]) {
      for (const path of ['/api/pairings', '/api/pairings/preview']) {
        const answer = await call(app.url, 'POST', path, { body })
        expectProblem(answer, 'rate_limited')
        expect(answer.headers.get('retry-after')).toBe('120')
      }
    }
    clock.advance(119_000)
    expect((await call(app.url, 'POST', '/api/pairings', { body: right })).headers.get('retry-after')).toBe(
      '1',
    )
    clock.advance(1_000)
    expect(
      (
        await call(app.url, 'POST', '/api/pairings', {
          body: { secret: secretOf(await issueCode(app.url, session.token)) },
        })
      ).status,
    ).toBe(201)
  })

  test('tries that come at once are no way around it', async () => {
    const app = await startApp({ store: distant(createMemoryStore(), 25) })
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => call(app.url, 'POST', '/api/pairings', { body: WRONG })),
    )
    const unknown = answers.filter(({ status }) => status === 404).length
    expect(unknown).toBeLessThanOrEqual(6)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(40 - unknown)
  })

  test('used codes, locked rooms and good codes are no failures', async () => {
    const app = await startApp()
    const { session } = await createRoom(app.url)
    const secret = secretOf(await issueCode(app.url, session.token))
    await call(app.url, 'POST', '/api/pairings', { body: { secret } })
    for (let time = 0; time < 8; time += 1)
      expectProblem(await call(app.url, 'POST', '/api/pairings', { body: { secret } }), 'pairing_code_used')
  })

  test('an address is that of the connection: what a client says of itself changes nothing', async () => {
    const app = await startApp()
    for (let time = 0; time < 5; time += 1) {
      await call(app.url, 'POST', '/api/pairings', {
        body: WRONG,
        headers: { 'x-forwarded-for': `203.0.113.${time}`, forwarded: `for=203.0.113.${time}` },
      })
    }
    expectProblem(
      await call(app.url, 'POST', '/api/pairings', {
        body: WRONG,
        headers: { 'x-forwarded-for': '203.0.113.99' },
      }),
      'rate_limited',
    )
  })

  test('behind a proxy that is trusted it is the one that the proxy saw, whatever stands before it', async () => {
    const app = await startApp({ env: { TRUST_PROXY: '127.0.0.0/8' } })
    const from = (address: string) =>
      call(app.url, 'POST', '/api/pairings', { body: WRONG, headers: { 'x-forwarded-for': address } })
    for (let time = 0; time < 5; time += 1)
      expectProblem(await from(`198.51.100.${time}, 203.0.113.1`), 'pairing_code_invalid')
    expectProblem(await from('198.51.100.77, 203.0.113.1'), 'rate_limited')
    expectProblem(await from('203.0.113.2'), 'pairing_code_invalid')
    for (let time = 0; time < 5; time += 1) await from(`2001:db8:1:2::${time + 1}`)
    expectProblem(await from('2001:db8:1:2:ffff::1'), 'rate_limited')
    expectProblem(await from('2001:db8:1:3::1'), 'pairing_code_invalid')
  })
})

describe('[SEC-7]', () => {
  test('30 rooms of one address in ten minutes, then 429; requests that are not valid do not count', async () => {
    const clock = createTestClock()
    const app = await startApp({ clock })
    for (let time = 0; time < 35; time += 1)
      expectProblem(await call(app.url, 'POST', '/api/rooms', { body: { name: '' } }), 'invalid_request')
    for (let time = 0; time < 30; time += 1) await createRoom(app.url)
    const answer = await call(app.url, 'POST', '/api/rooms')
    expectProblem(answer, 'rate_limited')
    expect(answer.headers.get('retry-after')).toBe('600')
    clock.advance(600_000)
    await createRoom(app.url)
  })

  test('30 codes of one room in ten minutes, then 429; another room goes on', async () => {
    const clock = createTestClock()
    const app = await startApp({ clock })
    const {
      session: { token },
    } = await createRoom(app.url)
    const other = await createRoom(app.url)
    for (let time = 0; time < 30; time += 1) await issueCode(app.url, token)
    const answer = await call(app.url, 'POST', '/api/room/pairing-codes', { token })
    expectProblem(answer, 'rate_limited')
    expect(answer.headers.get('retry-after')).toBe('600')
    await issueCode(app.url, other.session.token)
    clock.advance(600_000)
    await issueCode(app.url, token)
  })

  test('200 sockets of one address in a minute, then 429 before the upgrade', async () => {
    const clock = createTestClock()
    const app = await startApp({ clock })
    const opened = async () =>
      connect(app.url).then(
        (client) => (client.drop(), 'opened'),
        (error: unknown) => (error instanceof Refused ? error.status : error),
      )
    for (let time = 0; time < 200; time += 1) expect(await opened()).toBe('opened')
    expect(await opened()).toBe(429)
    clock.advance(60_000)
    expect(await opened()).toBe('opened')
  })
})

test('RATE_LIMITS=off: none of it holds, and the start warns', async () => {
  const app = await startApp({ env: { RATE_LIMITS: 'off' } })
  for (let time = 0; time < 10; time += 1)
    expectProblem(await call(app.url, 'POST', '/api/pairings', { body: WRONG }), 'pairing_code_invalid')
  for (let time = 0; time < 40; time += 1) await createRoom(app.url)
  const {
    session: { token },
  } = await createRoom(app.url)
  for (let time = 0; time < 40; time += 1) await issueCode(app.url, token)
})
