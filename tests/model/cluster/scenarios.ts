/** What runs with several instances are made of. */
import type { Scenario } from '../scenarios.ts'
import type { Weather } from '../store.ts'
import type { Post } from './exchange.ts'

/** What happens to instances and to the store under way. */
export type Fault =
  /** An inbox is lost for a while. */
  | 'cut'
  /** An inbox counts as listening and hears nothing, then is lost for a while. */
  | 'deaf'
  | 'stop'
  /** One is stopped, and when it goes on the store is away for it for a while. */
  | 'stopIsolate'
  /** One instance alone does not reach the store. */
  | 'isolate'
  /** Nobody reaches the store. */
  | 'outage'
  | 'kill'
  | 'killAll'
  | 'drain'
  /** All instances are drained one after the other, each after a new one has started. */
  | 'rolling'
  /** A session ends while the inbox of the instance that holds it is lost. */
  | 'revokeWhileCut'

export interface SeveralScenario extends Scenario {
  readonly instances: number
  readonly faults: readonly Fault[]
  readonly post: Post
  /** Nobody moves to another instance unless it must. */
  readonly isTogether?: boolean
  /** Hints that were lost unseen are repaired by what instances repeat: how long that takes. Milliseconds. */
  readonly repairedWithin?: number
}

const SECOND = 1_000
const NEAR: Weather = { delay: [1, 30], slow: { chance: 0, delay: [0, 0] }, failing: 0 }
const SLOW: Weather = { delay: [1, 50], slow: { chance: 0.12, delay: [200, 1_500] }, failing: 0 }
const FLAKY: Weather = { delay: [1, 40], slow: { chance: 0.03, delay: [100, 600] }, failing: 0.05 }

const TALK = { message: 6, messageTo: 4, signal: 4, command: 2, state: 2, ping: 1 } as const
const MOVING = { ...TALK, move: 4, leave: 0.5, join: 0.5, rename: 0.4 } as const

const PLAIN: SeveralScenario = {
  settings: { resumeWindowMs: 30 * SECOND, pairingTtlMs: 120 * SECOND, rateLimits: true },
  weather: NEAR,
  approval: 'typed',
  weights: MOVING,
  pace: 160,
  mischief: [10 * SECOND],
  awayMs: 3 * SECOND,
  undecided: 0.1,
  mostClients: 5,
  instances: 3,
  faults: [],
  post: { lost: 0, doubled: 0.02 },
}
/** A longer run, in which there is time for a fault and for what comes of it. */
const FAULTY: SeveralScenario = { ...PLAIN, pace: 200, mischief: [20 * SECOND] }

const LOOKING = { ...PLAIN.settings, lookAfter: { events: 6, ofMany: 4 } } as const

