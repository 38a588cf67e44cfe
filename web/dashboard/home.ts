import { effect, signal, untracked, type ReadonlySignal } from '@preact/signals'
import type { PairingPreview } from '../../server/protocol/api.ts'
import type { NewSession, Room } from '../../server/protocol/models.ts'
import { createApi, type Api } from '../lib/api.ts'
import type { ClosedReason } from '../lib/client-types.ts'
import { listen } from '../lib/disposer.ts'
import { randomText } from '../lib/random.ts'
import { openSeat, type Seat } from '../lib/seat.ts'
import { toast } from '../lib/ui/toast.tsx'
import { explain, type Failure } from './failure.ts'
import { openLan, type Lan } from './lan.ts'
import { openRoomDesk, type RoomDesk } from './room-desk.ts'

const FIRST_NAME = 'My room'
const RETRY_AFTER = 3_000

/** What the page is about right now. */
export type Phase =
  | { kind: 'opening'; failure?: Failure }
  /** A host's invitation was opened; `preview` is there once the server knows it. */
  | { kind: 'invited'; secret: string; preview?: PairingPreview; failure?: Failure; busy: boolean }
  | { kind: 'room'; desk: RoomDesk }
  | { kind: 'ended'; reason: ClosedReason; roomName: string; wasPending: boolean }

export interface Home {
  readonly phase: ReadonlySignal<Phase>
  readonly lan: Lan
  /** Leaves what is and starts a room of one's own. */
  startRoom: () => Promise<void>
  acceptInvitation: () => Promise<void>
  declineInvitation: () => void
  /** After another window took the session: takes it back. */
  useHere: () => void
  dispose: () => void
}

/** Opens the page: an invitation, else the stored session, else a new room without a click [MED-2]. */
export function openHome(api: Api = createApi(), seat: Seat = openSeat('dashboard')): Home {
  const phase = signal<Phase>({ kind: 'opening' })
  const lan = openLan(api)
  let desk: RoomDesk | undefined
  let stopWatching: (() => void) | undefined
  let retry: ReturnType<typeof setTimeout> | undefined

  const closeDesk = () => {
    clearTimeout(retry)
    stopWatching?.()
    desk?.dispose()
    desk = undefined
  }

  const openDesk = (token: string, roomName: string, check?: string) => {
    closeDesk()
    const opened = openRoomDesk({ api, seat, lan, token, roomName, check })
    desk = opened
    let wasLive = false
    phase.value = { kind: 'room', desk: opened }
    stopWatching = effect(() => {
      const state = opened.client.state.value
      if (state.status === 'live') wasLive = true
      if (state.status === 'closed') untracked(() => ended(opened, state.reason, wasLive))
    })
  }

  const ended = (which: RoomDesk, reason: ClosedReason, wasLive: boolean) => {
    const gone = reason === 'session_invalid' || reason === 'room_gone'
    if (gone || reason === 'kicked') seat.forget()
    if (gone && !wasLive) {
      toast('The earlier room has ended. This is a new one.')
      void startRoom()
      return
    }
    const roomName = which.roomName.value
    const wasPending = which.client.self.value?.status === 'pending'
    closeDesk()
    phase.value = { kind: 'ended', reason, roomName, wasPending }
  }

  /** Keeps a new session; the one it replaces is signed out [SPEC, section 3]. */
  const take = (session: NewSession, room: Room, check?: string) => {
    const old = seat.take(session, room)
    if (old !== undefined) {
      api
        .signOut(old)
        .catch((error: unknown) => console.warn('The earlier session stays until it expires', error))
    }
    openDesk(session.token, room.name, check)
  }

  const startRoom = async () => {
    closeDesk()
    phase.value = { kind: 'opening' }
    try {
      const { room, session } = await api.createRoom({ name: FIRST_NAME })
      take(session, room)
    } catch (error) {
      const failure = explain(error)
      phase.value = { kind: 'opening', failure }
      retry = setTimeout(() => void startRoom(), failure.retryAfterMs ?? RETRY_AFTER)
    }
  }

  const openStored = () => {
    const stored = seat.read()
    if (stored) openDesk(stored.token, stored.roomName)
    else void startRoom()
  }

  const invitation = async (secret: string) => {
    phase.value = { kind: 'invited', secret, busy: true }
    try {
      phase.value = { kind: 'invited', secret, preview: await api.preview({ secret }), busy: false }
    } catch (error) {
      phase.value = { kind: 'invited', secret, failure: explain(error), busy: false }
    }
  }

  const clearAddress = () => history.replaceState(null, '', location.pathname + location.search)
  const claimKey = randomText()

  const acceptInvitation = async () => {
    const now = phase.value
    if (now.kind !== 'invited' || now.busy) return
    phase.value = { ...now, busy: true }
    try {
      const { session, room, check } = await api.claim({ secret: now.secret, claimKey })
      clearAddress()
      take(session, room, check)
    } catch (error) {
      phase.value = { kind: 'invited', secret: now.secret, failure: explain(error), busy: false }
    }
  }

  const secret = location.hash.slice(1)
  if (secret) void invitation(secret)
  else openStored()
  // An invitation that is opened in this very tab changes the fragment alone.
  const stopListening = listen(window, 'hashchange', () => {
    if (location.hash.length > 1) location.reload()
  })

  return {
    phase,
    lan,
    startRoom,
    acceptInvitation,
    declineInvitation: () => {
      clearAddress()
      openStored()
    },
    useHere: openStored,
    dispose: () => {
      stopListening()
      closeDesk()
    },
  }
}
