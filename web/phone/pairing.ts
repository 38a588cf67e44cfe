/** From a scanned or typed code to a session. */
import type { Paired, PairingPreview, PreviewPairing } from '../../server/protocol/api.ts'
import { ApiError, type Api } from '../lib/api.ts'
import { pairingFailure, type Failure } from '../lib/failures.ts'
import type { Seat } from '../lib/seat.ts'
import type { ClaimKeys } from './claim-key.ts'

/** A code on its way to a session. */
export interface Ticket {
  readonly how: 'scanned' | 'typed'
  readonly code: PreviewPairing
}

export const scannedTicket = (secret: string): Ticket => ({ how: 'scanned', code: { secret } })
export const typedTicket = (code: string): Ticket => ({ how: 'typed', code: { code } })

/** The secret that the scanned address carries, or undefined. */
export const secretInAddress = (): string | undefined => {
  const secret = location.hash.slice(1)
  return secret === '' ? undefined : secret
}

/** Puts a secret there that was scanned in the page, so that a reload finds it as after the camera app. */
export const showInAddress = (secret: string): void =>
  history.replaceState(history.state, '', `${location.pathname}${location.search}#${secret}`)

/** Takes the secret out of the address bar, and out of the history with it. */
export const clearAddress = (): void =>
  history.replaceState(history.state, '', location.pathname + location.search)

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure }

const outcome = async <T>(ticket: Ticket, work: Promise<T>): Promise<Outcome<T>> => {
  try {
    return { ok: true, value: await work }
  } catch (cause) {
    if (!(cause instanceof ApiError)) console.error(cause)
    return { ok: false, failure: pairingFailure(cause, ticket.how) }
  }
}

const WRONG_ROLE: Failure = {
  stage: 'pairing',
  kind: 'wrong-role',
  title: 'This code is not for a camera',
  mend: 'Use the code that the dashboard shows for cameras.',
  action: 'code',
  label: 'Enter a code',
}

/** Says whose dashboard the code pairs with; uses nothing up. */
export const preview = async (api: Api, ticket: Ticket): Promise<Outcome<PairingPreview>> => {
  const result = await outcome(ticket, api.preview(ticket.code))
  return result.ok && result.value.role !== 'camera' ? { ok: false, failure: WRONG_ROLE } : result
}

/** Uses the code up, stores the session and signs the replaced one out. */
export const claim = async (
  api: Api,
  seat: Seat,
  keys: ClaimKeys,
  ticket: Ticket,
): Promise<Outcome<Paired>> => {
  const claimKey = await keys.keyOf(ticket.code)
  const result = await outcome(ticket, api.claim({ ...ticket.code, claimKey }))
  if (!result.ok) {
    // Of the other failures nobody knows whether the code was used up: the same key is tried again.
    if (result.failure.action === 'code') keys.answered()
    return result
  }
  const { session, room, check } = result.value
  const replaced = seat.take(session, room)
  if (check !== undefined) seat.update({ notes: { check } })
  keys.answered()
  if (replaced !== undefined) {
    // The old session ends by itself in a week; its room merely shows it as absent until then.
    api
      .signOut(replaced)
      .catch((cause: unknown) => console.warn('The earlier session was not signed out', cause))
  }
  return result
}
