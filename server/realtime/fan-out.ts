import type { CursorText, SessionId } from '../protocol/ids.ts'
import type { LeaveReason, RoomEvent } from '../protocol/messages.ts'
import type { Member } from '../protocol/models.ts'
import type { Audience } from './log.ts'
import { send, type Seat } from './seat.ts'
import type { Framed } from './wire.ts'

/** Sends an event to those here that it is meant for; never to its sender [ROOM-4]. */
export function fanOut(
  seats: ReadonlyMap<SessionId, Seat>,
  framed: Framed,
  from: SessionId | undefined,
  audience: Audience,
): void {
  if (audience.kind === 'member') {
    const seat = seats.get(audience.id)
    if (seat !== undefined && seat.id !== from) send(seat, framed)
    return
  }
  const sender = from === undefined ? undefined : seats.get(from)
  const hostsOnly = audience.kind === 'hosts'
  for (const seat of seats.values()) {
    if (seat !== sender && (!hostsOnly || seat.role === 'host')) send(seat, framed)
  }
}

/** What a member says to one member or to all, its data as the sender wrote it. */
export interface Said {
  readonly type: 'message' | 'signal'
  readonly from: SessionId
  readonly to: SessionId | undefined
  readonly dataText: string
}

/**
 * A message or a signal with its data as its sender wrote it, without the last brace. Ids hold nothing that JSON would
 * escape; a signal names nobody, since it comes to one member alone.
 */
export function openText({ type, from, to, dataText }: Said): string {
  const named = to === undefined || type === 'signal' ? '' : `"to":"${to}",`
  return `{"type":"${type}","from":"${from}",${named}"data":${dataText}`
}

/** What others are to be told of a member, if anything. @param reason why it has left, where it has */
export function changeOf(
  id: SessionId,
  before: Member | undefined,
  after: Member | undefined,
  at: CursorText,
  reason: LeaveReason,
): RoomEvent | undefined {
  if (after === undefined)
    return before === undefined ? undefined : { type: 'member-left', at, memberId: id, reason }
  if (before === undefined) return { type: 'member-joined', at, member: after }
  const isSame = JSON.stringify(before) === JSON.stringify(after)
  return isSame ? undefined : { type: 'member-updated', at, member: after }
}
