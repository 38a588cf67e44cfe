import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROBLEMS } from '../../server/protocol/problems.ts'
import { call, claimCode, createRoom, issueCode, testApp, type TestApp } from '../support/app.ts'

let app: TestApp
let tokens: string[]
beforeAll(async () => {
  app = await testApp({ env: { RATE_LIMITS: 'off' } })
  const {
    session: { token },
  } = await createRoom(app.url)
  const pending = await claimCode(app.url, { code: (await issueCode(app.url, token)).code })
  tokens = [token, pending.session.token, `${token}x`, 'a.b.c', '']
})
afterAll(() => app.close())

const PATHS = [
  '/api/rooms',
  '/api/session',
  '/api/room',
  '/api/room/sessions',
  '/api/room/members/x',
  '/api/room/pairing-codes',
  '/api/room/pairing-codes/x',
  '/api/pairings',
  '/api/pairings/preview',
  '/api/lan',
  '/api/stun',
  '/healthz',
  '/readyz',
  '/api/openapi.json',
  '/ws',
  '/nothing',
]
/** Deleting the one room would leave the other calls nothing to do. */
const METHODS = ['GET', 'POST', 'PATCH', 'PUT', 'HEAD', 'OPTIONS'] as const
const NAMES = [
  'name',
  'deviceName',
  'approval',
  'locked',
  'role',
  'address',
  'secret',
  'code',
  'claimKey',
  '__proto__',
  'constructor',
  'toString',
  'length',
]

const value = fc.oneof(
  fc.constantFrom<unknown>(
    'typed',
    'always',
    'camera',
    'host',
    'BCDF-GHJK',
    'k'.repeat(22),
    true,
    null,
    0,
    -1,
    1e308,
    '',
    '\0',
    '\ud800',
    'x'.repeat(81),
    '🎥'.repeat(80),
  ),
  fc.jsonValue({ maxDepth: 4 }),
)
const object = fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string()), value, { maxKeys: 6 })
const body = fc.oneof(
  { weight: 6, arbitrary: object.map((fields) => JSON.stringify(fields)) },
  { weight: 2, arbitrary: fc.jsonValue().map((any) => JSON.stringify(any)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      ' ',
      '{',
      '[',
      '\ufeff{}',
      '{"a":1}{"b":2}',
      '{"__proto__":1}',
      `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
      `{"name":"${'\\ud83c'.repeat(100)}"}`,
      'x'.repeat(70_000),
    ),
  },
)
const header = fc
  .string({ unit: fc.constantFrom(...'abcXYZ019 .,;:=/-_()*"\'{}?&%~'.split('')), maxLength: 60 })
  .map((text) => text.trim())
const headers = fc.record(
  {
    'content-type': fc.oneof(
      { weight: 8, arbitrary: fc.constant('application/json') },
      { weight: 1, arbitrary: header },
    ),
    'user-agent': fc.oneof(
      fc.constantFrom('', ' ', 'curl/8', 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)'),
      header,
    ),
    origin: fc.oneof(fc.constantFrom('http://pairlens.test', 'null', ''), header),
    accept: header,
    'x-forwarded-for': fc.oneof(fc.ipV4(), fc.ipV6(), header),
    'accept-encoding': header,
    'if-none-match': header,
    'access-control-request-method': fc.constantFrom('GET', 'POST', 'NOPE', ''),
  },
  { requiredKeys: [] },
)

test('[SEC-6] no body, header or method at any call ends in a fault of the server; whatever fails fails as problem details', async () => {
  const statuses = new Map<number, number>()
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...PATHS),
      fc.constantFrom(...METHODS),
      body,
      headers,
      fc.nat({ max: 4 }),
      async (path, method, payload, extra, who) => {
        const withBody = method !== 'GET' && method !== 'HEAD'
        const answer = await app.server.inject({
          method,
          url: path,
          headers: { ...extra, authorization: `Bearer ${tokens[who]}` },
          ...(withBody ? { payload } : {}),
        })
        statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1)
        expect(answer.statusCode, answer.body).toBeLessThan(500)
        if (answer.statusCode >= 400 && method !== 'HEAD') {
          expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
          const problem = answer.json<{ code: keyof typeof PROBLEMS; status: number }>()
          expect(PROBLEMS[problem.code]?.status).toBe(answer.statusCode)
          expect(problem.status).toBe(answer.statusCode)
        }
      },
    ),
    { numRuns: 3_000 },
  )
  // Runs that only ever met one wall would prove nothing.
  for (const status of [200, 201, 400, 401, 404, 405, 413, 415])
    expect(statuses.get(status), `runs that ended with ${status}`).toBeGreaterThan(0)
  expect(app.logs()).not.toContain('"level":50')
  expect((await call(app.url, 'GET', '/healthz')).status).toBe(200)
}, 60_000)

test('[SEC-6] any path and query is answered with less than 500', async () => {
  const segment = fc.oneof(
    fc.constantFrom(
      'api',
      'room',
      'members',
      'pairing-codes',
      'session',
      '..',
      '.',
      '',
      '%2e%2e',
      '%00',
      '%2F',
      'p',
      'ws',
      '*',
      ':id',
      '__proto__',
    ),
    fc.webSegment(),
  )
  const path = fc
    .tuple(
      fc.array(segment, { minLength: 1, maxLength: 6 }),
      fc.oneof(
        fc.constant(''),
        fc.webQueryParameters().map((query) => `?${query}`),
      ),
    )
    .map(([parts, query]) => `/${parts.join('/')}${query}`)
  await fc.assert(
    fc.asyncProperty(path, fc.constantFrom('GET', 'POST', 'DELETE'), async (url, method) => {
      const answer = await app.server.inject({ method, url })
      expect(answer.statusCode).toBeLessThan(500)
    }),
    { numRuns: 1_000 },
  )
  expect((await call(app.url, 'GET', '/healthz')).status).toBe(200)
}, 60_000)
