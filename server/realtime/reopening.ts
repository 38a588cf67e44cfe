import { readStoredRoom, storedRoomText, type StoredRoom } from '../domain/rooms.ts'
import type { Sessions } from '../domain/sessions.ts'
import type { SharedRooms, StoredState } from '../domain/shared-rooms.ts'
import type { RoomId, SessionId } from '../protocol/ids.ts'
import type { Ending } from './endings.ts'
import type { Room } from './room.ts'
import type { Sharing } from './sharing.ts'

export interface ReopeningDeps {
  readonly shared: SharedRooms
  readonly sessions: Sessions
  /** Another instance says that a session or a room has ended, or was changed. */
  readonly ended: (room: RoomId, id: SessionId, ending: Ending) => void
  /** A session that waits here was let in. */
  readonly admitted: (room: RoomId, id: SessionId) => void
  readonly roomEnded: (room: RoomId) => void
  readonly roomChanged: (stored: StoredRoom) => void
  readonly sessionsFound: (room: Room, sessions: ReadonlyMap<SessionId, string>) => void
  /** The same of a room that is open already: called before they are read, and with what was found. */
  readonly readsAgain: (room: Room) => (sessions: ReadonlyMap<SessionId, string>) => void
  /** The row of a session that is connected here. */
  readonly textOf: (room: RoomId, id: SessionId) => string | undefined
  readonly log: { warn(fields: object, text: string): void }
}

/**
 * Puts what this instance has of a room once more, and learns what the others have.
 * @param is `away`: whether the store is; `open`: whether the room still is, here
 * @throws StoreUnavailable
 */
export async function reopen(
  room: Room,
  sharing: Sharing,
  deps: ReopeningDeps,
  is: { readonly away: () => boolean; readonly open: () => boolean },
): Promise<void> {
  const { shared, log } = deps
  const { rev } = room
  const settle = deps.readsAgain(room)
  await sharing.incoming.findBegin()
  const found = await shared.reopen(room.id, sharing.rows.own(), room.timeline.read)
  // The store was lost meanwhile: what this instance knows alone says nothing of what others did. It is read when that is back.
  if (is.away()) return
  const stored = readStoredRoom(room.id, found.room, (what) => log.warn({ room: room.id }, what))
  if (stored === 'deleted') {
    deps.roomEnded(room.id)
    return
  }
  if (stored === undefined)
    await shared.restoreRoom(room.id, storedRoomText({ room: room.info, rev: room.rev }))
  else if (stored.rev > room.rev) deps.roomChanged(stored)
  else if (room.rev === rev && !isSame(stored, room)) {
    // A change that was made here without the store, and another before it there, which stands.
    room.rev = stored.rev
    deps.roomChanged(stored)
  }
  await compareSessions(room, found, deps)
  if (!is.open()) {
    // It was closed meanwhile: its rows were put once more behind their end.
    sharing.rows.clean(found.seats)
    return
  }
  void sharing.reopened(found)
  settle(found.sessions)
  deps.sessionsFound(room, found.sessions)
}

async function compareSessions(room: Room, found: StoredState, deps: ReopeningDeps): Promise<void> {
  const { shared, sessions, textOf } = deps
  for (const { id } of [...room.seats(), ...room.waiting()]) {
    const text = found.sessions.get(id)
    const own = textOf(room.id, id)
    const record = sessions.read(text)
    if (text === undefined) {
      if (own !== undefined) await shared.restoreSession(room.id, id, own)
    } else if (record === undefined) deps.ended(room.id, id, 'revoked')
    else if (record.status === 'active' && room.waitingAs(id) !== undefined) deps.admitted(room.id, id)
  }
}

const isSame = (stored: StoredRoom, { rev, info }: Room): boolean =>
  stored.rev === rev && JSON.stringify(stored.room) === JSON.stringify(info)
