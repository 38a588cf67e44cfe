/**
 * What members tell each other through `state` (docs/SPEC.md, section 4: RFC 7396 merge, 4 KiB at most).
 *
 * A camera says:
 *   { camera:  { status, why?, source?, facing?, width?, height?, fps?, detail?, relayOnly?, way?,
 *              can?, set? (direction/settings.ts) },
 *     battery?: { level: 0..1, charging: boolean },
 *     network?: '4g' | 'wifi' | … as the browser names it }
 *
 * A host or viewer says, for each camera it receives:
 *   { watching: { [camera's member id]: 'connecting' | 'live' | 'reconnecting' | 'failed' },
 *     via?: { [camera's member id]: 'turn' | why the picture comes through the server },
 *     shows?: ['h264' | 'vp8' | 'jpeg', …] }
 *
 * A camera that is not named in `watching` is not being watched; one that is not named in `via` is seen directly.
 * `shows` are the forms of relayed pictures that its browser shows; unsaid, all. `source` is new each time a phone page starts its
 * camera: a watcher whose connection belongs to another source asks for a new one.
 */
import type { SessionId } from '../../server/protocol/ids.ts'
import type { MemberState } from '../../server/protocol/models.ts'
import type { WayChoice } from './direction/commands.ts'
import { FAMILIES, type Family } from './relay/codecs.ts'
import { DECIDED, VIAS, type Decided, type Via } from './relay/reasons.ts'

/**
 * `off`: not started or stopped by the person; `asking`: the browser's question is open; `needs-tap`: the page
 * is back, but its browser wants a tap before the camera may start; `live`: pictures are being made; `covered`:
 * they are, and a dashboard has them kept back; `paused`: none are, and `why` says the cause. The rest are failures
 * (see failures.ts).
 */
export const CAMERA_STATUSES = [
  'off',
  'asking',
  'needs-tap',
  'live',
  'covered',
  'paused',
  'denied',
  'missing',
  'in-use',
  'insecure',
  'error',
] as const
export type CameraStatus = (typeof CAMERA_STATUSES)[number]

/**
 * `hidden`: the page is in the background or the phone is locked (some browsers make pictures all the same);
 * `interrupted`: the page is in view, and another app or a call has the camera.
 */
export const PAUSES = ['hidden', 'interrupted'] as const
export type Pause = (typeof PAUSES)[number]

export interface CameraState {
  readonly status: CameraStatus
  /** Of a `paused` camera; older pages do not say it. */
  readonly why?: Pause
  readonly source?: string
  readonly facing?: 'front' | 'back'
  /** Pixels of the picture as the camera makes it. */
  readonly width?: number
  readonly height?: number
  /** Frames a second. */
  readonly fps?: number
  /** What mends a failure on that device, in words for people; at most 200 characters. */
  readonly detail?: string
  /** It sends through the server alone: nobody need try to reach it directly. */
  readonly relayOnly?: Decided
  /** How a dashboard wants it sent; absent where it did not say. */
  readonly way?: Exclude<WayChoice, 'auto'>
}

export interface Battery {
  /** 0 to 1. */
  readonly level: number
  readonly charging: boolean
}

export interface CameraReport {
  readonly camera: CameraState
  readonly battery?: Battery
  readonly network?: string
}

export const WATCH_STATES = ['connecting', 'live', 'reconnecting', 'failed'] as const
export type WatchState = (typeof WATCH_STATES)[number]
export interface WatcherReport {
  readonly watching: Readonly<Record<string, WatchState>>
  readonly via: Readonly<Record<string, Via>>
}

/** Names at most so many cameras in `watching`, and in `via`, which keeps both under 4 KiB. */
export const MAX_WATCHED = 45
const MAX_DETAIL = 200

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const oneOf = <T extends string>(values: readonly T[], value: unknown): T | undefined =>
  values.find((candidate) => candidate === value)
const positive = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value.slice(0, MAX_DETAIL) : undefined

/** Leaves out what is undefined, so that exact optional properties hold and nothing is sent as null. */
const compact = <T extends object>(value: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T

/** Reads a camera's state; what another client wrote differently falls back to `off`. */
export const readCamera = (state: MemberState): CameraReport => {
  const camera = isRecord(state['camera']) ? state['camera'] : {}
  const battery = isRecord(state['battery']) ? state['battery'] : undefined
  const level = battery?.['level']
  return compact<CameraReport>({
    camera: compact<CameraState>({
      status: oneOf(CAMERA_STATUSES, camera['status']) ?? 'off',
      why: oneOf(PAUSES, camera['why']),
      source: text(camera['source']),
      facing: oneOf(['front', 'back'] as const, camera['facing']),
      width: positive(camera['width']),
      height: positive(camera['height']),
      fps: positive(camera['fps']),
      detail: text(camera['detail']),
      relayOnly: oneOf(DECIDED, camera['relayOnly']),
      way: oneOf(['direct', 'relay'] as const, camera['way']),
    }),
    battery:
      typeof level === 'number' && level >= 0 && level <= 1
        ? { level, charging: battery?.['charging'] === true }
        : undefined,
    network: text(state['network']),
  })
}

/** What one watcher says about one camera, and about itself. */
export interface WatcherWords {
  /** Absent where it does not watch it. */
  readonly watching?: WatchState
  /** Absent where it sees it directly. */
  readonly via?: Via
  /** Absent where it says nothing of it. */
  readonly shows?: readonly Family[]
}

export const readWatcher = (state: MemberState, camera: SessionId): WatcherWords => {
  const { watching, via, shows } = state
  return compact<WatcherWords>({
    watching: isRecord(watching) ? oneOf(WATCH_STATES, watching[camera]) : undefined,
    via: isRecord(via) ? oneOf(VIAS, via[camera]) : undefined,
    shows: Array.isArray(shows) ? FAMILIES.filter((family) => shows.includes(family)) : undefined,
  })
}

/** What one watcher says about one camera; undefined where it does not watch it. */
export const readWatching = (state: MemberState, camera: SessionId): WatchState | undefined =>
  readWatcher(state, camera).watching
