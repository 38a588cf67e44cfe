/** All scenarios, with one instance and with several. */
import { SEVERAL_NAMES, type SeveralName } from './cluster/scenarios.ts'
import { simulateSeveral } from './cluster/simulate.ts'
import { SCENARIO_NAMES, type ScenarioName } from './scenarios.ts'
import { simulateOne, type Outcome } from './simulate.ts'

export type Name = ScenarioName | SeveralName
export const NAMES: readonly Name[] = [...SCENARIO_NAMES, ...SEVERAL_NAMES]

const isOfSeveral = (name: Name): name is SeveralName => name.startsWith('several/')

export const simulate = (name: Name, seed: number, traced = false): Promise<Outcome> =>
  isOfSeveral(name) ? simulateSeveral(name, seed, traced) : simulateOne(name, seed, traced)
