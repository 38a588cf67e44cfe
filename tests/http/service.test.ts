import { describe, expect, test } from 'vitest'
import { call, createRoom, pair } from '../support/app.ts'
import { join } from '../support/client.ts'
import { startApp } from './support.ts'

interface OpenApi {
  openapi: string
  info: { title: string; version: string }
  paths: Record<string, Record<string, Operation>>
  components: { securitySchemes: Record<string, object> }
}
interface Operation {
  summary?: string
  tags?: string[]
  security?: object[]
  requestBody?: { content: Record<string, { schema: object }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>
}

/** The table of section 3: each call with the statuses of its answers and whether it takes a session. */
const TABLE: Record<string, { ok: string; session: boolean }> = {
  'POST /api/rooms': { ok: '201', session: false },
  'GET /api/session': { ok: '200', session: true },
  'DELETE /api/session': { ok: '204', session: true },
  'GET /api/room': { ok: '200', session: true },
  'PATCH /api/room': { ok: '200', session: true },
  'DELETE /api/room': { ok: '204', session: true },
  'GET /api/room/sessions': { ok: '200', session: true },
  'DELETE /api/room/members/{id}': { ok: '204', session: true },
  'POST /api/room/pairing-codes': { ok: '201', session: true },
  'DELETE /api/room/pairing-codes/{id}': { ok: '204', session: true },
  'POST /api/pairings/preview': { ok: '200', session: false },
  'POST /api/pairings': { ok: '201', session: false },
  'GET /api/lan': { ok: '200', session: false },
  'GET /api/stun': { ok: '200', session: false },
  'GET /healthz': { ok: '200', session: false },
  'GET /readyz': { ok: '200', session: false },
  'GET /metrics': { ok: '200', session: false },
}

describe('section 3: stun', () => {
  const stun = async (env: Record<string, string>) => {
    const app = await startApp({ env })
    return (await call<{ urls: string[] }>(app.url, 'GET', '/api/stun')).body
  }

  test('names what answers without credentials, and no credentials', async () => {
    const body = await stun({
      ICE_SERVERS: JSON.stringify([
        { urls: ['stun:one.example:3478', 'stun:two.example'] },
        { urls: 'turn:three.example:3478', username: 'somebody', credential: 'hunter2' },
        {
          urls: ['turn:three.example:3478?transport=udp', 'turn:three.example:3478?transport=tcp'],
          username: 'somebody',
          credential: 'hunter2',
        },
      ]),
      TURN_URLS: 'turn:four.example:3478?transport=udp,turns:four.example:5349?transport=tcp',
      TURN_SECRET: 'turn-secret-0123456789',
    })
    expect(body).toEqual({
      urls: [
        'stun:one.example:3478',
        'stun:two.example',
        'stun:three.example:3478',
        'stun:four.example:3478',
      ],
    })
  })

  test('names none where there are none', async () => {
    expect(await stun({ ICE_SERVERS: '[]' })).toEqual({ urls: [] })
  })
})

describe('section 3: openapi.json', () => {
  const load = async () => {
    const app = await startApp()
    const answer = await call<OpenApi>(app.url, 'GET', '/api/openapi.json')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
    return answer.body
  }
  const operations = ({ paths }: OpenApi) =>
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        operation,
      })),
    )

  test('is OpenAPI 3.1 and lists exactly the calls of the table', async () => {
    const api = await load()
    expect(api.openapi).toMatch(/^3\.1\.\d+$/)
    expect(api.info).toMatchObject({ title: 'Pairlens', version: '0.0.0-test' })
    expect(
      operations(api)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(Object.keys(TABLE).sort())
  })

  test('says of each call who may make it, what it answers and how it fails', async () => {
    const api = await load()
    expect(api.components.securitySchemes).toMatchObject({ session: { type: 'http', scheme: 'bearer' } })
    for (const { name, operation } of operations(api)) {
      const row = TABLE[name]
      expect(operation.summary, name).toMatch(/\S/)
      expect(operation.tags, name).toHaveLength(1)
      expect(operation.security, name).toEqual(row?.session === true ? [{ session: [] }] : undefined)
      expect(operation.responses, name).toHaveProperty(row?.ok ?? 'none')
      if (row?.session === true) expect(operation.responses, name).toHaveProperty('401')
      if (/^(POST|PATCH)/.test(name))
        expect(operation.requestBody?.content, name).toHaveProperty(['application/json', 'schema'])
      for (const [status, { content, description }] of Object.entries(operation.responses)) {
        expect(description, `${name} ${status}`).toMatch(/\S/)
        if (Number(status) >= 400 && name !== 'GET /readyz')
          expect(content, `${name} ${status}`).toHaveProperty(['application/problem+json', 'schema'])
      }
    }
  })

  test('every reference in it leads somewhere', async () => {
    const api = await load()
    for (const [, pointer = ''] of JSON.stringify(api).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = pointer
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], api)
      expect(target, pointer).toBeDefined()
    }
  })
})

describe('section 3: for operators', () => {
  test('GET /healthz: 200 {status: "ok"}, never from a cache', async () => {
    const app = await startApp()
    const answer = await call(app.url, 'GET', '/healthz')
    expect([answer.status, answer.body]).toStrictEqual([200, { status: 'ok' }])
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  test('GET /readyz: what this instance is and holds', async () => {
    const app = await startApp()
    const read = async () =>
      (await call<{ rooms: number; members: number; uptimeMs: number }>(app.url, 'GET', '/readyz')).body
    expect(await read()).toStrictEqual({
      status: 'ok',
      store: 'memory',
      instance: app.instance,
      rooms: 0,
      members: 0,
      uptimeMs: expect.any(Number),
      version: '0.0.0-test',
    })
    const { session } = await createRoom(app.url)
    const { client } = await join(app.url, session.token)
    await join(app.url, (await pair(app.url, session.token)).session.token)
    expect(await read()).toMatchObject({ rooms: 1, members: 2 })
    const other = await createRoom(app.url)
    await join(app.url, other.session.token)
    const later = await read()
    expect(later).toMatchObject({ rooms: 2, members: 3 })
    expect(Number.isInteger(later.uptimeMs)).toBe(true)
    await call(app.url, 'DELETE', '/api/room', { token: session.token })
    await client.closed
    expect(await read()).toMatchObject({ rooms: 1, members: 1 })
  })

  test('[SEC-6] GET /metrics: a token of as many letters and more bytes is a wrong one', async () => {
    const app = await startApp({ env: { METRICS_TOKEN: 'metrics-token' } })
    const ask = (token: string) =>
      call(app.url, 'GET', '/metrics', { headers: { authorization: `Bearer ${token}` } }).then(
        ({ status }) => status,
        () => 200,
      )
    expect(await ask('metrics-tokeX')).toBe(401)
    expect(await ask('metrics-tok\u00e9n')).toBe(401)
    expect(await ask('metrics-token')).toBe(200)
  })

  test('instances are told apart', async () => {
    const [one, two] = [await startApp(), await startApp()]
    expect(one.instance).not.toBe(two.instance)
  })
})
