/** Asks for the track of one of this device's cameras, and reads what its pictures are like. */
import { thisBrowser } from '../lib/browser.ts'
import type { Facing } from '../lib/direction/settings.ts'
import { shapeConstraints, type Shape } from './adjust.ts'

export interface Picture {
  readonly facing?: Facing
  readonly width?: number
  readonly height?: number
  readonly fps?: number
}

/** A camera by its direction, or one of several by the browser's id of it. */
export type Which = { readonly facing: Facing } | { readonly deviceId: string }

const modeOf = (facing: Facing) => (facing === 'back' ? 'environment' : 'user')
const facingOf = (mode: string | undefined): Facing | undefined =>
  mode === 'environment' ? 'back' : mode === 'user' ? 'front' : undefined

/** Before anybody asked for another one. */
export const FIRST_SHAPE: Shape = { size: 720, fps: 30 }

/** Chromium tells of a camera's zoom only where it was asked for; on computers that would be one more question. */
const withZoom = (): object => (thisBrowser().os === 'Android' ? { zoom: true } : {})

/** Asks for a camera; rejects as the browser does. */
export const ask = async (which: Which, shape: Shape): Promise<MediaStreamTrack> => {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false,
    video: {
      ...shapeConstraints(shape),
      ...withZoom(),
      // Never `exact`: laptops and fake cameras name no direction and would be refused.
      ...('facing' in which
        ? { facingMode: { ideal: modeOf(which.facing) } }
        : { deviceId: { exact: which.deviceId } }),
    },
  })
  const track = stream.getVideoTracks()[0]
  if (!track) throw new DOMException('The camera gave no picture', 'NotFoundError')
  return track
}

/** What this track's pictures are like. */
export const pictureOf = (live: MediaStreamTrack): Picture => {
  const settings = live.getSettings()
  const known = facingOf(settings.facingMode)
  return {
    ...(known ? { facing: known } : {}),
    ...(settings.width ? { width: settings.width } : {}),
    ...(settings.height ? { height: settings.height } : {}),
    ...(settings.frameRate ? { fps: Math.round(settings.frameRate) } : {}),
  }
}
