import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SessionList } from '../../server/protocol/api.ts'
import type { ProblemCode } from '../../server/protocol/problems.ts'
import {
  call,
  claimCode,
  createRoom,
  issueCode,
  pair,
  secretOf,
  testApp,
  type TestApp,
} from '../support/app.ts'
import { join } from '../support/client.ts'
import { expectProblem } from './shapes.ts'

/** Everybody who may knock, and what makes them up. */
const ACTORS = [
  'host',
  'second host',
  'viewer',
  'camera',
  'pending camera',
  'pending host',
  'nobody',
  'a stranger',
  'a revoked host',
  'a host of another room',
  'a camera of another room',
] as const
type Actor = (typeof ACTORS)[number]

/** A room with one of each, and what can be asked about it. */
interface World {
  readonly tokens: Readonly<Record<Actor, string | undefined>>
  readonly code: string
  readonly used: string
  readonly camera: string
  /** Sessions of the room, in the eyes of its host. */
  sessions(): Promise<SessionList['sessions']>
}

let app: TestApp
let untouched: Promise<World> | undefined
beforeAll(async () => {
  app = await testApp({ env: { RATE_LIMITS: 'off' } })
})
afterAll(() => app.close())

async function world(): Promise<World> {
  const { url } = app
  const { session: host } = await createRoom(url)
  const other = await createRoom(url)
  const viewer = await pair(url, host.token, 'viewer')
  const camera = await pair(url, host.token)
  const foreign = await pair(url, other.session.token)
  const waiting = await claimCode(url, { code: (await issueCode(url, host.token)).code })
  const pendingHost = await claimCode(url, { secret: secretOf(await issueCode(url, host.token, 'host')) })
  const revoked = await createRoom(url)
  await call(url, 'DELETE', '/api/session', { token: revoked.session.token })
  const code = await issueCode(url, host.token)
  const used = await issueCode(url, host.token)
  await claimCode(url, { secret: secretOf(used) })
  const second = await secondHost(host.token)
  return {
    tokens: {
      host: host.token,
      'second host': second,
      viewer: viewer.session.token,
      camera: camera.session.token,
      'pending camera': waiting.session.token,
      'pending host': pendingHost.session.token,
      nobody: undefined,
      'a stranger': `${host.token.slice(0, -1)}${host.token.endsWith('A') ? 'B' : 'A'}`,
      'a revoked host': revoked.session.token,
      'a host of another room': other.session.token,
      'a camera of another room': foreign.session.token,
    },
    code: code.id,
    used: used.id,
    camera: camera.session.id,
    sessions: async () =>
      (await call<SessionList>(url, 'GET', '/api/room/sessions', { token: host.token })).body.sessions,
  }
}

async function secondHost(token: string): Promise<string> {
  const { client } = await join(app.url, token)
  const code = await issueCode(app.url, token, 'host')
  const { session, check } = await claimCode(app.url, { secret: secretOf(code) })
  expect(await client.ask({ type: 'approve', pairing: code.id, check })).toMatchObject({ ok: true })
  client.send({ type: 'leave' })
  await client.closed
  return session.token
}

const HOSTS: readonly Actor[] = ['host', 'second host']
const ACTIVE: readonly Actor[] = [
  ...HOSTS,
  'viewer',
  'camera',
  'a host of another room',
  'a camera of another room',
]
const PENDING: readonly Actor[] = ['pending camera', 'pending host']
const FOREIGN_HOST: Actor = 'a host of another room'

type Outcome = number | ProblemCode
interface Call {
  readonly what: string
  readonly method: string
  path(world: World): string
  readonly body?: unknown
  /** What each actor is answered who has a session. */
  expected(actor: Actor): Outcome
}

/** Calls for hosts: a host of another room acts on that room alone. */
const forHosts =
  (ok: number, foreign: Outcome = ok) =>
  (actor: Actor): Outcome =>
    HOSTS.includes(actor) ? ok : actor === FOREIGN_HOST ? foreign : 'forbidden'

const CALLS: readonly Call[] = [
  { what: 'GET session', method: 'GET', path: () => '/api/session', expected: () => 200 },
  { what: 'sign out', method: 'DELETE', path: () => '/api/session', expected: () => 204 },
  {
    what: 'GET room',
    method: 'GET',
    path: () => '/api/room',
    expected: (actor) => (ACTIVE.includes(actor) ? 200 : 'forbidden'),
  },
  {
    what: 'rename the room',
    method: 'PATCH',
    path: () => '/api/room',
    body: { name: 'taken over' },
    expected: forHosts(200),
  },
  {
    what: 'PATCH the room with nonsense',
    method: 'PATCH',
    path: () => '/api/room',
    body: { name: 5 },
    expected: (actor) => (forHosts(200)(actor) === 200 ? 'invalid_request' : 'forbidden'),
  },
  { what: 'delete the room', method: 'DELETE', path: () => '/api/room', expected: forHosts(204) },
  { what: 'list sessions', method: 'GET', path: () => '/api/room/sessions', expected: forHosts(200) },
  {
    what: 'remove the camera',
    method: 'DELETE',
    path: ({ camera }) => `/api/room/members/${camera}`,
    expected: forHosts(204, 'not_found'),
  },
  {
    what: 'remove nobody',
    method: 'DELETE',
    path: () => '/api/room/members/never',
    expected: (actor) => (forHosts(204)(actor) === 204 ? 'not_found' : 'forbidden'),
  },
  {
    what: 'issue a code',
    method: 'POST',
    path: () => '/api/room/pairing-codes',
    body: {},
    expected: forHosts(201),
  },
  {
    what: 'revoke a code',
    method: 'DELETE',
    path: ({ code }) => `/api/room/pairing-codes/${code}`,
    expected: forHosts(204, 'not_found'),
  },
  {
    what: 'revoke a used code',
    method: 'DELETE',
    path: ({ used }) => `/api/room/pairing-codes/${used}`,
    expected: forHosts(204, 'not_found'),
  },
]

