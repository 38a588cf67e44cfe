import { describe, expect, test } from 'vitest'
import { createMemoryStore } from '../../server/store/memory.ts'
import { call, createRoom, issueCode, secretOf } from '../support/app.ts'
import { connect, Refused } from '../support/client.ts'
import { breakable } from '../domain/support.ts'
import { expectProblem } from './shapes.ts'
import { raw, startApp } from './support.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const asAnswer = ({ status, headers, text }: Awaited<ReturnType<typeof raw>>) => ({
  status,
  headers: new Headers(
    Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
  ),
  body: JSON.parse(text) as unknown,
})

describe('section 3: every code of the table is answered as problem details', () => {
  test.each([
    ['no JSON', '{'],
    ['cut short', '{"name":"a'],
    ['two values', '{}{}'],
    ['of another shape', '{"name":[]}'],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['__proto__', '{"__proto__":{"name":"x"}}'],
    ['constructor.prototype', '{"constructor":{"prototype":{"name":"x"}}}'],
  ])('invalid_request: a body that is %s', async (_what, body) => {
    const app = await startApp()
    expectProblem(
      asAnswer(await raw(app.url, '/api/rooms', { method: 'POST', headers: JSON_TYPE, body })),
      'invalid_request',
    )
  })

  test.each(['/%ff', '/%', '/api/room/members/%E0%A4%A', '/api/room/pairing-codes/%zz'])(
    'invalid_request: a path that cannot be read: %s',
    async (path) => {
      const app = await startApp()
      for (const method of ['GET', 'DELETE']) {
        expectProblem(asAnswer(await raw(app.url, path, { method })), 'invalid_request')
      }
    },
  )

  test('not_found or invalid_request: an id longer than any', async () => {
    const app = await startApp()
    const {
      session: { token },
    } = await createRoom(app.url)
    for (const path of ['members', 'pairing-codes']) {
      for (const length of [65, 101, 5_000]) {
        const answer = await call<{ code: string }>(
          app.url,
          'DELETE',
          `/api/room/${path}/${'x'.repeat(length)}`,
          { token },
        )
        expect(
          ['not_found', 'invalid_request'],
          `${length} letters: ${JSON.stringify(answer.body)}`,
        ).toContain(answer.body.code)
        expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
      }
    }
  })

  test.each([
    '/nothing',
    '/api',
    '/api/',
    '/api/rooms/1',
    '/api/room/',
    '/api/session/x',
    '/p/x',
    '/../etc/passwd',
    '/assets/none.js',
    '//api/session',
  ])('not_found: %s', async (path) => {
    const app = await startApp()
    expectProblem(asAnswer(await raw(app.url, path)), 'not_found')
  })

  const CALLS: [path: string, allowed: string[]][] = [
    ['/api/rooms', ['POST']],
    ['/api/session', ['GET', 'HEAD', 'DELETE']],
    ['/api/room', ['GET', 'HEAD', 'PATCH', 'DELETE']],
    ['/api/room/sessions', ['GET', 'HEAD']],
    ['/api/room/members/x', ['DELETE']],
    ['/api/room/pairing-codes', ['POST']],
    ['/api/room/pairing-codes/x', ['DELETE']],
    ['/api/pairings', ['POST']],
    ['/api/pairings/preview', ['POST']],
    ['/healthz', ['GET', 'HEAD']],
    ['/readyz', ['GET', 'HEAD']],
    ['/api/openapi.json', ['GET', 'HEAD']],
  ]
  test.each(CALLS)('method_not_allowed: %s takes %j alone and says so in Allow', async (path, allowed) => {
    const app = await startApp()
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'].filter(
      (name) => !allowed.includes(name),
    )) {
      const answer = asAnswer(await raw(app.url, `${path}?x=1`, { method }))
      expectProblem(answer, 'method_not_allowed', `${method} ${path}`)
      expect((answer.headers.get('allow') ?? '').split(', ').sort()).toEqual([...allowed].sort())
    }
  })

  test.each([
    ['text/plain', 'x'],
    ['application/x-www-form-urlencoded', 'name=x'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['text/json', '{}'],
    ['nonsense', '{}'],
    [undefined, '{}'],
  ])('unsupported_media_type: %s', async (type, body) => {
    const app = await startApp()
    const headers = type === undefined ? {} : { 'content-type': type }
    for (const path of ['/api/rooms', '/api/pairings', '/api/pairings/preview']) {
      expectProblem(
        asAnswer(await raw(app.url, path, { method: 'POST', headers, body })),
        'unsupported_media_type',
      )
    }
  })

  test.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON'])(
    'a body of %s is taken',
    async (type) => {
      const app = await startApp()
      expect(
        (
          await raw(app.url, '/api/rooms', {
            method: 'POST',
            headers: { 'content-type': type },
            body: '{"name":"ü"}',
          })
        ).status,
      ).toBe(201)
    },
  )

  test('a content type without a body is no body, for every method', async () => {
    const app = await startApp()
    const {
      session: { token },
    } = await createRoom(app.url)
    const headers = { ...JSON_TYPE, authorization: `Bearer ${token}` }
    expect((await raw(app.url, '/api/rooms', { method: 'POST', headers })).status).toBe(201)
    expect((await raw(app.url, '/api/rooms', { method: 'POST', headers, body: '' })).status).toBe(201)
    expect((await raw(app.url, '/api/room/pairing-codes', { method: 'POST', headers })).status).toBe(201)
    expect((await raw(app.url, '/api/session', { method: 'GET', headers })).status).toBe(200)
    expect((await raw(app.url, '/api/session', { method: 'DELETE', headers })).status).toBe(204)
  })

  test('payload_too_large: over 64 KiB, told or not; 64 KiB are read', async () => {
    const app = await startApp()
    const body = (bytes: number) => JSON.stringify({ pad: 'x'.repeat(bytes - 10) })
    expect(body(65_536)).toHaveLength(65_536)
    expect(
      (await raw(app.url, '/api/rooms', { method: 'POST', headers: JSON_TYPE, body: body(65_536) })).status,
    ).toBe(201)
    expectProblem(
      asAnswer(await raw(app.url, '/api/rooms', { method: 'POST', headers: JSON_TYPE, body: body(65_537) })),
      'payload_too_large',
    )
    const streamed = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(body(200_000)))
        controller.close()
      },
    })
    const answer = await fetch(`${app.url}/api/rooms`, {
      method: 'POST',
      headers: JSON_TYPE,
      body: streamed,
      duplex: 'half',
    })
    expectProblem(
      { status: answer.status, headers: answer.headers, body: await answer.json() },
      'payload_too_large',
    )
  })

  test('store_unavailable: with Retry-After, and the server goes on when the store is back', async () => {
    let broken = false
    const app = await startApp({ store: breakable(createMemoryStore(), () => broken) })
    const {
      session: { token },
    } = await createRoom(app.url)
    const code = await issueCode(app.url, token)
    broken = true
    const calls = [
      call(app.url, 'POST', '/api/rooms'),
      call(app.url, 'GET', '/api/session', { token }),
      call(app.url, 'DELETE', '/api/session', { token }),
      call(app.url, 'POST', '/api/pairings', { body: { secret: secretOf(code) } }),
      call(app.url, 'POST', '/api/pairings/preview', { body: { code: code.code } }),
    ]
    for (const answer of await Promise.all(calls)) {
      expectProblem(answer, 'store_unavailable')
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    }
    for (const path of ['/healthz', '/readyz']) expect((await call(app.url, 'GET', path)).status).toBe(200)
    broken = false
    expect((await call(app.url, 'POST', '/api/pairings', { body: { secret: secretOf(code) } })).status).toBe(
      201,
    )
  })

  test('internal_error: what the server did wrong says nothing of how', async () => {
    const store = createMemoryStore()
    const app = await startApp({
      store: { ...store, row: () => Promise.reject(new TypeError('the inner workings')) },
    })
    const answer = await call(app.url, 'GET', '/api/session', { token: 'a.b.c' })
    expectProblem(answer, 'internal_error')
    expect(JSON.stringify(answer.body)).not.toContain('inner')
    expect(app.logs()).toContain('the inner workings')
  })

  test('[DRAIN-1] draining: upgrades are 503 with Retry-After, /readyz says so, /healthz and calls go on', async () => {
    const app = await startApp()
    const {
      session: { token },
    } = await createRoom(app.url)
    app.hub.drain()
    const ready = await call(app.url, 'GET', '/readyz')
    expect([ready.status, ready.body]).toStrictEqual([503, { status: 'draining' }])
    expect((await call(app.url, 'GET', '/healthz')).status).toBe(200)
    expect((await call(app.url, 'GET', '/api/session', { token })).status).toBe(200)
    const refused = await connect(app.url).catch((error: unknown) => error)
    if (!(refused instanceof Refused)) throw new Error(`not refused: ${String(refused)}`)
    expect(JSON.parse(refused.body)).toMatchObject({ status: 503, code: 'draining' })
    expect(refused.headers['retry-after']).toMatch(/^[1-9]\d*$/)
  })
})
