/** The phone page as one state: where the person is on the way from a code to a live camera. */
import { batch, computed, effect, signal, type ReadonlySignal } from '@preact/signals'
import type { PairingPreview } from '../../server/protocol/api.ts'
import { createApi } from '../lib/api.ts'
import { thisBrowser } from '../lib/browser.ts'
import type { Disposer } from '../lib/disposer.ts'
import { cameraFailure, closedFailure, pictureFailure, type Failure } from '../lib/failures.ts'
import { openSeat, type SeatRecord } from '../lib/seat.ts'
import { createWakeLock } from '../lib/wake-lock.ts'
import { createCamera, type Camera } from './camera.ts'
import {
  claim,
  clearAddress,
  preview,
  scannedTicket,
  secretInAddress,
  typedTicket,
  type Ticket,
} from './pairing.ts'
import { secureAddress } from './secure-address.ts'
import { openSession, type PhoneSession } from './session.ts'

/** What lasts a moment after the tap, in its order. */
export type Stage = 'pairing' | 'asking' | 'connecting' | 'waiting' | 'paused' | 'live'

export type View =
  /** The code is being looked up. */
  | { readonly name: 'opening' }
  /** No session and no scanned code: the typed one is asked for. */
  | { readonly name: 'code'; readonly failure?: Failure; readonly busy: boolean }
  | { readonly name: 'ready'; readonly preview: PairingPreview }
  | { readonly name: 'insecure'; readonly preview: PairingPreview; readonly address: string }
  /** Waits for a host to type this number. */
  | { readonly name: 'check'; readonly check: string }
  | { readonly name: 'resume' | 'stopped' }
  | { readonly name: 'camera'; readonly stage: Stage; readonly watching: number; readonly trouble?: Failure }
  | { readonly name: 'failed'; readonly failure: Failure; readonly back: boolean }

type Phase =
  | { readonly name: 'opening' }
  | { readonly name: 'code'; readonly failure?: Failure; readonly busy: boolean }
  | {
      readonly name: 'ready' | 'claiming'
      readonly ticket: Ticket
      readonly preview: PairingPreview
      readonly address?: string
    }
  | { readonly name: 'session'; readonly session: PhoneSession }
  | { readonly name: 'failed'; readonly failure: Failure; readonly again?: () => void }

export interface Phone {
  readonly view: ReadonlySignal<View>
  /** Name of the room that this phone belongs to, or is about to. */
  readonly roomName: ReadonlySignal<string>
  readonly camera: Camera
  /** Milliseconds since the server was lost, undefined while it is there. */
  readonly lostSince: ReadonlySignal<number | undefined>
  /** False where a reload will need a new code. */
  readonly persistent: boolean
  open(): Promise<void>
  /** The one primary button: claims the code where there is one, and asks for the camera. */
  start(): void
  stop(): void
  enterCode(code: string): Promise<void>
  showCode(): void
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
    if (record.notes['live'] === true) {
      // Known before the session opens, so that the dashboard is not told a wrong state first.
      if (await isAllowed()) void camera.resume()
      else camera.waitForTap()
    }
    enter(record)
  }
  const lookUp = async (ticket: Ticket) => {
    const result = await preview(api, ticket)
    if (result.ok) {
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
    const result = await claim(api, seat, ticket)
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
  const showCode = () => {
    camera.stop()
    clearAddress()
    become({ name: 'code', busy: false })
  }
  const goBack = () => {
    const record = seat.read()
    clearAddress()
    if (record) void takeUp(record)
    else showCode()
  }

  const view = computed((): View => {
    const now = phase.value
    switch (now.name) {
      case 'opening':
      case 'code':
        return now
      case 'ready':
        return now.address === undefined
          ? { name: 'ready', preview: now.preview }
          : { name: 'insecure', preview: now.preview, address: now.address }
      case 'claiming':
        return { name: 'camera', stage: 'pairing', watching: 0 }
      case 'failed':
        return { name: 'failed', failure: now.failure, back: seat.read() !== undefined }
      case 'session':
        return sessionView(now.session)
      default:
        return now satisfies never
    }
  })
  const sessionView = ({ client, audience }: PhoneSession): View => {
    const { watching, watchers, blocked } = audience
    const state = client.state.value
    const pending = client.self.value?.status === 'pending'
    if (state.status === 'closed') {
      return { name: 'failed', failure: closedFailure(state.reason, pending), back: false }
    }
    const check = seat.read()?.notes['check']
    if (pending) return { name: 'check', check: typeof check === 'string' ? check : '' }
    const shown = camera.phase.value
    switch (shown.status) {
      case 'off':
        return { name: 'stopped' }
      case 'needs-tap':
        return { name: 'resume' }
      case 'asking':
      case 'paused':
        return { name: 'camera', stage: shown.status, watching: watching.value }
      case 'live': {
        if (watching.value > 0) return { name: 'camera', stage: 'live', watching: watching.value }
        const trouble = blocked.value ? { trouble: pictureFailure('path') } : {}
        const waiting = client.active.value && watchers.value === 0
        return { name: 'camera', stage: waiting ? 'waiting' : 'connecting', watching: 0, ...trouble }
      }
      default:
        return { name: 'failed', failure: cameraFailure(shown.status, thisBrowser()), back: false }
    }
  }

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

  return {
    view,
    roomName,
    camera,
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
