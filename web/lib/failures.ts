/** What went wrong, in words that a person can act on: where it happened, what it is, what mends it [MED-5]. */
import { ApiError } from './api.ts'
import type { Browser } from './browser.ts'
import type { CameraStatus } from './camera-state.ts'
import type { ClosedReason } from './client-types.ts'
import type { FeedStage } from './feed.ts'

/** Where it happened: pairing, the camera itself, the way between the devices, or the session. */
export type FailureStage = 'pairing' | 'camera' | 'connecting' | 'session'

/** What the button beside the words does; `none` where only the person can act. */
export type Mend = 'retry' | 'camera' | 'code' | 'use-here' | 'reload' | 'none'

export interface Failure {
  readonly stage: FailureStage
  /** Stable name, for tests and styles. */
  readonly kind: string
  readonly title: string
  /** What to do, in one or two sentences. */
  readonly mend: string
  readonly action: Mend
  /** Label of the button; none for `none`. */
  readonly label?: string
}

const RETRY = { action: 'retry', label: 'Try again' } as const
const CODE = { action: 'code', label: 'Enter a code' } as const
const CAMERA = { action: 'camera', label: 'Try again' } as const

const permissionPlace = ({ name, os }: Browser): string => {
  if (os === 'iOS' && name === 'Safari')
    return 'Tap the page menu beside the address, then Website Settings, and set Camera to Allow.'
  if (os === 'iOS') return `Open the Settings app, tap Apps, then ${name}, and turn Camera on.`
  if (os === 'Android' && name === 'Firefox')
    return 'Tap the lock beside the address, then Edit permissions, and allow Camera.'
  if (os === 'Android')
    return `Tap the icon beside the address in ${name}, then Permissions, and allow Camera.`
  return name === 'this browser'
    ? 'Open the settings of this page in your browser and allow the camera.'
    : `Click the icon beside the address in ${name} and allow the camera.`
}

/** The member state that a refused camera is reported with. */
export type CameraFault = Extract<CameraStatus, 'denied' | 'missing' | 'in-use' | 'insecure' | 'error'>

/** Sorts an error of getUserMedia (W3C mediacapture-streams, section 10.2). */
export const cameraFault = (cause: unknown): CameraFault => {
  const name = cause instanceof Error ? cause.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing'
  if (name === 'NotReadableError' || name === 'AbortError') return 'in-use'
  return 'error'
}

/** Words for a camera that did not start. */
export const cameraFailure = (fault: CameraFault, browser: Browser): Failure => {
  const stage = 'camera'
  switch (fault) {
    case 'denied':
      return {
        stage,
        kind: fault,
        title: 'The camera is not allowed',
        mend: `${permissionPlace(browser)} Then try again.`,
        ...CAMERA,
      }
    case 'missing':
      return {
        stage,
        kind: fault,
        title: 'No camera found',
        mend: 'Connect a camera, or use a device that has one.',
        ...CAMERA,
      }
    case 'in-use':
      return {
        stage,
        kind: fault,
        title: 'The camera is busy',
        mend: 'Close other apps and tabs that use the camera, a call for example, then try again.',
        ...CAMERA,
      }
    case 'insecure':
      return {
        stage,
        kind: fault,
        title: 'This address cannot use the camera',
        mend: 'Browsers allow the camera on secure pages only. Open the address that starts with https.',
        action: 'none',
      }
    case 'error':
      return {
        stage,
        kind: fault,
        title: 'The camera did not start',
        mend: 'Try again. If it fails again, restart the browser.',
        ...CAMERA,
      }
    default:
      return fault satisfies never
  }
}

const waitWords = (ms: number | undefined): string => {
  if (ms === undefined) return 'Wait two minutes'
  const seconds = Math.ceil(ms / 1_000)
  return seconds < 60 ? `Wait ${seconds} seconds` : `Wait ${Math.ceil(seconds / 60)} minutes`
}

