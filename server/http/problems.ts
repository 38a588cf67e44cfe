import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Refusal, StoreUnavailable } from '../domain/refusal.ts'
import type { Problem } from '../protocol/api.ts'
import { PROBLEMS, type ProblemCode } from '../protocol/problems.ts'

/** Sends problem details (RFC 9457). */
function sendProblem(
  reply: FastifyReply,
  code: ProblemCode,
  detail: string,
  retryAfterMs?: number,
): FastifyReply {
  const { status, title } = PROBLEMS[code]
  const problem: Problem = { type: 'about:blank', title, status, detail, code }
  if (retryAfterMs !== undefined)
    reply.header('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000))))
  if (code === 'unauthorized') reply.header('www-authenticate', 'Bearer')
  // A Buffer, or a serializer made for the route's own answer would be asked to write it.
  return reply
    .code(status)
    .type('application/problem+json')
    .header('cache-control', 'no-store')
    .serializer((body: Problem) => JSON.stringify(body))
    .send(problem)
}

/** Faults that Fastify itself finds, by its codes (fastify.dev, Reference/Errors). */
const OWN_FAULTS: Readonly<Record<string, { code: ProblemCode; detail: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'payload_too_large', detail: 'A body may hold 64 KiB at most.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported_media_type',
    detail: 'Send the body as application/json.',
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'invalid_request', detail: 'The body is empty.' },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'invalid_request', detail: 'The body is not JSON.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'invalid_request',
    detail: 'The body is not as long as it says.',
  },
}

function answer(error: FastifyError | Refusal, request: FastifyRequest, reply: FastifyReply): void {
  if (error instanceof Refusal) {
    sendProblem(reply, error.code, error.message, error.retryAfterMs)
    return
  }
  if (error instanceof StoreUnavailable) {
    request.log.warn({ err: error }, 'the store is unavailable')
    sendProblem(reply, 'store_unavailable', 'The shared store does not answer. Try again in a moment.', 2_000)
    return
  }
  const own = OWN_FAULTS[error.code]
  if (own !== undefined) {
    sendProblem(reply, own.code, own.detail)
    return
  }
  if (error.validation !== undefined) {
    const where = error.validationContext ?? 'request'
    const first = error.validation[0]
    const field = first?.instancePath.slice(1).replaceAll('/', '.') ?? ''
    sendProblem(
      reply,
      'invalid_request',
      `${where}${field === '' ? '' : `.${field}`} ${first?.message ?? 'is not valid'}.`,
    )
    return
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    sendProblem(reply, 'invalid_request', STATUS_CODES[error.statusCode] ?? 'The request is not valid.')
    return
  }
  request.log.error({ err: error }, 'a request failed')
  sendProblem(reply, 'internal_error', "The server made a mistake. It is logged under this request's id.")
}

/** A path that no route can be looked up for; no hook runs for it, so an upgrade's socket is closed here. */
export function answerUnroutable(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  if (request.headers.upgrade !== undefined) reply.raw.once('finish', () => request.raw.socket.destroy())
  sendProblem(
    reply.header('x-content-type-options', 'nosniff'),
    'invalid_request',
    'The path cannot be read.',
  )
}

/** Every error leaves as problem details, also those of unknown paths and methods. */
export const problems = fp(async (app: FastifyInstance) => {
  /** Methods by path pattern, to tell a wrong method from an unknown path. */
  const methods = new Map<string, { pattern: RegExp; names: Set<string> }>()
  app.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return
    const known = methods.get(url) ?? {
      pattern: new RegExp(`^${url.replaceAll(/:\w+/g, '[^/]+')}$`),
      names: new Set(),
    }
    for (const name of Array.isArray(method) ? method : [method]) known.names.add(name)
    methods.set(url, known)
  })
  app.setErrorHandler(answer)
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    const allowed = [...methods.values()]
      .filter(({ pattern }) => pattern.test(path))
      .flatMap(({ names }) => [...names])
    if (allowed.length > 0 && !allowed.includes(request.method)) {
      reply.header('allow', [...new Set(allowed)].join(', '))
      return sendProblem(reply, 'method_not_allowed', `This address does not take ${request.method}.`)
    }
    return sendProblem(reply, 'not_found', 'There is nothing at this address.')
  })
})
