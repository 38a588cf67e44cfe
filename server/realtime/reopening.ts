import { readStoredRoom, storedRoomText, type StoredRoom } from '../domain/rooms.ts'
import type { StoredState } from '../domain/shared-rooms.ts'
import type { Room } from './room.ts'
import type { SharedHubDeps } from './shared-hub.ts'
import type { Sharing } from './sharing.ts'

type Deps = Pick<
  SharedHubDeps,
  | 'shared'
  | 'sessions'
  | 'textOf'
  | 'log'
  | 'roomEnded'
  | 'roomChanged'
  | 'ended'
  | 'admitted'
  | 'readsAgain'
  | 'sessionsFound'
>

/**
 * Puts what this instance has of a room once more, and learns what the others have.
 * @throws StoreUnavailable
 */
export async function reopen(room: Room, sharing: Sharing, deps: Deps, isOpen: () => boolean): Promise<void> {
  const { shared, log } = deps
  const { rev } = room
  const settle = deps.readsAgain(room)
  await sharing.incoming.findBegin()
  const found = await shared.reopen(room.id, sharing.rows.own(), room.timeline.read)
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
  if (!isOpen()) {
    // It was closed meanwhile: its rows were put once more behind their end.
    sharing.rows.clean(found.seats)
    return
  }
  sharing.reopened(found)
  settle(found.sessions)
  deps.sessionsFound(room, found.sessions)
}

async function compareSessions(room: Room, found: StoredState, deps: Deps): Promise<void> {
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
