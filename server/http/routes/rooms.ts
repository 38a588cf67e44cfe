import { Type } from 'typebox'
import { deviceOf, nameOf } from '../../domain/devices.ts'
import { Refusal } from '../../domain/refusal.ts'
import { CreateRoom, RoomCreated, RoomOnly, RoomView, SessionList, UpdateRoom } from '../../protocol/api.ts'
import type { SessionId } from '../../protocol/ids.ts'
import { SessionIdSchema } from '../../protocol/models.ts'
import { only, sessionOf } from '../authorization.ts'
import { described, security } from '../schemas.ts'
import type { Routes } from '../services.ts'

const DEFAULT_NAME = 'My room'
const gone = () => new Refusal('not_found', 'The room is gone.')

/** Rooms and who is in them. */
export const roomRoutes: Routes = async (app, { services }) => {
  const { rooms, sessions, hub, limits } = services

  app.post<{ Body: CreateRoom }>(
    '/api/rooms',
    {
      schema: {
        tags: ['rooms'],
        summary: "A new room, and a host's session in it",
        body: CreateRoom,
        response: { 201: RoomCreated, ...described(400, 413, 415, 429) },
      },
    },
    async (request, reply) => {
      limits.room(request.ip)
      const { name = DEFAULT_NAME, deviceName, approval = 'typed' } = request.body
      const device = deviceOf(request.headers['user-agent'])
      const room = await rooms.create({ name, approval })
      const session = await sessions.create(room.id, {
        role: 'host',
        name: deviceName ?? nameOf(device, request.headers['user-agent']),
        device,
      })
      hub.arrivals.expect(room.id, session.id)
      request.log.info({ room: room.id, member: session.id }, 'room created')
      return reply.code(201).header('cache-control', 'no-store').send({ room, session })
    },
  )

  app.get(
    '/api/room',
    {
      preValidation: only('active', services),
      schema: {
        tags: ['rooms'],
        summary: 'The own room and who is there',
        security,
        response: { 200: RoomView, ...described(401, 403) },
      },
    },
    async (request) => {
      const { roomId } = sessionOf(request)
      const room = await rooms.find(roomId)
      if (room === undefined) throw gone()
      return { room, members: await hub.everybody(roomId) }
    },
  )

  app.patch<{ Body: UpdateRoom }>(
    '/api/room',
    {
      preValidation: only('host', services),
      schema: {
        tags: ['rooms'],
        summary: 'Rename, lock or change the approval of the room',
        security,
        body: UpdateRoom,
        response: { 200: RoomOnly, ...described(400, 401, 403, 413, 415) },
      },
    },
    async (request) => {
      const { roomId } = sessionOf(request)
      const { name, locked, approval } = request.body
      const stored = await rooms.update(roomId, {
        ...(name === undefined ? {} : { name }),
        ...(locked === undefined ? {} : { locked }),
        ...(approval === undefined ? {} : { approval }),
      })
      if (stored === undefined) throw gone()
      hub.roomUpdated(stored)
      return { room: stored.room }
    },
  )

  app.delete(
    '/api/room',
    {
      preValidation: only('host', services),
      schema: {
        tags: ['rooms'],
        summary: 'Delete the room with its sessions and codes',
        security,
        response: { 204: { type: 'null' }, ...described(401, 403) },
      },
    },
    async (request, reply) => {
      const { roomId } = sessionOf(request)
      hub.endRoom(roomId, await rooms.delete(roomId, () => hub.endRoom(roomId)))
      request.log.info({ room: roomId }, 'room deleted')
      return reply.code(204).send()
    },
  )

  app.get(
    '/api/room/sessions',
    {
      preValidation: only('host', services),
      schema: {
        tags: ['rooms'],
        summary: 'Every session of the room, absent ones too',
        security,
        response: { 200: SessionList, ...described(401, 403) },
      },
    },
    async (request) => ({ sessions: await sessions.list(sessionOf(request).roomId) }),
  )

  app.delete<{ Params: { id: SessionId } }>(
    '/api/room/members/:id',
    {
      preValidation: only('host', services),
      schema: {
        tags: ['rooms'],
        summary: 'Remove a member, present or absent',
        security,
        params: Type.Object({ id: SessionIdSchema }),
        response: { 204: { type: 'null' }, ...described(401, 403, 404) },
      },
    },
    async (request, reply) => {
      const { roomId } = sessionOf(request)
      const { id } = request.params
      const session = await sessions.find(roomId, id)
      // One that was made without the store may not be written to it yet [STORE-4].
      const isKnown = session !== undefined || hub.room(roomId)?.has(id) === true
      const seats = isKnown ? await sessions.revoke(roomId, id) : undefined
      // What revoked it before may have had no answer of the store, and the member is still here.
      if (!hub.end(roomId, id, 'kicked', seats, session) && session === undefined)
        throw new Refusal('not_found', 'There is no such member.')
      request.log.info({ room: roomId, member: id }, 'member removed')
      return reply.code(204).send()
    },
  )
}
