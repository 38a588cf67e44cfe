/** How old the picture on this screen is: glass to glass, as far as a page can know it. */
import type { VideoStats } from './stats.ts'

/** What no page can measure, assumed at 30 pictures a second. Milliseconds. */
const ASSUMED = {
  /** Exposure and readout: one picture's time. */
  camera: 33,
  /** On the phone, where nothing tells it. Of a relayed picture it is within what was measured. */
  encoding: 15,
  /** From drawing to light: one refresh of the screen. */
  screen: 17,
}

/** Of the estimate, what is assumed for a direct picture. Milliseconds. */
export const ASSUMED_MS = ASSUMED.camera + ASSUMED.encoding + ASSUMED.screen

/**
 * Milliseconds from the light at the camera to the light of the screen; undefined where too little is known.
 * Direct: half the round trip, the wait for pictures to be whole and due, decoding, and what is assumed. Relayed:
 * measured from the moment the phone's page got the picture to that of its drawing here, by the server's clock.
 */
export const cameraToScreen = (stats: VideoStats): number | undefined => {
  if (stats.delayMs !== undefined) return Math.round(stats.delayMs + ASSUMED.camera + ASSUMED.screen)
  const { rttMs, waitMs, decodeMs } = stats
  if (rttMs === undefined || waitMs === undefined) return undefined
  return Math.round(rttMs / 2 + waitMs + (decodeMs ?? 0) + ASSUMED_MS)
}
