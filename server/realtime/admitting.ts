import { StoreUnavailable } from '../domain/refusal.ts'
import { sessionShape, type Sessions } from '../domain/sessions.ts'
import type { RoomId, SessionId } from '../protocol/ids.ts'
import type { Hub } from './hub.ts'
import type { IceServers } from './ice.ts'

/** Milliseconds. */
const AGAIN_AFTER = 500
const TRIES = 10

interface Log {
  info(fields: object, text: string): void
  error(fields: object, text: string): void
}

/** Lets in a session that waits here and that a host on another instance has approved: its row says who it is. */
export function admitting(
  sessions: Sessions,
  ice: IceServers,
  hub: () => Hub,
  log: Log,
): (room: RoomId, id: SessionId) => void {
  const admit = (room: RoomId, id: SessionId, tries: number): void => {
    sessions.find(room, id).then(
      (record) => {
        if (record?.status === 'active')
          hub().approved(room, { id, record }, sessionShape(id, record), ice.for(id))
      },
      (error: unknown) => {
        const isPassing = error instanceof StoreUnavailable
        ;(isPassing ? log.info : log.error).call(
          log,
          { err: error, room },
          'an approved session could not be read',
        )
        if (isPassing && tries > 1) hub().later(AGAIN_AFTER, () => admit(room, id, tries - 1))
      },
    )
  }
  return (room, id) => admit(room, id, TRIES)
}
