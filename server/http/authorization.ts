import type { FastifyRequest, preValidationAsyncHookHandler } from 'fastify'
import { Refusal } from '../domain/refusal.ts'
import { partsOf, type Authenticated } from '../domain/sessions.ts'
import type { Role } from '../protocol/models.ts'
import type { HttpServices } from './services.ts'

const SESSIONS = new WeakMap<FastifyRequest, Authenticated>()

/** Who may make a call. `any` includes sessions that wait for approval. */
export type Who = 'any' | 'active' | Extract<Role, 'host'>

/**
 * A hook that lets only these sessions through (RFC 6750). It runs before the body is validated, so that
 * strangers learn nothing of what a call takes.
 */
export const only =
  (who: Who, { sessions, hub }: Pick<HttpServices, 'sessions' | 'hub'>): preValidationAsyncHookHandler =>
  async (request) => {
    // Who is connected here has proved itself to this instance, which is told when that ends: no need to ask the store.
    const connected = (shown: string): Authenticated | undefined => {
      const parts = partsOf(shown)
      const session = parts && hub.connected(parts.roomId, parts.id)
      return session && sessions.proves(shown, session)
    }
    const [, token] = /^Bearer +([\w.-]{1,256})$/i.exec(request.headers.authorization ?? '') ?? []
    const session =
      token === undefined ? undefined : (connected(token) ?? (await sessions.authenticate(token)))
    if (session === undefined && token !== undefined && hub.isReturning && !(await sessions.isOver(token)))
      throw new Refusal(
        'store_unavailable',
        'The shared store is back, and not everything is written to it yet.',
      )
    if (session === undefined)
      throw new Refusal('unauthorized', 'The session is missing, unknown or revoked.')
    if (who !== 'any' && session.record.status !== 'active') {
      throw new Refusal('forbidden', 'A host has not let this device in yet.')
    }
    if (who === 'host' && session.record.role !== 'host')
      throw new Refusal('forbidden', 'Only a host may do this.')
    SESSIONS.set(request, session)
  }

/** The session that `only` let through. */
export function sessionOf(request: FastifyRequest): Authenticated {
  const session = SESSIONS.get(request)
  if (session === undefined) throw new Error('this route has no authorization hook')
  return session
}
