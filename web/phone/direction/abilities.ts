/** What a camera's track says it can do, and how it stands (W3C mediacapture-image). */
import type { Abilities, ExposureSet, FocusSet, Range, Settings } from '../../lib/direction/settings.ts'
import { compact } from '../../lib/direction/read.ts'
import { WIDE, type ImageSettings } from '../adjust.ts'

// Not in the DOM types: W3C mediacapture-image, section 4.
interface Told {
  readonly min?: number
  readonly max?: number
  readonly step?: number
}
interface ImageCapabilities {
  torch?: boolean
  zoom?: Told
  focusMode?: readonly string[]
  focusDistance?: Told
  exposureMode?: readonly string[]
  exposureTime?: Told
  exposureCompensation?: Told
}

/** Steps of a range whose camera names none. */
const STEPS = 100
/** Sizes that are offered, by the shorter side in pixels, and pictures a second. */
const SIZES = [360, 480, 720, 1080, 2160]
const RATES = [15, 24, 30, 60]

const rangeOf = (told: Told | undefined): Range | undefined => {
  const { min, max, step } = told ?? {}
  if (min === undefined || max === undefined || !(min < max)) return undefined
  return { min, max, step: step !== undefined && step > 0 ? step : (max - min) / STEPS }
}

const capabilitiesOf = (track: MediaStreamTrack): MediaTrackCapabilities & ImageCapabilities =>
  track.getCapabilities?.() ?? {}

/** Reads what the track says of itself: what a browser knows in general says nothing of this camera. */
export const abilitiesOf = (track: MediaStreamTrack): Omit<Abilities, 'lenses'> => {
  const can = capabilitiesOf(track)
  const byHand = (modes: readonly string[] | undefined) =>
    modes?.includes('manual') === true && modes.includes('continuous')
  const exposure = compact<NonNullable<Abilities['exposure']>>({
    time: byHand(can.exposureMode) ? rangeOf(can.exposureTime) : undefined,
    compensation: rangeOf(can.exposureCompensation),
  })
  // Held upright a phone says it the other way round.
  const longest = Math.max(can.width?.max ?? 0, can.height?.max ?? 0)
  const shortest = Math.min(can.width?.max ?? 0, can.height?.max ?? 0)
  const sizes = SIZES.filter((size) => size <= shortest && Math.round(size * WIDE) <= longest)
  const rates = RATES.filter((fps) => fps <= Math.round(can.frameRate?.max ?? 0))
  return compact<Omit<Abilities, 'lenses'>>({
    light: can.torch === true ? true : undefined,
    zoom: rangeOf(can.zoom),
    focus: byHand(can.focusMode) ? rangeOf(can.focusDistance) : undefined,
    exposure: Object.keys(exposure).length > 0 ? exposure : undefined,
    sizes: sizes.length > 1 ? sizes : undefined,
    fps: rates.length > 1 ? rates : undefined,
  })
}

/** How the track stands, of what can be set of it. */
export const settingsOf = (
  track: MediaStreamTrack,
  can: Abilities,
): Pick<Settings, 'zoom' | 'focus' | 'exposure' | 'size' | 'fps'> => {
  const now: MediaTrackSettings & ImageSettings = track.getSettings()
  const modeOf = (mode: string | undefined) => (mode === 'manual' ? ('manual' as const) : ('auto' as const))
  const size = Math.min(now.width ?? 0, now.height ?? 0)
  return compact<ReturnType<typeof settingsOf>>({
    zoom: can.zoom ? now.zoom : undefined,
    focus: can.focus
      ? compact<FocusSet>({ mode: modeOf(now.focusMode), distance: now.focusDistance })
      : undefined,
    exposure: can.exposure
      ? compact<ExposureSet>({
          mode: modeOf(now.exposureMode),
          time: can.exposure.time ? now.exposureTime : undefined,
          compensation: can.exposure.compensation ? now.exposureCompensation : undefined,
        })
      : undefined,
    size: size > 0 ? size : undefined,
    fps: now.frameRate === undefined ? undefined : Math.round(now.frameRate),
  })
}