const MATRIX = CALLS.flatMap((asked) =>
  ACTORS.map((actor) => {
    const known = ACTIVE.includes(actor) || PENDING.includes(actor)
    return {
      what: asked.what,
      actor,
      outcome: known ? asked.expected(actor) : ('unauthorized' as const),
      asked,
    }
  }),
)

describe('[SESS-4] roles hold for every call', () => {
  test('the matrix is whole: every call that takes a session, with every actor', async () => {
    const { body } = await call<{ paths: Record<string, Record<string, { security?: unknown }>> }>(
      app.url,
      'GET',
      '/api/openapi.json',
    )
    const guarded = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { security }]) => security !== undefined)
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    )
    const stand = { code: '{id}', used: '{id}', camera: '{id}' } as World
    const covered = new Set(
      CALLS.map(({ method, path }) => `${method} ${path(stand).replace('never', '{id}')}`),
    )
    expect([...covered].sort()).toEqual(guarded.sort())
    expect(MATRIX).toHaveLength(CALLS.length * ACTORS.length)
  })

  test.each(MATRIX)('$what as $actor: $outcome', async ({ asked, actor, outcome }) => {
    // Refusals leave a room as it was, so they can share one.
    const here = typeof outcome === 'string' ? await (untouched ??= world()) : await world()
    const before = await here.sessions()
    const token = here.tokens[actor]
    const answer = await call(app.url, asked.method, asked.path(here), {
      ...(token === undefined ? {} : { token }),
      ...(asked.body === undefined ? {} : { body: asked.body }),
    })
    if (typeof outcome === 'number') {
      expect(answer.status, JSON.stringify(answer.body)).toBe(outcome)
    } else {
      expectProblem(answer, outcome)
      if (outcome === 'unauthorized') expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    }
    // Whoever is refused, or belongs elsewhere, has changed nothing here.
    if (typeof outcome === 'string' || actor.endsWith('another room')) {
      expect(await here.sessions()).toEqual(before)
      const room = await call<{ room: { name: string } }>(app.url, 'GET', '/api/room', {
        token: here.tokens.host ?? '',
      })
      expect(room.body.room.name).toBe('My room')
    }
  })

  const HEADERS: Record<string, (token: string) => string> = {
    'another scheme': (token) => `Basic ${token}`,
    'no scheme': (token) => token,
    'no token': () => 'Bearer',
    'an empty token': () => 'Bearer ',
    'two tokens': (token) => `Bearer ${token} ${token}`,
    'a comma list': (token) => `Bearer ${token},Bearer ${token}`,
    quotes: (token) => `Bearer "${token}"`,
    'a token cut short': (token) => `Bearer ${token.slice(0, -1)}`,
    'a token made longer': (token) => `Bearer ${token}A`,
    '10 kB': () => `Bearer ${'a'.repeat(10_000)}`,
  }
  test.each(Object.entries(HEADERS))('an Authorization of %s is 401', async (_what, made) => {
    const { session } = await createRoom(app.url)
    expectProblem(
      await call(app.url, 'GET', '/api/session', { headers: { authorization: made(session.token) } }),
      'unauthorized',
    )
  })

  test('the scheme is read without regard to case (RFC 9110)', async () => {
    const { session } = await createRoom(app.url)
    for (const scheme of ['bearer', 'BEARER', 'Bearer ']) {
      expect(
        (
          await call(app.url, 'GET', '/api/session', {
            headers: { authorization: `${scheme} ${session.token}` },
          })
        ).status,
      ).toBe(200)
    }
  })

  test('a token in the query, in the body or in a cookie is none', async () => {
    const {
      session: { token },
    } = await createRoom(app.url)
    const ways = [
      call(app.url, 'GET', `/api/session?token=${token}&access_token=${token}`),
      call(app.url, 'PATCH', '/api/room', { body: { token, access_token: token } }),
      call(app.url, 'GET', '/api/session', { headers: { cookie: `token=${token}; session=${token}` } }),
    ]
    for (const answer of await Promise.all(ways)) expectProblem(answer, 'unauthorized')
  })
})
