/** The session that a link carries, in an entry of its own: links beside each other in one browser do not meet. */
import type { SessionId } from '../../server/protocol/ids.ts'
import { openSeat, type Seat } from '../lib/seat.ts'

/** Until the server has told the room's name. */
const UNNAMED = 'this room'

/** An entry of a link that was opened in this browser before. */
export const openedSeat = (id: string): Seat =>
  // A link may have been used in another browser, whose count is not known here: the time counts for both.
  openSeat(`viewer:${id}`, undefined, Date.now)

/** Stores what a link carries, so that a reload needs it no more. */
export function linkSeat(token: string, id: string): Seat {
  const seat = openedSeat(id)
  if (seat.read()?.token !== token)
    seat.take({ token, id: id as SessionId, role: 'viewer' }, { name: UNNAMED })
  return seat
}