/** Words for a preview or a claim that was refused. Anything but an `ApiError` is a fault of the page itself. */
export const pairingFailure = (cause: unknown, how: 'scanned' | 'typed' = 'scanned'): Failure => {
  const stage = 'pairing'
  const again =
    how === 'scanned'
      ? 'Scan the code that the dashboard shows now.'
      : 'Check the code on the dashboard and enter it again.'
  if (!(cause instanceof ApiError)) {
    return {
      stage,
      kind: 'page',
      title: 'Something went wrong here',
      mend: 'Load the page again.',
      action: 'reload',
      label: 'Reload',
    }
  }
  switch (cause.code) {
    case 'unreachable':
      return {
        stage,
        kind: cause.code,
        title: 'The server does not answer',
        mend: 'Check that this device is online and, at home, on the same network as the dashboard.',
        ...RETRY,
      }
    case 'pairing_code_invalid':
      return how === 'scanned'
        ? {
            stage,
            kind: cause.code,
            title: 'This code has run out',
            mend: `Codes last two minutes. ${again}`,
            ...CODE,
          }
        : {
            stage,
            kind: cause.code,
            title: 'That code does not work',
            mend: `It may have changed. ${again}`,
            ...CODE,
          }
    case 'pairing_code_used':
      return {
        stage,
        kind: cause.code,
        title: 'This code was used already',
        mend: `Each code pairs one device. ${again}`,
        ...CODE,
      }
    case 'room_full':
      return {
        stage,
        kind: cause.code,
        title: 'The room is full',
        mend: 'Remove a device on the dashboard, then try again.',
        ...RETRY,
      }
    case 'room_locked':
      return {
        stage,
        kind: cause.code,
        title: 'The room is locked',
        mend: 'Unlock it on the dashboard, then try again.',
        ...RETRY,
      }
    case 'rate_limited':
      return {
        stage,
        kind: cause.code,
        title: 'Too many tries',
        mend: `${waitWords(cause.retryAfterMs)}, then try again.`,
        ...RETRY,
      }
    case 'store_unavailable':
    case 'draining':
    case 'internal_error':
    case 'bad_answer':
      return {
        stage,
        kind: cause.code,
        title: 'The server is busy',
        mend: 'Wait a moment, then try again.',
        ...RETRY,
      }
    default:
      return { stage, kind: cause.code, title: 'This code cannot be read', mend: again, ...CODE }
  }
}

/** Words for a connection that is over. `pending`: the device still waited for a host's approval. */
export const closedFailure = (reason: ClosedReason, pending = false): Failure => {
  const stage = pending ? 'pairing' : 'session'
  switch (reason) {
    case 'session_invalid':
      return pending
        ? {
            stage,
            kind: 'expired',
            title: 'Nobody approved in time',
            mend: 'Get a new code from the dashboard.',
            ...CODE,
          }
        : {
            stage,
            kind: reason,
            title: 'This pairing has ended',
            mend: 'Scan the code on the dashboard to pair again.',
            ...CODE,
          }
    case 'kicked':
      return pending
        ? {
            stage,
            kind: 'denied',
            title: 'The dashboard declined',
            mend: 'Get a new code from the dashboard and check the two digits.',
            ...CODE,
          }
        : {
            stage,
            kind: reason,
            title: 'The dashboard removed this device',
            mend: 'Scan the code on the dashboard to pair again.',
            ...CODE,
          }
    case 'room_gone':
      return {
        stage,
        kind: reason,
        title: 'The room was closed',
        mend: 'Scan the code of another dashboard to pair again.',
        ...CODE,
      }
    case 'connected_elsewhere':
      return {
        stage,
        kind: reason,
        title: 'Open in another tab',
        mend: 'This pairing is in use in another tab or window.',
        action: 'use-here',
        label: 'Use here',
      }
    case 'left':
      return {
        stage,
        kind: reason,
        title: 'You left the room',
        mend: 'Come back with one tap.',
        action: 'use-here',
        label: 'Come back',
      }
    case 'protocol':
    case 'invalid_message':
      return {
        stage,
        kind: reason,
        title: 'This page is out of date',
        mend: 'Load the page again.',
        action: 'reload',
        label: 'Reload',
      }
    default:
      return reason satisfies never
  }
}

/** Words for a picture that does not reach a dashboard. */
export const pictureFailure = (stage: FeedStage): Failure => {
  const where = { stage: 'connecting', kind: `no-${stage}`, ...RETRY } as const
  switch (stage) {
    case 'answer':
      return {
        ...where,
        title: 'The other device does not answer',
        mend: 'Check that its page is open and the screen is on.',
      }
    case 'path':
      return {
        ...where,
        title: 'Your network blocks direct video',
        mend: 'Put both devices on the same network.',
      }
    case 'picture':
      return { ...where, title: 'No picture arrives', mend: 'Stop and start the camera on the phone.' }
    case 'relay':
      return {
        ...where,
        title: 'No picture comes through the server',
        mend: 'Check that the phone is online. It is tried again by itself.',
      }
    case 'codec':
      return {
        ...where,
        title: 'This browser cannot show the picture',
        mend: 'Update it, or open this page in another browser.',
      }
    default:
      return stage satisfies never
  }
}
