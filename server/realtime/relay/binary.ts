/** What a member's binary frames are: relayed pictures of a camera, or packets of photos between a camera and a host. */
import type { SessionId } from '../../protocol/ids.ts'
import { isStill } from '../../protocol/still-frames.ts'
import type { Connection } from '../connection.ts'
import type { Room } from '../room.ts'
import type { Relay } from './relay.ts'
import type { Stills } from './stills.ts'

/** False where the connection may not send such a frame, or it is none. */
export function takeBinary(
  { relay, stills }: { readonly relay: Relay; readonly stills: Stills },
  room: Room,
  id: SessionId,
  connection: Connection,
  bytes: Uint8Array,
): boolean {
  const role = room.speaksAs(id, connection)
  if (isStill(bytes))
    return (role === 'camera' || role === 'host') && stills.sent(room, id, connection, bytes)
  return role === 'camera' && relay.uploaded(room.id, id, connection, bytes)
}
