/** What a run is made of. */
import type { Approval } from '../../server/protocol/models.ts'
import type { Settings } from './instance.ts'
import type { Weather } from './store.ts'

export type Action =
  | 'message'
  | 'messageTo'
  | 'signal'
  | 'command'
  | 'state'
  | 'ping'
  | 'move'
  | 'leave'
  | 'join'
  | 'kick'
  | 'signOut'
  | 'rename'
  | 'flood'

export interface Scenario {
  readonly settings: Settings
  readonly weather: Weather
  readonly approval: Approval
  /** How often each action is taken, in relation to the others. */
  readonly weights: Readonly<Partial<Record<Action, number>>>
  /** Milliseconds from one action to the next, at most. */
  readonly pace: number
  /** Milliseconds of mischief between two calms. */
  readonly mischief: readonly number[]
  /** How long a device stays away at most. Milliseconds. */
  readonly awayMs: number
  /** The part of the waiting pairings that nobody decides. */
  readonly undecided: number
  readonly mostClients: number
  /** What ends the last mischief. */
  readonly end?: 'delete' | 'drain'
}

const SECOND = 1_000
const GOOD: Weather = { delay: [1, 20], slow: { chance: 0, delay: [0, 0] }, failing: 0 }
const SLOW: Weather = { delay: [1, 60], slow: { chance: 0.25, delay: [200, 1_500] }, failing: 0 }
const FLAKY: Weather = { delay: [1, 40], slow: { chance: 0.1, delay: [100, 600] }, failing: 0.12 }

const TALK = { message: 6, messageTo: 4, signal: 4, command: 2, state: 2, ping: 1 } as const

const PLAIN: Scenario = {
  settings: { resumeWindowMs: 30 * SECOND, pairingTtlMs: 120 * SECOND, rateLimits: true },
  weather: GOOD,
  approval: 'typed',
  weights: { ...TALK, join: 0.5, rename: 0.3 },
  pace: 120,
  mischief: [4 * SECOND],
  awayMs: 3 * SECOND,
  undecided: 0.1,
  mostClients: 6,
}

const MOVING = { ...TALK, move: 5, leave: 0.5, join: 0.5, rename: 0.3 } as const

export const SCENARIOS = {
  plain: PLAIN,
  moves: { ...PLAIN, weights: MOVING, mischief: [4 * SECOND, 3 * SECOND] },
  /** The store answers late: hellos, claims and decisions overlap. */
  slow: { ...PLAIN, weights: { ...MOVING, rename: 1 }, weather: SLOW, mischief: [6 * SECOND] },
  /** Store steps fail, before or after they were done. */
  flaky: {
    ...PLAIN,
    weights: { ...MOVING, kick: 0.3, rename: 0.5 },
    weather: FLAKY,
    mischief: [6 * SECOND],
    mostClients: 8,
  },
  /** Sessions are kicked and signed out under way. */
  revoked: {
    ...PLAIN,
    weights: { ...MOVING, join: 2, kick: 0.7, signOut: 0.5 },
    weather: SLOW,
    mischief: [5 * SECOND],
    mostClients: 9,
  },
  /** Pairings are approved, denied and expire while everybody moves. */
  approvals: {
    ...PLAIN,
    settings: { ...PLAIN.settings, pairingTtlMs: 3 * SECOND },
    approval: 'always',
    weights: { ...MOVING, join: 3 },
    weather: SLOW,
    undecided: 0.25,
    mischief: [5 * SECOND],
    mostClients: 9,
  },
  /** The same, where the store fails as well. */
  approvalsFlaky: {
    ...PLAIN,
    settings: { ...PLAIN.settings, pairingTtlMs: 5 * SECOND },
    approval: 'always',
    weights: { ...MOVING, join: 3 },
    weather: FLAKY,
    undecided: 0.1,
    mischief: [5 * SECOND],
    mostClients: 9,
  },
  /** The room is deleted under way. */
  deleted: {
    ...PLAIN,
    weights: { ...MOVING, join: 2, rename: 2 },
    weather: SLOW,
    mischief: [3 * SECOND],
    mostClients: 8,
    end: 'delete',
  },
  deletedFlaky: {
    ...PLAIN,
    weights: { ...MOVING, rename: 1 },
    weather: FLAKY,
    mischief: [3 * SECOND],
    end: 'delete',
  },
  /** The instance drains under way. */
  drain: { ...PLAIN, weights: MOVING, weather: SLOW, mischief: [3 * SECOND], end: 'drain' },
  /** More goes by than a log keeps. */
  long: {
    ...PLAIN,
    settings: { ...PLAIN.settings, rateLimits: false },
    weights: { message: 2, move: 3, flood: 1 },
    pace: 400,
    mischief: [3 * SECOND],
    mostClients: 3,
    awayMs: 2 * SECOND,
  },
  /** One device alone: its room opens and closes with each of its turns. */
  alone: {
    ...PLAIN,
    settings: { ...PLAIN.settings, resumeWindowMs: SECOND },
    weights: { message: 1, state: 1, ping: 1, move: 3, leave: 2, rename: 3 },
    weather: SLOW,
    pace: 500,
    awayMs: 2_500,
    mischief: [3 * SECOND, 3 * SECOND, 3 * SECOND],
    mostClients: 1,
  },
  /** Devices stay away longer than their seats are kept. */
  window: {
    ...PLAIN,
    settings: { ...PLAIN.settings, resumeWindowMs: SECOND },
    weights: { ...MOVING, move: 6, leave: 1 },
    awayMs: 2_500,
    mischief: [5 * SECOND, 3 * SECOND],
  },
} as const satisfies Record<string, Scenario>

export type ScenarioName = keyof typeof SCENARIOS
export const SCENARIO_NAMES = Object.keys(SCENARIOS) as ScenarioName[]
