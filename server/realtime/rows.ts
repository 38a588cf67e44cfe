import type { SeatName, SeatRow } from '../domain/shared-rooms.ts'
import type { RemoteSeat } from './letters.ts'
import type { Waiting } from './room.ts'
import { told, type Seat } from './seat.ts'

/** A seat, or a waiting place, as its row in the store. */
export function rowOf(seat: Seat | Waiting): SeatRow {
  if ('attempt' in seat)
    return { v: 1, attempt: seat.attempt, since: seat.attempt, starts: [], joinedAt: 0, pending: true }
  const { speaker, starts, joinedAt } = seat
  return { v: 1, attempt: speaker.attempt, since: speaker.since, starts: [...starts], joinedAt }
}

/** The same as other instances are told of it. */
export function toldOf(seat: Seat | Waiting, key: SeatName): RemoteSeat {
  if (!('attempt' in seat)) return told(seat, key)
  const { id, attempt, role, name, device } = seat
  return {
    id,
    key,
    attempt,
    since: attempt,
    starts: [],
    connected: true,
    pending: true,
    joinedAt: 0,
    role,
    name,
    device,
    state: {},
  }
}
