/** The viewer's page as one state: from an invitation to the pictures of a room. */
import { signal, type ReadonlySignal } from '@preact/signals'
import type { PairingPreview, PreviewPairing } from '../../server/protocol/api.ts'
import { ApiError, createApi, type Api } from '../lib/api.ts'
import { createBackoff } from '../lib/backoff.ts'
import { listen, type Disposer } from '../lib/disposer.ts'
import { randomText } from '../lib/random.ts'
import { isGone } from '../lib/room/closed-pages.tsx'
import { explain, type Failure } from '../lib/room/explain.ts'
import { openView, type View } from '../lib/room/layouts/view.ts'
import { clearAddress, takeSeat } from '../lib/room/take-seat.ts'
import { openedFragment, readFragment, type Look } from '../lib/room/wall-address.ts'
import { openWatch, type Closed, type Watch } from '../lib/room/watch.ts'
import { openSeat, type Seat } from '../lib/seat.ts'
import { linkSeat, openedSeat } from './link-seat.ts'
import { oneCamera } from './one-camera.ts'
import { reloadWhenServed, standingOf, waitForPlace } from './standing.ts'

/** A code on its way to a session. The claim key makes trying again safe (docs/SPEC.md, section 3). */
interface Ticket {
  code: PreviewPairing
  claimKey: string
}

export type Phase =
  | { kind: 'opening' }
  /** No session and no invitation: the typed code is asked for. */
  | { kind: 'code'; busy: boolean; failure?: Failure }
  | { kind: 'invited'; ticket: Ticket; preview: PairingPreview; busy: boolean; failure?: Failure }
  /** The invitation could not be looked up; `ticket` may be tried again. */
  | { kind: 'refused'; ticket: Ticket; failure: Failure }
  | { kind: 'room'; watch: Watch }
  | { kind: 'ended'; closed: Closed }

export interface Viewer {
  readonly phase: ReadonlySignal<Phase>
  readonly look: Look
  readonly view: View
  /** Name of the room whose session this browser holds, which an invitation would replace. */
  readonly storedRoom: () => string | undefined
  open: () => void
  /** Looks up a typed code. */
  enterCode: (code: string) => Promise<void>
  /** Looks the invitation up once more. */
  again: () => Promise<void>
  /** Uses the invitation up. */
  watch: () => Promise<void>
  /** Back to the stored session where there is one, else to the typed code. */
  goBack: () => void
  /** Takes the session that another place has. */
  useHere: () => void
  /** Gives the session up for good. */
  leave: () => Promise<void>
  dispose: Disposer
}

/** A refusal that another code mends, not another try. */
const needsCode = (error: unknown) =>
  error instanceof ApiError &&
  (error.code === 'pairing_code_invalid' ||
    error.code === 'pairing_code_used' ||
    error.code === 'invalid_request')

const WRONG_CODE: Failure = {
  title: 'This code is not for a viewer',
  advice: 'Ask for the one under Invite, Viewer.',
}

/** Kept of a code with its session: enough to know it again, and too little to guess it by. */
const START_OF_CODE = 'code'
const startOf = (secret: string) => secret.slice(0, 8)

/** Nobody knows the name of a room whose session is gone from this browser. */
const GONE: Closed = { reason: 'session_invalid', roomName: 'this room', wasLive: false, wasPending: false }

