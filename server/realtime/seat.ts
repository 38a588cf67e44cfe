import type { Disposer } from '../domain/clock.ts'
import type { SeatName } from '../domain/shared-rooms.ts'
import type { SessionId } from '../protocol/ids.ts'
import type { Device, Member, MemberState, Role } from '../protocol/models.ts'
import type { Connection } from './connection.ts'
import type { Origin } from './cursor.ts'
import type { RemoteSeat } from './letters.ts'
import type { Speaker } from './log.ts'
import type { Start, Timeline } from './timeline.ts'
import type { Framed } from './wire.ts'

/** Who a session is, as its room needs to know. */
export interface Visitor {
  readonly id: SessionId
  readonly role: Role
  readonly name: string
  readonly device: Device
}

type Link =
  | { readonly kind: 'connected'; readonly connection: Connection }
  /** In its resume window, at whose end the seat is freed. */
  | { readonly kind: 'away'; readonly end: Disposer }

/** A member's place in the room on this instance, from its first hello until it has left. */
export interface Seat extends Visitor {
  readonly joinedAt: number
  /** Places of which a connection must have one to continue from; one before them is of an earlier seat [RES-1]. */
  starts: readonly Start[]
  /** It waited for approval here: up to these numbers events went by before it was let in [ROOM-4]. */
  waitedUntil: ReadonlyMap<Origin, number> | undefined
  /** Which connection speaks. Replaced as a whole: events that were sent keep the one they came by. */
  speaker: Speaker
  /** Its row in the store, where instances share the room. */
  key: SeatName | undefined
  /** It came from another instance, and has sent nothing from here yet. */
  moved: boolean
  state: MemberState
  link: Link
}

/** What is known of a session's seat that is not here: on another instance, or left behind by one. */
export interface Earlier {
  readonly attempt: number
  readonly since: number
  readonly starts: readonly Start[]
  readonly joinedAt: number
  readonly state: MemberState
}

/** Places that a seat began at which are kept … */
const MOST_STARTS = 8

/** … the oldest among them: a client that moves often and is told nothing meanwhile still has its first place. */
export const kept = (starts: readonly Start[]): readonly Start[] =>
  starts.length <= MOST_STARTS ? starts : [...starts.slice(0, 1), ...starts.slice(1 - MOST_STARTS)]

/**
 * Places of which a cursor must have one to continue from a seat: who waited for approval here comes back with any place
 * of that time, and of this instance alone.
 */
export const startsOf = (
  timeline: Timeline,
  seat: Pick<Seat, 'starts' | 'waitedUntil'> | Pick<Earlier, 'starts'>,
): readonly Start[] =>
  'waitedUntil' in seat && seat.waitedUntil !== undefined
    ? [{ origin: timeline.origin, seat: 0 }]
    : seat.starts

export function send(seat: Seat, framed: Framed): void {
  if (seat.link.kind === 'connected') seat.link.connection.send(framed)
}

export const isConnected = (seat: Seat): boolean => seat.link.kind === 'connected'

export const shape = (seat: Seat): Member => ({
  id: seat.id,
  role: seat.role,
  name: seat.name,
  device: seat.device,
  connected: isConnected(seat),
  joinedAt: new Date(seat.joinedAt).toISOString(),
  state: seat.state,
})

export const shapeOfRemote = (seat: RemoteSeat): Member => ({
  id: seat.id,
  role: seat.role,
  name: seat.name,
  device: seat.device,
  connected: seat.connected,
  joinedAt: new Date(seat.joinedAt).toISOString(),
  state: seat.state,
})

/** A seat as other instances are told of it. @param key its row in the store */
export const told = (seat: Seat, key: SeatName): RemoteSeat => ({
  id: seat.id,
  key,
  attempt: seat.speaker.attempt,
  since: seat.speaker.since,
  starts: [...seat.starts],
  connected: isConnected(seat),
  pending: false,
  joinedAt: seat.joinedAt,
  role: seat.role,
  name: seat.name,
  device: seat.device,
  state: seat.state,
})
