/** The phone page as one state: where the person is on the way from a code to a live camera. */
import { batch, computed, effect, signal, type ReadonlySignal } from '@preact/signals'
import type { PairingPreview } from '../../server/protocol/api.ts'
import { createApi } from '../lib/api.ts'
import type { Disposer } from '../lib/disposer.ts'
import type { Failure } from '../lib/failures.ts'
import { openSeat, type SeatRecord } from '../lib/seat.ts'
import { createWakeLock } from '../lib/wake-lock.ts'
import { createCamera, type Camera } from './camera.ts'
import { createClaimKeys } from './claim-key.ts'
import {
  claim,
  clearAddress,
  preview,
  scannedTicket,
  secretInAddress,
  showInAddress,
  typedTicket,
  type Ticket,
} from './pairing.ts'
import type { Found } from './scan/scanner.ts'
import { secureAddress, serverOrigins } from './secure-address.ts'
import type { Direction } from './direction/direction.tsx'
import { openSession } from './session.ts'
import type { PhoneStills } from './stills/stills.ts'
import { viewOf, type Phase, type View } from './view.ts'

export interface Phone {
  readonly view: ReadonlySignal<View>
  /** Name of the room that this phone belongs to, or is about to. */
  readonly roomName: ReadonlySignal<string>
  readonly camera: Camera
  /** Photos of the session that is open. */
  readonly stills: ReadonlySignal<PhoneStills | undefined>
  /** What a dashboard may direct here, once it is loaded. */
  readonly direction: ReadonlySignal<Direction | undefined>
  /** Milliseconds since the server was lost, undefined while it is there. */
  readonly lostSince: ReadonlySignal<number | undefined>
  /** False where a reload will need a new code. */
  readonly persistent: boolean
  open(): Promise<void>
  /** The one primary button: claims the code where there is one, and asks for the camera. */
  start(): void
  stop(): void
  enterCode(code: string): Promise<void>
  /** Goes on with what the scanner in the page read. */
  scanned(found: Found): Promise<void>
  /** Origins of this server besides the page's own, as far as it tells. */
  origins(): Promise<readonly string[]>
  showCode(scan?: true): void
  /** Gives up a pairing that waits for approval. */
  cancel(): void
  /** Back to the stored session after a code that did not work. */
  goBack(): void
  /** Does what the failure's button says. */
  mend(failure: Failure): void
}

const isAllowed = async (): Promise<boolean> => {
  try {
    const { state } = await navigator.permissions.query({ name: 'camera' })
    return state === 'granted'
  } catch {
    // Firefox before 131 knows no such name; the person's tap decides there.
    return false
  }
}

