/** The viewer's page as one state: from an invitation to the pictures of a room. */
import { signal, type ReadonlySignal } from '@preact/signals'
import type { PairingPreview, PreviewPairing } from '../../server/protocol/api.ts'
import { ApiError, createApi, type Api } from '../lib/api.ts'
import { listen, type Disposer } from '../lib/disposer.ts'
import { randomText } from '../lib/random.ts'
import { isGone } from '../lib/room/closed-pages.tsx'
import { explain, type Failure } from '../lib/room/explain.ts'
import { clearAddress, secretInAddress, takeSeat } from '../lib/room/take-seat.ts'
import { openWatch, type Closed, type Watch } from '../lib/room/watch.ts'
import { openSeat, type Seat } from '../lib/seat.ts'

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

export function createViewer(api: Api = createApi(), seat: Seat = openSeat('viewer')): Viewer {
  const phase = signal<Phase>({ kind: 'opening' })
  let watching: Watch | undefined

  const close = () => {
    watching?.dispose()
    watching = undefined
  }
  const become = (next: Phase) => {
    close()
    phase.value = next
  }
  const ended = (closed: Closed) => {
    if (isGone(closed.reason)) seat.forget()
    become({ kind: 'ended', closed })
  }
  const openStored = () => {
    const stored = seat.read()
    if (!stored) {
      become({ kind: 'code', busy: false })
      return
    }
    close()
    watching = openWatch({ api, seat, token: stored.token, roomName: stored.roomName, onClosed: ended })
    phase.value = { kind: 'room', watch: watching }
  }
  const lookUp = async (ticket: Ticket) => {
    const typed = 'code' in ticket.code
    become(typed ? { kind: 'code', busy: true } : { kind: 'opening' })
    try {
      const preview = await api.preview(ticket.code)
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
    }
  }
  const watch = async () => {
    const now = phase.value
    if (now.kind !== 'invited' || now.busy) return
    const { ticket, preview } = now
    phase.value = { kind: 'invited', ticket, preview, busy: true }
    try {
      takeSeat(api, seat, await api.claim({ ...ticket.code, claimKey: ticket.claimKey }))
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
    become({ kind: 'code', busy: false })
  }
  // An invitation that is opened in this very tab changes the fragment alone.
  const stopListening = listen(window, 'hashchange', () => {
    if (secretInAddress() !== undefined) location.reload()
  })

  return {
    phase,
    storedRoom: () => seat.read()?.roomName,
    open: () => {
      const secret = secretInAddress()
      if (secret === undefined) openStored()
      else void lookUp({ code: { secret }, claimKey: randomText() })
    },
    enterCode: (code) => lookUp({ code: { code }, claimKey: randomText() }),
    again: async () => {
      const now = phase.value
      if (now.kind === 'refused') await lookUp(now.ticket)
    },
    watch,
    goBack: () => {
      clearAddress()
      openStored()
    },
    leave,
    dispose: () => {
      stopListening()
      close()
    },
  }
}
