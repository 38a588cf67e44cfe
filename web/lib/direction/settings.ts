/**
 * What a camera tells, in its state, of what can be asked of it and how it stands (docs/SPEC.md, "Direction"):
 *
 *   { camera: { can: { light?, zoom?, focus?, exposure?, lenses?, sizes?, fps? },
 *               set: { light?, zoom?, focus?, exposure?, lens?, turn?, mirror?, tally?, message?,
 *               microphone? } } }
 *
 * `can` holds what its camera has, and nothing else. What `set` does not say is as it is at first.
 */
import type { MemberState } from '../../../server/protocol/models.ts'
import { compact, flag, isRecord, list, number, oneOf, text, type Read } from './read.ts'

export const FACINGS = ['front', 'back'] as const
export type Facing = (typeof FACINGS)[number]
/** Degrees clockwise. */
export const TURNS = [0, 90, 180, 270] as const
export type Turn = (typeof TURNS)[number]
/** Characters of a message on the phone's screen. */
export const MOST_MESSAGE = 200
/** Cameras of one phone that are named. */
export const MOST_LENSES = 8
/** Characters of a camera's name. */
export const MOST_LABEL = 40
const MOST_SIZES = 8

export interface Range {
  readonly min: number
  readonly max: number
  readonly step: number
}

export interface Lens {
  readonly id: string
  readonly label: string
  readonly facing?: Facing
}

export interface Abilities {
  readonly light?: true
  readonly zoom?: Range
  /** Where it can be set by hand, and back to automatic. */
  readonly focus?: Range
  readonly exposure?: {
    /** By hand; in units of 100 µs (W3C mediacapture-image). */
    readonly time?: Range
    /** In automatic mode; in steps of EV. */
    readonly compensation?: Range
  }
  /** Where there is more than one. */
  readonly lenses?: readonly Lens[]
  /** By the shorter side in pixels, the smallest first. */
  readonly sizes?: readonly number[]
  /** Pictures a second. */
  readonly fps?: readonly number[]
}

export type FocusSet = { readonly mode: 'auto' | 'manual'; readonly distance?: number }
export type ExposureSet = {
  readonly mode: 'auto' | 'manual'
  readonly time?: number
  readonly compensation?: number
}

/** A message on the phone's screen. Its words are between who sent it and the phone: members' states are for all. */
export interface MessageSet {
  /** When it was shown; milliseconds of Unix time by the server's clock. */
  readonly at: number
  /** When the person at the phone put it away. */
  readonly dismissed?: number
}

export interface Settings {
  readonly light: boolean
  readonly zoom?: number
  readonly focus?: FocusSet
  readonly exposure?: ExposureSet
  readonly lens?: string
  readonly size?: number
  readonly fps?: number
  readonly turn: Turn
  readonly mirror: boolean
  readonly tally: boolean
  readonly message?: MessageSet
  /** `asking`: the person at the phone has not answered yet. Without it, it is off. */
  readonly microphone?: 'asking' | 'on'
}

const range: Read<Range> = (value) => {
  if (!isRecord(value)) return undefined
  const [min, max, step] = [number(value['min']), number(value['max']), number(value['step'])]
  return min !== undefined && max !== undefined && step !== undefined && min < max && step > 0
    ? { min, max, step }
    : undefined
}
const lens: Read<Lens> = (value) => {
  if (!isRecord(value)) return undefined
  const id = text(16)(value['id'])
  const label = text(MOST_LABEL)(value['label'])
  return id === undefined || label === undefined
    ? undefined
    : compact<Lens>({ id, label, facing: oneOf(FACINGS)(value['facing']) })
}
const exposure: Read<NonNullable<Abilities['exposure']>> = (value) =>
  isRecord(value)
    ? compact<NonNullable<Abilities['exposure']>>({
        time: range(value['time']),
        compensation: range(value['compensation']),
      })
    : undefined
const focusSet: Read<FocusSet> = (value) => {
  const mode = isRecord(value) ? oneOf(['auto', 'manual'] as const)(value['mode']) : undefined
  return isRecord(value) && mode
    ? compact<FocusSet>({ mode, distance: number(value['distance']) })
    : undefined
}
const exposureSet: Read<ExposureSet> = (value) => {
  const mode = isRecord(value) ? oneOf(['auto', 'manual'] as const)(value['mode']) : undefined
  return isRecord(value) && mode
    ? compact<ExposureSet>({
        mode,
        time: number(value['time']),
        compensation: number(value['compensation']),
      })
    : undefined
}
const messageSet: Read<MessageSet> = (value) => {
  const at = isRecord(value) ? number(value['at']) : undefined
  return isRecord(value) && at !== undefined
    ? compact<MessageSet>({ at, dismissed: number(value['dismissed']) })
    : undefined
}

const cameraOf = (state: MemberState): Record<string, unknown> =>
  isRecord(state['camera']) ? state['camera'] : {}

/** Reads what a camera has. */
export const readAbilities = (state: MemberState): Abilities => {
  const { can } = cameraOf(state)
  if (!isRecord(can)) return {}
  return compact<Abilities>({
    light: can['light'] === true ? true : undefined,
    zoom: range(can['zoom']),
    focus: range(can['focus']),
    exposure: exposure(can['exposure']),
    lenses: list(lens, MOST_LENSES)(can['lenses']),
    sizes: list(number, MOST_SIZES)(can['sizes']),
    fps: list(number, MOST_SIZES)(can['fps']),
  })
}

/** Reads how a camera stands. */
export const readSettings = (state: MemberState): Settings => {
  const { set } = cameraOf(state)
  const told = isRecord(set) ? set : {}
  return compact<Settings>({
    light: flag(told['light']) ?? false,
    zoom: number(told['zoom']),
    focus: focusSet(told['focus']),
    exposure: exposureSet(told['exposure']),
    lens: text(16)(told['lens']),
    size: number(told['size']),
    fps: number(told['fps']),
    turn: oneOf(TURNS)(told['turn']) ?? 0,
    mirror: flag(told['mirror']) ?? false,
    tally: flag(told['tally']) ?? false,
    message: messageSet(told['message']),
    microphone: oneOf(['asking', 'on'] as const)(told['microphone']),
  })
}
