import { signal, type ReadonlySignal } from '@preact/signals'
import type { PairingPreview, PreviewPairing } from '../../server/protocol/api.ts'
import { createApi, type Api } from '../lib/api.ts'
import { listen } from '../lib/disposer.ts'
import { randomText } from '../lib/random.ts'
import { isGone } from '../lib/room/closed-pages.tsx'
import { explain, type Failure } from '../lib/room/explain.ts'
import { openView, type View } from '../lib/room/layouts/view.ts'
import { clearAddress, secretInAddress, takeSeat } from '../lib/room/take-seat.ts'
import type { Closed } from '../lib/room/watch.ts'
import { openSeat, type Seat } from '../lib/seat.ts'
import { toast } from '../lib/ui/toast.tsx'
import { openLan, type Lan } from './lan.ts'
import { openRoomDesk, type RoomDesk } from './room-desk.ts'
import type { Photos } from './stills/desk.ts'

const FIRST_NAME = 'My room'
const RETRY_AFTER = 3_000

/** What the page is about right now. */
export type Phase =
  | { kind: 'opening'; failure?: Failure }
  /** A host's invitation was opened; `preview` is there once the server knows it. */
  | {
      kind: 'invited'
      code: PreviewPairing
      claimKey: string
      preview?: PairingPreview
      failure?: Failure
      busy: boolean
    }
  | { kind: 'room'; desk: RoomDesk }
  /** `photos` are those of a room that is over. */
  | { kind: 'ended'; closed: Closed; photos?: Photos }

export interface Home {
  readonly phase: ReadonlySignal<Phase>
  readonly lan: Lan
  readonly view: View
  /** Name of the room whose session this browser holds, which an invitation would replace. */
  readonly storedRoom: () => string | undefined
  /** Leaves what is and starts a room of one's own. */
  startRoom: () => Promise<void>
  /** Looks an invitation up: that of the address, or one that was typed. */
  openInvitation: (code: PreviewPairing) => Promise<void>
  acceptInvitation: () => Promise<void>
  declineInvitation: () => void
  /** Takes the stored session up in this window. */
  useHere: () => void
  dispose: () => void
}

/** Opens the page: an invitation, else the stored session, else a new room without a click [MED-2]. */
export function openHome(api: Api = createApi(), seat: Seat = openSeat('dashboard')): Home {
  const phase = signal<Phase>({ kind: 'opening' })
  const lan = openLan(api)
  const view = openView()
  let desk: RoomDesk | undefined
  /** Of the room before. */
  let photos: Photos | undefined
  let retry: ReturnType<typeof setTimeout> | undefined

  const closeDesk = () => {
    clearTimeout(retry)
    desk?.dispose()
    desk = undefined
    photos?.dispose()
    photos = undefined
  }

  const openDesk = () => {
    closeDesk()
    const stored = seat.read()
    if (!stored) {
      void startRoom()
      return
    }
    const { token, id, roomName } = stored
    desk = openRoomDesk({ api, seat, lan, token, id, roomName, onClosed: ended })
    phase.value = { kind: 'room', desk }
  }

  /** The session is over, and what cameras sent is still here. */
  const gone = async (closed: Closed) => {
    seat.forget()
    const left = desk?.leave()
    desk = undefined
    photos = left
    if (closed.reason !== 'kicked' && !closed.wasLive && !closed.wasPending) {
      phase.value = { kind: 'opening' }
      await left?.ready
      if (photos !== left) return
      if (!left?.photos.peek().length) {
        toast('The earlier room has ended. This is a new one.')
        await startRoom()
        return
      }
    }
    phase.value = { kind: 'ended', closed, ...(left === undefined ? {} : { photos: left }) }
  }

  const ended = (closed: Closed) => {
    if (isGone(closed.reason)) {
      void gone(closed)
      return
    }
    closeDesk()
    phase.value = { kind: 'ended', closed }
  }

  const startRoom = async () => {
    closeDesk()
    phase.value = { kind: 'opening' }
    try {
      takeSeat(api, seat, await api.createRoom({ name: FIRST_NAME }))
      openDesk()
    } catch (error) {
      const failure = explain(error)
      phase.value = { kind: 'opening', failure }
      retry = setTimeout(() => void startRoom(), failure.retryAfterMs ?? RETRY_AFTER)
    }
  }

  const openInvitation = async (code: PreviewPairing) => {
    closeDesk()
    // Made once, so that trying again after a lost answer gives the same session.
    const invited = { kind: 'invited', code, claimKey: randomText() } as const
    phase.value = { ...invited, busy: true }
    try {
      phase.value = { ...invited, preview: await api.preview(code), busy: false }
    } catch (error) {
      phase.value = { ...invited, failure: explain(error), busy: false }
    }
  }

  const acceptInvitation = async () => {
    const now = phase.value
    if (now.kind !== 'invited' || now.busy) return
    const { failure: _, ...invited } = now
    phase.value = { ...invited, busy: true }
    try {
      takeSeat(api, seat, await api.claim({ ...now.code, claimKey: now.claimKey }))
      clearAddress()
      openDesk()
    } catch (error) {
      phase.value = { ...invited, failure: explain(error), busy: false }
    }
  }

  const secret = secretInAddress()
  if (secret !== undefined) void openInvitation({ secret })
  else openDesk()
  // An invitation that is opened in this very tab changes the fragment alone.
  const stopListening = listen(window, 'hashchange', () => {
    if (secretInAddress() !== undefined) location.reload()
  })

  return {
    phase,
    lan,
    view,
    storedRoom: () => seat.read()?.roomName,
    startRoom,
    openInvitation,
    acceptInvitation,
    declineInvitation: () => {
      clearAddress()
      openDesk()
    },
    useHere: openDesk,
    dispose: () => {
      stopListening()
      closeDesk()
    },
  }
}