export const createPhone = (): Phone => {
  const api = createApi()
  const seat = openSeat('phone')
  const wakeLock = createWakeLock()
  const claimKeys = createClaimKeys()
  const stored = seat.read()
  const camera = createCamera(stored?.notes['facing'] === 'front' ? 'front' : 'back')
  const phase = signal<Phase>({ name: 'opening' })
  const roomName = signal(stored?.roomName ?? '')

  const leaveSession = () => {
    const now = phase.peek()
    if (now.name === 'session') now.session.dispose()
  }
  const become = (next: Phase) => {
    leaveSession()
    phase.value = next
  }
  const enter = (record: SeatRecord) => {
    roomName.value = record.roomName
    const session = openSession({ api, seat, record, camera })
    become({ name: 'session', session })
  }
  const takeUp = async (record: SeatRecord) => {
    // No question can come: the camera says at once that it cannot be had here, and photos can be sent.
    if (!globalThis.isSecureContext) void camera.resume()
    else if (record.notes['live'] === true) {
      // Known before the session opens, so that the dashboard is not told a wrong state first.
      if (await isAllowed()) void camera.resume()
      else camera.waitForTap()
    }
    enter(record)
  }
  /** A claim whose answer a reload lost: the same key gets it again, and the tap was made already. */
  const recover = async (ticket: Ticket): Promise<Failure | undefined> => {
    const result = await claim(api, seat, claimKeys, ticket)
    if (!result.ok) return result.failure
    clearAddress()
    seat.update({ notes: { live: true } })
    const record = seat.read()
    if (record) await takeUp(record)
    return undefined
  }
  const lookUp = async (ticket: Ticket) => {
    const result = await preview(api, ticket)
    if (!result.ok && result.failure.kind === 'pairing_code_used' && claimKeys.open) {
      const failure = await recover(ticket)
      if (failure) become({ name: 'failed', failure, again: () => void again(ticket) })
    } else if (result.ok) {
      const address = await secureAddress(api)
      roomName.value = result.value.room.name
      become({ name: 'ready', ticket, preview: result.value, ...(address === undefined ? {} : { address }) })
    } else if (ticket.how === 'typed' && result.failure.action === 'code') {
      become({ name: 'code', failure: result.failure, busy: false })
    } else become({ name: 'failed', failure: result.failure, again: () => void again(ticket) })
  }
  const again = async (ticket: Ticket) => {
    become(ticket.how === 'typed' ? { name: 'code', busy: true } : { name: 'opening' })
    await lookUp(ticket)
  }
  const pair = async (ticket: Ticket, shown: PairingPreview) => {
    become({ name: 'claiming', ticket, preview: shown })
    void camera.start()
    const result = await claim(api, seat, claimKeys, ticket)
    const record = seat.read()
    if (result.ok && record) {
      clearAddress()
      enter(record)
      return
    }
    camera.stop()
    if (result.ok) return
    if (result.failure.action === 'code') clearAddress()
    become({ name: 'failed', failure: result.failure, again: () => void pair(ticket, shown) })
  }
  const showCode = (scan?: true) => {
    camera.stop()
    clearAddress()
    become({ name: 'code', busy: false, ...(scan ? { scan } : {}) })
  }
  const goBack = () => {
    const record = seat.read()
    clearAddress()
    if (record) void takeUp(record)
    else showCode()
  }

  const view = computed(() => viewOf(phase.value, camera, seat))

  /** Ends what a closed session leaves running, and forgets a session that cannot come back. */
  const followEnd = (): Disposer =>
    effect(() => {
      const now = phase.value
      const state = now.name === 'session' ? now.session.client.state.value : undefined
      if (state?.status !== 'closed') return
      camera.stop()
      if (state.reason === 'session_invalid' || state.reason === 'kicked' || state.reason === 'room_gone')
        seat.forget()
    })
  const followName = (): Disposer =>
    effect(() => {
      const now = phase.value
      const name = now.name === 'session' ? now.session.client.room.value?.name : undefined
      if (name !== undefined) roomName.value = name
    })
  const keepAwake = (): Disposer =>
    effect(() => {
      const { status } = camera.phase.value
      if (status === 'live' || status === 'asking') wakeLock.hold()
      else if (status !== 'paused') wakeLock.release()
    })

  const lostSince = computed(() => {
    const now = phase.value
    if (now.name !== 'session') return undefined
    const state = now.session.client.state.value
    return state.status === 'reconnecting' ? state.since : undefined
  })

  const direction = computed(() => {
    const now = phase.value
    return now.name === 'session' ? now.session.direction.value : undefined
  })

  return {
    view,
    roomName,
    camera,
    stills: computed(() => (phase.value.name === 'session' ? phase.value.session.stills : undefined)),
    direction,
    lostSince,
    persistent: seat.persistent,
    async open() {
      followEnd()
      followName()
      keepAwake()
      // Scanning a second code into the same tab changes the fragment alone.
      addEventListener('hashchange', () => {
        if (secretInAddress() !== undefined) location.reload()
      })
      const secret = secretInAddress()
      if (secret !== undefined) await lookUp(scannedTicket(secret))
      else if (stored) await takeUp(stored)
      else become({ name: 'code', busy: false })
    },
    start() {
      const now = phase.peek()
      if (now.name === 'ready') void pair(now.ticket, now.preview)
      else if (now.name === 'session') void camera.start()
    },
    stop() {
      camera.stop()
      const now = phase.peek()
      if (now.name === 'claiming') become({ name: 'ready', ticket: now.ticket, preview: now.preview })
    },
    async enterCode(code) {
      become({ name: 'code', busy: true })
      await lookUp(typedTicket(code))
    },
    async scanned(found) {
      if (found.kind === 'page') {
        location.assign(found.path)
        return
      }
      showInAddress(found.secret)
      become({ name: 'opening' })
      await lookUp(scannedTicket(found.secret))
    },
    origins: () => serverOrigins(api),
    showCode,
    cancel() {
      const record = seat.read()
      seat.forget()
      showCode()
      if (record) {
        // Unanswered, the claim ends with its code.
        api
          .signOut(record.token)
          .catch((cause: unknown) => console.warn('The pairing was not given up', cause))
      }
    },
    goBack,
    mend(failure) {
      const now = phase.peek()
      if (failure.action === 'code') showCode()
      else if (failure.action === 'reload') location.reload()
      else if (failure.action === 'camera') void camera.start()
      else if (failure.action === 'use-here' && now.name === 'session') {
        batch(() => {
          void camera.start()
          now.session.client.connect()
        })
      } else if (failure.action === 'retry') {
        if (now.name === 'failed') now.again?.()
        else if (now.name === 'session') now.session.retry()
      }
    },
  }
}
