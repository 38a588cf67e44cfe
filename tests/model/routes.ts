/** The HTTP routes without HTTP: their real handlers and hooks, called with what they read of a request. */
import type { FastifyInstance } from 'fastify'
import { Refusal, StoreUnavailable } from '../../server/domain/refusal.ts'
import { pairingRoutes } from '../../server/http/routes/pairings.ts'
import { roomRoutes } from '../../server/http/routes/rooms.ts'
import { sessionRoutes } from '../../server/http/routes/sessions.ts'
import type { HttpServices } from '../../server/http/services.ts'
import { PROBLEMS } from '../../server/protocol/problems.ts'

export interface Request {
  readonly token?: string
  readonly body?: object
  readonly id?: string
}

export interface Answer {
  readonly status: number
  readonly body: unknown
}

type Step = (request: object, reply: object) => Promise<unknown>

interface Route {
  readonly guard: Step | undefined
  readonly handler: Step
}

export type Call = (route: string, request: Request) => Promise<Answer>

const NOTHING = (): void => undefined
const LOG = { info: NOTHING, warn: NOTHING, error: NOTHING }

/** @returns a function that calls a route by its method and pattern, as in `DELETE /api/room/members/:id` */
export function routesOf(services: HttpServices): Call {
  const routes = new Map<string, Route>()
  const at = (method: string) => (url: string, options: { preValidation?: Step }, handler: Step) =>
    routes.set(`${method} ${url}`, { guard: options.preValidation, handler })
  const app = { get: at('GET'), post: at('POST'), patch: at('PATCH'), delete: at('DELETE') }
  for (const register of [roomRoutes, sessionRoutes, pairingRoutes]) {
    // The groups register at once and use nothing else of Fastify.
    void register(app as unknown as FastifyInstance, { services })
  }
  return async (name, { token, body, id }) => {
    const route = routes.get(name)
    if (route === undefined) throw new Error(`there is no ${name}`)
    let status = 200
    let sent: unknown
    const reply = {
      code(value: number) {
        status = value
        return reply
      },
      header: () => reply,
      send(value: unknown) {
        sent = value
      },
    }
    const headers = {
      'user-agent': 'model',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    }
    const [, url] = name.split(' ')
    const request = {
      headers,
      body: body ?? {},
      params: { id },
      ip: '192.0.2.1',
      log: LOG,
      routeOptions: { url },
    }
    try {
      await route.guard?.(request, reply)
      const given = await route.handler(request, reply)
      return { status, body: sent ?? given }
    } catch (error) {
      if (error instanceof Refusal) return { status: PROBLEMS[error.code].status, body: { code: error.code } }
      if (error instanceof StoreUnavailable) return { status: 503, body: { code: 'store_unavailable' } }
      throw error
    }
  }
}
