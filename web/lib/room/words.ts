import type { Device } from '../../../server/protocol/models.ts'
import type { Battery, CameraState } from '../camera-state.ts'
import { pictureFailure } from '../failures.ts'
import type { FeedState } from '../receiving.ts'
import type { Transport } from '../stats.ts'
import type { ShapeKind, Tone } from '../ui/state-line.tsx'

/** States of a tile [MED-1]. */
export type TileState = FeedState['status']

export const TILE_STATES: Record<TileState, { word: string; kind: ShapeKind; tone: Tone }> = {
  waiting: { word: 'Waiting', kind: 'empty', tone: 'muted' },
  connecting: { word: 'Connecting', kind: 'half', tone: 'muted' },
  live: { word: 'Live', kind: 'full', tone: 'accent' },
  reconnecting: { word: 'Reconnecting', kind: 'dashed', tone: 'caution' },
  ended: { word: 'Stopped', kind: 'square', tone: 'muted' },
  failed: { word: 'No picture', kind: 'triangle', tone: 'danger' },
}

export const TRANSPORTS: Record<Transport, string> = {
  p2p: 'Direct',
  turn: 'Through the server',
  relay: 'Through the server',
}

/** "Chrome on Android", as far as it is known. */
export function deviceWords({ kind, browser, os }: Device): string {
  const known = [browser, os].filter((part) => part !== '' && part.toLowerCase() !== 'unknown')
  return known.length > 0 ? known.join(' on ') : kind === 'unknown' ? 'Unknown device' : kind
}

export const batteryWords = ({ level, charging }: Battery) =>
  `${Math.round(level * 100)}%${charging ? ' charging' : ''}`

/** "720p, 30 fps": named by the shorter side, so that turning the phone does not change it. */
export function pictureWords(width: number, height: number, fps: number | undefined): string {
  const size = `${Math.min(width, height)}p`
  return fps === undefined ? size : `${size}, ${Math.round(fps)} fps`
}

const NETWORKS: Record<string, string> = {
  wifi: 'Wi-Fi',
  cellular: 'Mobile network',
  ethernet: 'Cable',
  'slow-2g': '2G',
  '2g': '2G',
  '3g': '3G',
  '4g': '4G',
}
export const networkWords = (name: string) => NETWORKS[name] ?? name

/** What stands in a tile without a picture, and who has to do what. */
export interface Blank {
  title: string
  text?: string
}

/** In words, why a connected camera sends no picture [MED-5]; undefined while it should be sending one. */
function cameraTrouble({ status, detail }: CameraState): Blank | undefined {
  switch (status) {
    case 'off':
      return { title: 'Camera is off', text: 'Tap Start camera on the phone.' }
    case 'asking':
      return {
        title: 'Waiting for permission',
        text: 'The phone asks whether it may use its camera. Tap Allow there.',
      }
    case 'needs-tap':
      return { title: 'One tap on the phone', text: 'Its page is back and needs a tap to start the camera.' }
    case 'paused':
      return {
        title: 'Paused',
        text: 'The page is in the background, or another app has the camera. Open it again.',
      }
    case 'denied':
      return {
        title: 'The camera is not allowed',
        text:
          detail ?? 'Allow the camera for this page in the phone’s browser settings, then tap Start camera.',
      }
    case 'missing':
      return {
        title: 'No camera found',
        text: detail ?? 'This device has no camera that the browser can see.',
      }
    case 'in-use':
      return {
        title: 'The camera is busy',
        text: detail ?? 'Close the other app that uses it, then tap Start camera.',
      }
    case 'insecure':
      return {
        title: 'This address cannot use the camera',
        text: detail ?? 'Phones give their camera only to https pages. Scan the code again from here.',
      }
    case 'error':
      return {
        title: 'The camera did not start',
        text: detail ?? 'Reload the page on the phone and try again.',
      }
    case 'live':
      return undefined
  }
}

/** What a tile says in its middle; undefined while there is nothing to add to the picture. */
export function blankOf(state: FeedState, camera: CameraState, connected: boolean): Blank | undefined {
  if (state.status === 'live') return undefined
  if (!connected)
    return { title: 'The phone is away', text: 'The picture comes back by itself when it returns.' }
  const trouble = cameraTrouble(camera)
  if (trouble) return trouble
  switch (state.status) {
    case 'reconnecting':
      return { title: 'The picture stands still', text: 'It is being brought back.' }
    case 'failed': {
      const { title, mend } = pictureFailure(state.stage)
      return { title, text: mend }
    }
    case 'ended':
      return { title: 'Stopped on the phone' }
    default:
      return { title: 'Connecting' }
  }
}

/** Statuses of a camera that are failures, not stages. */
export const isFailure = ({ status }: CameraState) =>
  status === 'denied' ||
  status === 'missing' ||
  status === 'in-use' ||
  status === 'insecure' ||
  status === 'error'
