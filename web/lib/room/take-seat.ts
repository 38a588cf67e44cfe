import type { NewSession, Room } from '../../../server/protocol/models.ts'
import type { Api } from '../api.ts'
import type { Seat } from '../seat.ts'
import { CHECK_NOTE } from './watch.ts'

/** Keeps a new session for this page, and signs out the one it replaces (docs/SPEC.md, section 3). */
export function takeSeat(
  api: Api,
  seat: Seat,
  {
    session,
    room,
    check,
  }: {
    session: NewSession
    room: Room
    check?: string
  },
): void {
  const old = seat.take(session, room)
  if (check !== undefined) seat.update({ notes: { [CHECK_NOTE]: check } })
  if (old === undefined) return
  api
    .signOut(old)
    .catch((error: unknown) => console.warn('The earlier session stays until it expires', error))
}

/** The secret that an invitation's address carries. */
export const secretInAddress = (): string | undefined => location.hash.slice(1) || undefined

/** Takes the secret out of the address bar, and out of the history with it. */
export const clearAddress = (): void =>
  history.replaceState(history.state, '', location.pathname + location.search)
