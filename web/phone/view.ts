/** The states of the phone page: what it goes through (`Phase`), and what the person sees of it (`View`). */
import type { PairingPreview } from '../../server/protocol/api.ts'
import { thisBrowser } from '../lib/browser.ts'
import { cameraFailure, closedFailure, pictureFailure, type Failure } from '../lib/failures.ts'
import type { Via } from '../lib/relay/reasons.ts'
import type { Seat } from '../lib/seat.ts'
import type { Camera } from './camera.ts'
import type { Ticket } from './pairing.ts'
import type { PhoneSession } from './session.ts'

/** What lasts a moment after the tap, in its order. */
export type Stage =
  | 'pairing'
  | 'asking'
  | 'connecting'
  | 'waiting'
  | 'paused'
  | 'interrupted'
  | 'covered'
  | 'live'

/** No session and no code yet: it is typed, or scanned here. */
export interface CodeWanted {
  readonly name: 'code'
  readonly failure?: Failure
  readonly busy: boolean
  /** The scanner was asked for. */
  readonly scan?: true
}

export type View =
  /** The code is being looked up. */
  | { readonly name: 'opening' }
  | CodeWanted
  | { readonly name: 'ready'; readonly preview: PairingPreview }
  /** No live video on this page; the address of its secure twin, where the server has one. */
  | { readonly name: 'insecure'; readonly preview: PairingPreview; readonly address?: string }
  /** Paired, and photos are all that this page can send. */
  | { readonly name: 'photos' }
  /** Waits for a host to type this number. */
  | { readonly name: 'check'; readonly check: string }
  | { readonly name: 'resume' | 'stopped' }
  | {
      readonly name: 'camera'
      readonly stage: Stage
      readonly watching: number
      /** Why the picture does not go directly, to one of those who watch at least. */
      readonly via?: Via
      readonly trouble?: Failure
    }
  | {
      readonly name: 'failed'
      readonly failure: Failure
      readonly back: boolean
      /** Photos can be sent all the same. */
      readonly photos?: true
    }

export type Phase =
  | { readonly name: 'opening' }
  | CodeWanted
  | {
      readonly name: 'ready' | 'claiming'
      readonly ticket: Ticket
      readonly preview: PairingPreview
      readonly address?: string
    }
  | { readonly name: 'session'; readonly session: PhoneSession }
  | { readonly name: 'failed'; readonly failure: Failure; readonly again?: () => void }

const sessionView = ({ client, audience, covered }: PhoneSession, camera: Camera, seat: Seat): View => {
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
      return { name: 'camera', stage: 'asking', watching: watching.value }
    case 'paused': {
      const stage = shown.why === 'interrupted' ? 'interrupted' : 'paused'
      return { name: 'camera', stage, watching: watching.value }
    }
    case 'live': {
      if (covered.value) return { name: 'camera', stage: 'covered', watching: 0 }
      if (watching.value > 0) {
        const via = audience.via.value
        return {
          name: 'camera',
          stage: 'live',
          watching: watching.value,
          ...(via === undefined ? {} : { via }),
        }
      }
      const trouble = blocked.value ? { trouble: pictureFailure('path') } : {}
      const waiting = client.active.value && watchers.value === 0
      return { name: 'camera', stage: waiting ? 'waiting' : 'connecting', watching: 0, ...trouble }
    }
    case 'insecure':
      return { name: 'photos' }
    default:
      return {
        name: 'failed',
        failure: cameraFailure(shown.status, thisBrowser()),
        back: false,
        photos: true,
      }
  }
}

/** What the page shows in this phase. Reads signals: to be called in a computed one. */
export const viewOf = (now: Phase, camera: Camera, seat: Seat): View => {
  switch (now.name) {
    case 'opening':
    case 'code':
      return now
    case 'ready':
      return globalThis.isSecureContext
        ? { name: 'ready', preview: now.preview }
        : {
            name: 'insecure',
            preview: now.preview,
            ...(now.address === undefined ? {} : { address: now.address }),
          }
    case 'claiming':
      return { name: 'camera', stage: 'pairing', watching: 0 }
    case 'failed':
      return { name: 'failed', failure: now.failure, back: seat.read() !== undefined }
    case 'session':
      return sessionView(now.session, camera, seat)
    default:
      return now satisfies never
  }
}
