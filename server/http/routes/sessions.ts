import { sessionShape } from '../../domain/sessions.ts'
import { Refusal } from '../../domain/refusal.ts'
import { SessionView } from '../../protocol/api.ts'
import { only, sessionOf } from '../authorization.ts'
import { described, security } from '../schemas.ts'
import type { Routes } from '../services.ts'

/** A device's own session. */
export const sessionRoutes: Routes = async (app, { services }) => {
  const { sessions, rooms, hub } = services

  app.get(
    '/api/session',
    {
      preValidation: only('any', services),
      schema: {
        tags: ['sessions'],
        summary: 'The own session, its room and who is there',
        security,
        response: { 200: SessionView, ...described(401) },
      },
    },
    async (request) => {
      const { id, roomId, record } = sessionOf(request)
      const room = await rooms.find(roomId)
      if (room === undefined) throw new Refusal('unauthorized', 'The room is gone.')
      // Before approval a session sees nothing [PAIR-5].
      return {
        session: sessionShape(id, record),
        room,
        members: record.status === 'active' ? await hub.everybody(roomId) : [],
      }
    },
  )

  app.delete(
    '/api/session',
    {
      preValidation: only('any', services),
      schema: {
        tags: ['sessions'],
        summary: "Sign out; the session's socket is closed",
        security,
        response: { 204: { type: 'null' }, ...described(401) },
      },
    },
    async (request, reply) => {
      const { id, roomId, record } = sessionOf(request)
      hub.end(roomId, id, 'left', await sessions.revoke(roomId, id), record)
      return reply.code(204).send()
    },
  )
}
