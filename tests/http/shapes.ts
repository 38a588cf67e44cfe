import { expect } from 'vitest'
import { PROBLEMS, type ProblemCode } from '../../server/protocol/problems.ts'

/** An RFC 3339 time in UTC. */
const TIME: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
const ID: unknown = expect.stringMatching(/^[\w-]{1,64}$/)

/** Exact shapes of what the API gives; `toStrictEqual` finds a field too many as well as one too few. */
export const ROOM = { id: ID, name: 'My room', approval: 'typed', locked: false, createdAt: TIME }
export const SESSION = {
  id: ID,
  role: 'host',
  name: expect.any(String) as unknown,
  status: 'active',
  expiresAt: TIME,
}
export const TOKEN: unknown = expect.stringMatching(/^[\w-]{1,64}\.[\w-]{1,64}\.[\w-]{22}$/)
export const MEMBER = {
  id: ID,
  role: 'host',
  name: expect.any(String) as unknown,
  connected: true,
  joinedAt: TIME,
  state: {},
  device: {
    kind: expect.any(String) as unknown,
    browser: expect.any(String) as unknown,
    os: expect.any(String) as unknown,
  },
}
export const CODE = {
  id: ID,
  role: 'camera',
  code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/) as unknown,
  url: expect.any(String) as unknown,
  qrSvg: expect.stringMatching(/^<svg[^]*<\/svg>\s*$/) as unknown,
  issuedAt: TIME,
  expiresAt: TIME,
  expiresInMs: 120_000,
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

/** Holds an answer to RFC 9457 as the contract has it: status, media type and exactly five members. */
export function expectProblem(answer: Answer, code: ProblemCode, what = ''): void {
  const { status, title } = PROBLEMS[code]
  expect(answer.body, what).toStrictEqual({
    type: 'about:blank',
    title,
    status,
    detail: expect.stringMatching(/\S.*\.$/),
    code,
  })
  expect(answer.status, what).toBe(status)
  expect(answer.headers.get('content-type'), what).toMatch(/^application\/problem\+json/)
  expect(answer.headers.get('cache-control'), what).toBe('no-store')
}
