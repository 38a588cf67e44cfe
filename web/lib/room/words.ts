import type { Device, Member } from '../../../server/protocol/models.ts'
import type { Battery, CameraState, Pause } from '../camera-state.ts'
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

/** Worth a word of its own: the phone, and with it the camera, may soon go out. */
const LOW_BATTERY = 0.15
export const isLow = ({ level, charging }: Battery) => level <= LOW_BATTERY && !charging

/**
 * "720p, 30 fps": named by the shorter side, so that turning the phone does not change it. "only" where it is less
 * than half of what the camera makes: battery saver, a hot phone, a dark room or a slow network.
 */
export function pictureWords(width: number, height: number, fps: number | undefined, made?: number): string {
  const size = `${Math.min(width, height)}p`
  if (fps === undefined) return size
  const few = made !== undefined && fps < made / 2
  return `${size}, ${few ? 'only ' : ''}${Math.round(fps)} fps`
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

const COMES_BACK = 'The picture comes back by itself'

function pauseWords(why: Pause | undefined, name: string): Blank {
  switch (why) {
    case 'hidden':
      return {
        title: `${name} is in the background or locked`,
        text: `${COMES_BACK} when its page is in view again.`,
      }
    case 'interrupted':
      return {
        title: 'Another app, or a call, uses the camera',
        text: `${COMES_BACK} when the camera is free.`,
      }
    default:
      return {
        title: 'Paused',
        text: 'The page is in the background, or another app has the camera. Open it again.',
      }
  }
}

/** In words, why a connected camera sends no picture [MED-5]; undefined while it should be sending one. */
function cameraTrouble({ status, detail, why }: CameraState, name: string): Blank | undefined {
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
    case 'covered':
      return { title: 'Picture is off', text: 'A dashboard switched it off. The camera is ready.' }
    case 'paused':
      return pauseWords(why, name)
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
        title: 'Photos only',
        text: 'This phone’s page has no live video. Photos that are taken there arrive here.',
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

/** The part of a camera's presence that its words depend on. */
type Presence = Pick<Member, 'connected' | 'name' | 'device'>

/** A name that a person gave; a browser's makes no sentence. */
const phoneName = ({ name, device }: Presence) =>
  name === '' || name === deviceWords(device) ? 'The phone' : name

/** What a tile says in its middle; undefined while there is nothing to add to the picture. */
export function blankOf(state: FeedState, camera: CameraState, member: Presence): Blank | undefined {
  if (state.status === 'live') return undefined
  if (!member.connected) {
    return camera.why === 'hidden'
      ? {
          title: 'The phone is away',
          text: `Its page is in the background, locked or closed. ${COMES_BACK} when it is in view again.`,
        }
      : { title: 'The phone is away', text: `${COMES_BACK} when it returns.` }
  }
  const trouble = cameraTrouble(camera, phoneName(member))
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
  status === 'denied' || status === 'missing' || status === 'in-use' || status === 'error'
