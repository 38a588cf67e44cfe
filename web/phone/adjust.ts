/** Sets what a camera's track can be set to: its shape, and its image (W3C mediacapture-image). */
import { compact } from '../lib/direction/read.ts'

// Not in the DOM types: W3C mediacapture-image, section 5.
export interface ImageSettings {
  torch?: boolean
  zoom?: number
  focusMode?: string
  focusDistance?: number
  exposureMode?: string
  exposureTime?: number
  exposureCompensation?: number
}

/** Of pictures that are asked for: width by height. */
export const WIDE = 16 / 9

/** What was set of each track: constraints replace all that were there before, so each call says all of it. */
const applied = new WeakMap<MediaStreamTrack, ImageSettings>()
/** The latest call of each track: one after the other, so that each knows what those before it came to. */
const latest = new WeakMap<MediaStreamTrack, Promise<void>>()

const inTurn = (track: MediaStreamTrack, deed: () => Promise<void>): Promise<void> => {
  const before = latest.get(track)
  const mine = before ? before.then(deed, deed) : deed()
  latest.set(track, mine)
  return mine
}

/** Sets these of the track and leaves the others as they were set; undefined takes one back. Rejects as the browser does. */
export const adjust = (
  track: MediaStreamTrack,
  change: { [K in keyof ImageSettings]: ImageSettings[K] | undefined },
): Promise<void> =>
  inTurn(track, async () => {
    const next = compact<ImageSettings>({ ...applied.get(track), ...change })
    await track.applyConstraints({ advanced: [next as MediaTrackConstraintSet] })
    // What this camera refuses would spoil every later call.
    applied.set(track, next)
  })

export interface Shape {
  /** The shorter side in pixels. */
  readonly size: number
  readonly fps: number
}

/** As constraints: none of it is insisted on, since cameras have what they have. */
export const shapeConstraints = ({ size, fps }: Shape): MediaTrackConstraints => ({
  width: { ideal: Math.round(size * WIDE) },
  height: { ideal: size },
  frameRate: { ideal: fps, max: fps },
})

/** Has the running track make pictures of this shape, as near as the camera has it. */
export const reshape = (track: MediaStreamTrack, shape: Shape): Promise<void> =>
  inTurn(track, async () => {
    await track.applyConstraints(shapeConstraints(shape))
    const set = applied.get(track)
    // Never in one call: Chromium refuses the two kinds together.
    if (set) await track.applyConstraints({ advanced: [set as MediaTrackConstraintSet] })
  })