export const SEVERAL = {
  'several/plain': PLAIN,
  'several/approvals': {
    ...PLAIN,
    settings: { ...PLAIN.settings, pairingTtlMs: 4 * SECOND },
    approval: 'always',
    weights: { ...MOVING, join: 2 },
    undecided: 0.2,
    mostClients: 8,
  },
  'several/revoked': { ...PLAIN, weights: { ...MOVING, join: 2, kick: 0.7, signOut: 0.5 }, mostClients: 9 },
  'several/deleted': { ...PLAIN, mischief: [5 * SECOND], weights: { ...MOVING, rename: 2 }, end: 'delete' },
  /** The store answers late now and then. */
  'several/slow': { ...PLAIN, weather: SLOW, weights: { ...MOVING, kick: 0.2, join: 1 }, mostClients: 7 },
  'several/flaky': { ...PLAIN, weather: FLAKY },
  /** Seldom anything is said, so that no event mends what another missed. */
  'several/sparse': { ...PLAIN, pace: 2_500, mischief: [30 * SECOND], weights: { ...MOVING, move: 8 } },
  /** Devices stay away longer than their seats are kept, so that rooms open and close everywhere. */
  'several/window': {
    ...PLAIN,
    settings: { ...PLAIN.settings, resumeWindowMs: SECOND },
    weights: { ...MOVING, move: 6, leave: 2 },
    awayMs: 2_500,
    pace: 300,
  },
  'several/trim': {
    ...PLAIN,
    settings: { ...PLAIN.settings, rateLimits: false },
    weights: { message: 2, move: 3, flood: 1 },
    pace: 400,
    mischief: [3 * SECOND],
    mostClients: 3,
    awayMs: 2 * SECOND,
  },
  'several/cuts': { ...FAULTY, faults: ['cut', 'cut', 'deaf'] },
  'several/stop': { ...FAULTY, faults: ['stop'] },
  'several/isolated': { ...FAULTY, faults: ['isolate'] },
  /** One is cut off alone and does not hear that another was killed. */
  'several/killIsolated': { ...FAULTY, faults: ['kill', 'isolate'] },
  /** One that was stopped finds the store away, and people who have been elsewhere meanwhile. */
  'several/stopIsolated': { ...FAULTY, weights: { ...MOVING, move: 8 }, faults: ['stopIsolate'] },
  'several/outage': { ...FAULTY, faults: ['outage'] },
  'several/kill': { ...FAULTY, faults: ['kill'] },
  'several/killAll': { ...FAULTY, faults: ['killAll'] },
  'several/outageKill': { ...FAULTY, faults: ['outage', 'kill'] },
  'several/outageDrain': { ...FAULTY, faults: ['outage', 'drain'] },
  'several/outageRevoked': {
    ...FAULTY,
    weights: { ...MOVING, join: 1, kick: 0.5, signOut: 0.3 },
    faults: ['outage'],
    mostClients: 8,
  },
  'several/drain': { ...FAULTY, faults: ['drain'] },
  'several/rolling': { ...FAULTY, faults: ['rolling'] },
  'several/revokedCut': {
    ...FAULTY,
    weights: { ...MOVING, join: 1 },
    faults: ['revokeWhileCut', 'revokeWhileCut'],
    mostClients: 7,
  },
  'several/slowKill': { ...FAULTY, weather: SLOW, faults: ['kill', 'cut'] },
  'several/sparseKill': {
    ...FAULTY,
    weather: FLAKY,
    pace: 2_500,
    weights: { ...MOVING, move: 8 },
    faults: ['kill'],
  },
  'several/lossy': { ...FAULTY, post: { lost: 0.03, doubled: 0.05 }, repairedWithin: 130 * SECOND },
  /** How far the log goes is learnt all the time. */
  'several/looks': { ...FAULTY, settings: LOOKING, faults: ['cut', 'kill', 'stop'] },
  'several/looksSlow': {
    ...PLAIN,
    settings: LOOKING,
    weather: SLOW,
    weights: { ...MOVING, kick: 0.2, join: 1 },
  },
  'several/looksTrim': {
    ...PLAIN,
    settings: { ...LOOKING, rateLimits: false },
    weights: { message: 2, move: 3, flood: 1 },
    pace: 400,
    mischief: [3 * SECOND],
    mostClients: 3,
    awayMs: 2 * SECOND,
  },
  'several/looksLossy': {
    ...FAULTY,
    settings: LOOKING,
    post: { lost: 0.03, doubled: 0.05 },
    repairedWithin: 130 * SECOND,
  },
  /** Everybody on one instance of three. */
  'several/together': { ...PLAIN, isTogether: true },
  'several/all': {
    ...FAULTY,
    weather: FLAKY,
    weights: { ...MOVING, join: 1, kick: 0.2 },
    faults: ['kill', 'stop', 'cut', 'deaf', 'drain'],
    mischief: [25 * SECOND],
    mostClients: 7,
  },
} as const satisfies Record<string, SeveralScenario>

export type SeveralName = keyof typeof SEVERAL
export const SEVERAL_NAMES = Object.keys(SEVERAL) as SeveralName[]
