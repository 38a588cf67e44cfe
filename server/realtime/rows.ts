import { isRevoked, readSession, type SessionRecord } from '../domain/records.ts'
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

/**
 * Rows of other instances, by what they are: who holds seats, with those of sessions that are known; seats that were left
 * behind; and those that are held though their session was revoked.
 */
export function sorted(
  seats: readonly StoredSeat[],
  sessions: ReadonlyMap<SessionId, string>,
  warn: (what: string) => void,
): {
  readonly held: ReadonlyMap<InstanceId, readonly RemoteSeat[]>
  readonly left: readonly { readonly stored: StoredSeat; readonly remote: RemoteSeat | undefined }[]
  readonly revoked: readonly StoredSeat[]
} {
  const held = new Map<InstanceId, RemoteSeat[]>()
  const left = []
  const revoked: StoredSeat[] = []
  for (const stored of seats) {
    const text = sessions.get(stored.member)
    const record = readSession(text, warn)
    const remote = record && remoteOf(stored, record)
    if (stored.lost !== undefined) {
      left.push({ stored, remote })
      continue
    }
    const known = held.get(stored.instance) ?? []
    held.set(stored.instance, remote === undefined ? known : [...known, remote])
    if (record === undefined && isRevoked(text)) revoked.push(stored)
  }
  return { held, left, revoked }
}