export function createViewer(look: Look, api: Api = createApi()): Viewer {
  const phase = signal<Phase>({ kind: 'opening' })
  const own = openSeat('viewer')
  /** The own one, or that of the link that was opened. */
  let seat: Seat = own
  let watching: Watch | undefined
  /** What a page that nobody tends does meanwhile by itself. */
  let standing: Disposer | undefined
  /** A link's session was counted on elsewhere, so that counts say nothing any more. */
  let uncounted = false
  const choose = look.camera === undefined ? undefined : oneCamera(look.camera)
  const backoff = createBackoff({ firstMs: 1_000, capMs: 30_000 })

  const close = () => {
    standing?.()
    standing = undefined
    watching?.dispose()
    watching = undefined
  }
  const become = (next: Phase) => {
    close()
    phase.value = next
  }
  const ended = (closed: Closed) => {
    if (isGone(closed.reason)) seat.forget()
    const stored = seat.read()
    if (closed.reason === 'connected_elsewhere' && seat !== own) uncounted = true
    become({ kind: 'ended', closed })
    if (!look.clean) return
    const next = standingOf(closed.reason)
    if (next === 'reload') standing = reloadWhenServed()
    else if (next === 'wait' && stored) standing = waitForPlace(api, stored.token, openStored)
  }
  const openStored = () => {
    const stored = seat.read()
    if (!stored) {
      become({ kind: 'code', busy: false })
      return
    }
    close()
    const { token, roomName } = stored
    watching = openWatch({ api, seat, token, roomName, onClosed: ended, choose, uncounted })
    phase.value = { kind: 'room', watch: watching }
  }
  const lookUp = async (ticket: Ticket) => {
    const typed = 'code' in ticket.code
    become(typed ? { kind: 'code', busy: true } : { kind: 'opening' })
    try {
      const preview = await api.preview(ticket.code)
      backoff.reset()
      if (preview.role === 'viewer') become({ kind: 'invited', ticket, preview, busy: false })
      else if (typed) become({ kind: 'code', busy: false, failure: WRONG_CODE })
      else become({ kind: 'refused', ticket, failure: WRONG_CODE })
    } catch (error) {
      const failure =
        typed && needsCode(error)
          ? {
              title: 'That code does not work',
              advice: 'Check it on the dashboard: each works once, for two minutes.',
            }
          : explain(error)
      become(typed ? { kind: 'code', busy: false, failure } : { kind: 'refused', ticket, failure })
      if (!look.clean || needsCode(error)) return
      const timer = setTimeout(() => void lookUp(ticket), backoff.next())
      standing = () => clearTimeout(timer)
    }
  }
  const watch = async () => {
    const now = phase.value
    if (now.kind !== 'invited' || now.busy) return
    const { ticket, preview } = now
    phase.value = { kind: 'invited', ticket, preview, busy: true }
    try {
      takeSeat(api, seat, await api.claim({ ...ticket.code, claimKey: ticket.claimKey }))
      if ('secret' in ticket.code) seat.update({ notes: { [START_OF_CODE]: startOf(ticket.code.secret) } })
      clearAddress()
      openStored()
    } catch (error) {
      const failure = explain(error)
      if (needsCode(error)) become({ kind: 'refused', ticket, failure })
      else phase.value = { kind: 'invited', ticket, preview, busy: false, failure }
    }
  }
  const leave = async () => {
    const stored = seat.read()
    if (stored) {
      try {
        await api.signOut(stored.token)
      } catch (error) {
        // Signed out already is as good.
        if (!(error instanceof ApiError) || error.status !== 401) throw error
      }
    }
    seat.forget()
    seat = own
    clearAddress()
    become({ kind: 'code', busy: false })
  }
  const open = () => {
    const fragment = readFragment(location.hash)
    switch (fragment.kind) {
      case 'none':
        openStored()
        break
      case 'secret':
        // What opens the same address again and again is let in by the session that its code became.
        if (own.read()?.notes[START_OF_CODE] === startOf(fragment.secret)) {
          clearAddress()
          openStored()
        } else void lookUp({ code: { secret: fragment.secret }, claimKey: randomText() })
        break
      case 'token':
        seat = linkSeat(fragment.token, fragment.id)
        // Stored: from here on the address needs no secret, and a reload or a bookmark still finds the session.
        history.replaceState(
          history.state,
          '',
          location.pathname + location.search + openedFragment(fragment.id),
        )
        openStored()
        break
      case 'opened':
        seat = openedSeat(fragment.id)
        if (seat.read()) openStored()
        else become({ kind: 'ended', closed: GONE })
        break
    }
  }
  // An invitation that is opened in this very tab changes the fragment alone.
  const stopListening = listen(window, 'hashchange', () => {
    if (readFragment(location.hash).kind !== 'none') location.reload()
  })

  return {
    phase,
    look,
    view: openView({ layout: look.layout, details: look.stats }),
    storedRoom: () => own.read()?.roomName,
    open,
    enterCode: (code) => lookUp({ code: { code }, claimKey: randomText() }),
    again: async () => {
      const now = phase.value
      if (now.kind === 'refused') await lookUp(now.ticket)
    },
    watch,
    goBack: () => {
      seat = own
      clearAddress()
      openStored()
    },
    useHere: openStored,
    leave,
    dispose: () => {
      stopListening()
      close()
    },
  }
}
