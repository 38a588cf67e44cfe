/** Calls of the HTTP API (docs/SPEC.md, section 3). */
import type {
  ClaimPairing,
  CodeIssued,
  CreateRoom,
  IssueCode,
  LanInfo,
  Paired,
  PairingPreview,
  PreviewPairing,
  RoomCreated,
  RoomView,
  SessionList,
  SessionView,
  StunInfo,
  UpdateRoom,
} from '../../server/protocol/api.ts'
import type { CodeId, SessionId } from '../../server/protocol/ids.ts'
import type { Room } from '../../server/protocol/models.ts'
import type { ProblemCode } from '../../server/protocol/problems.ts'

/** `unreachable`: no answer came at all; `bad_answer`: something else than the server answered. */
export type ApiErrorCode = ProblemCode | 'unreachable' | 'bad_answer'

/** Why a call failed. `status` is 0 where no answer came. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: ApiErrorCode
  readonly detail: string
  /** From `Retry-After`. */
  readonly retryAfterMs?: number

  constructor(status: number, code: ApiErrorCode, detail: string, retryAfterMs?: number) {
    super(`${code}: ${detail}`)
    this.status = status
    this.code = code
    this.detail = detail
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs
  }
}

/** A call without an answer is given up after this many milliseconds. */
const ANSWER_WITHIN = 10_000

interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly token?: string
  readonly body?: unknown
}

const isProblem = (value: unknown): value is { code: ProblemCode; detail: string } =>
  typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string'

const retryAfter = (response: Response): number | undefined => {
  const seconds = Number.parseFloat(response.headers.get('retry-after') ?? '')
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined
}

const parse = (text: string, status: number): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ApiError(status, 'bad_answer', cause instanceof Error ? cause.message : 'not JSON')
  }
}

/** Throws what the answer says went wrong. */
const problemOf = (response: Response, text: string): ApiError => {
  const wait = retryAfter(response)
  const problem: unknown = response.headers.get('content-type')?.includes('json')
    ? parse(text, response.status)
    : undefined
  return isProblem(problem)
    ? new ApiError(response.status, problem.code, problem.detail, wait)
    : new ApiError(response.status, 'bad_answer', `The server answered ${response.status}`, wait)
}

/**
 * Typed calls against one server. Every method rejects with `ApiError`, whose code is `unreachable` when no
 * answer came within ten seconds.
 */
export const createApi = ({
  base = '',
  fetch: send = globalThis.fetch.bind(globalThis),
}: { base?: string; fetch?: typeof fetch } = {}) => {
  const answer = async (call: Call): Promise<{ response: Response; text: string }> => {
    const headers: Record<string, string> = { accept: 'application/json' }
    if (call.token !== undefined) headers['authorization'] = `Bearer ${call.token}`
    if (call.body !== undefined) headers['content-type'] = 'application/json'
    try {
      const response = await send(`${base}${call.path}`, {
        method: call.method,
        headers,
        cache: 'no-store',
        signal: AbortSignal.timeout(ANSWER_WITHIN),
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      })
      return { response, text: await response.text() }
    } catch (cause) {
      throw new ApiError(0, 'unreachable', cause instanceof Error ? cause.message : String(cause))
    }
  }
  const ask = async <T>(call: Call): Promise<T> => {
    const { response, text } = await answer(call)
    if (!response.ok) throw problemOf(response, text)
    return parse(text, response.status) as T
  }
  const tell = async (call: Call): Promise<void> => {
    const { response, text } = await answer(call)
    if (!response.ok) throw problemOf(response, text)
  }
  const member = (id: SessionId) => `/api/room/members/${encodeURIComponent(id)}`
  const code = (id: CodeId) => `/api/room/pairing-codes/${encodeURIComponent(id)}`

  return {
    createRoom: (body: CreateRoom = {}) => ask<RoomCreated>({ method: 'POST', path: '/api/rooms', body }),
    session: (token: string) => ask<SessionView>({ method: 'GET', path: '/api/session', token }),
    signOut: (token: string) => tell({ method: 'DELETE', path: '/api/session', token }),
    room: (token: string) => ask<RoomView>({ method: 'GET', path: '/api/room', token }),
    updateRoom: (token: string, body: UpdateRoom) =>
      ask<{ room: Room }>({ method: 'PATCH', path: '/api/room', token, body }),
    deleteRoom: (token: string) => tell({ method: 'DELETE', path: '/api/room', token }),
    sessions: (token: string) => ask<SessionList>({ method: 'GET', path: '/api/room/sessions', token }),
    kick: (token: string, id: SessionId) => tell({ method: 'DELETE', path: member(id), token }),
    issueCode: (token: string, body: IssueCode = {}) =>
      ask<CodeIssued>({ method: 'POST', path: '/api/room/pairing-codes', token, body }),
    revokeCode: (token: string, id: CodeId) => tell({ method: 'DELETE', path: code(id), token }),
    preview: (body: PreviewPairing) =>
      ask<PairingPreview>({ method: 'POST', path: '/api/pairings/preview', body }),
    claim: (body: ClaimPairing) => ask<Paired>({ method: 'POST', path: '/api/pairings', body }),
    /** How phones on the same network reach this machine; no addresses where the server has no LAN listener. */
    lan: () => ask<LanInfo>({ method: 'GET', path: '/api/lan' }),
    /** Where a device asks for its address as it is seen from outside; without credentials. */
    stun: () => ask<StunInfo>({ method: 'GET', path: '/api/stun' }),
  }
}
export type Api = ReturnType<typeof createApi>
