import { readSession, type SessionRecord } from '../domain/records.ts'
import type { InstanceId, SessionId } from '../protocol/ids.ts'
import type { SeatName, SeatRow, StoredSeat } from '../domain/shared-rooms.ts'
import type { Origin } from './cursor.ts'
import type { RemoteSeat } from './letters.ts'
import type { Waiting } from './entering.ts'
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

/** Another instance's seat as its row in the store. */
export const rowOfRemote = (seat: RemoteSeat): SeatRow => ({
  v: 1,
  attempt: seat.attempt,
  since: seat.since,
  starts: [...seat.starts],
  joinedAt: seat.joinedAt,
})

/** A row in the store as the seat of another instance. */
const remoteOf = (stored: StoredSeat, record: SessionRecord): RemoteSeat => ({
  id: stored.member,
  key: stored.key,
  attempt: stored.attempt,
  since: stored.since,
  starts: stored.starts.map(({ origin, seat }) => ({ origin: origin as Origin, seat })),
  // Until its instance says otherwise: it may be gone.
  connected: false,
  pending: stored.pending === true && record.status === 'pending',
  joinedAt: stored.joinedAt,
  role: record.role,
  name: record.name,
  device: record.device,
  state: {},
})

/** Rows of other instances, by what they are: seats that are held, that were left behind, and whose session has ended. */
export function sorted(
  seats: readonly StoredSeat[],
  sessions: ReadonlyMap<SessionId, string>,
  warn: (what: string) => void,
): {
  readonly held: ReadonlyMap<InstanceId, readonly RemoteSeat[]>
  readonly left: readonly { readonly stored: StoredSeat; readonly remote: RemoteSeat | undefined }[]
  readonly ended: readonly SeatName[]
} {
  const held = new Map<InstanceId, RemoteSeat[]>()
  const left = []
  const ended: SeatName[] = []
  for (const stored of seats) {
    const record = readSession(sessions.get(stored.member), warn)
    const remote = record && remoteOf(stored, record)
    if (stored.lost !== undefined) left.push({ stored, remote })
    else if (remote === undefined) ended.push(stored.key)
    else held.set(stored.instance, [...(held.get(stored.instance) ?? []), remote])
  }
  return { held, left, ended }
}
