import { expect, test } from 'vitest'
import type { ScenarioName } from './scenarios.ts'
import { simulateOne as simulate } from './simulate.ts'

/** What the runs of a scenario may break, beside the rules that hold in each. */
const SCENARIO_RULES: Readonly<Record<ScenarioName, string>> = {
  plain: '[ROOM-1] [ROOM-3] [ROOM-4] [PAIR-2] [PAIR-5]',
  moves: '[ROOM-1] [ROOM-2] [ROOM-3] [RES-1] [SESS-2] [PAIR-5]',
  slow: '[ROOM-1] [ROOM-3] [RES-1] [SESS-2] [PAIR-2] [PAIR-5]',
  flaky: '[ROOM-3] [RES-1] [SESS-2] [SESS-3] [PAIR-2] [PAIR-5]',
  revoked: '[ROOM-1] [ROOM-4] [RES-1] [SESS-2] [SESS-3]',
  approvals: '[PAIR-2] [PAIR-5] [ROOM-4] [RES-1] [SESS-2]',
  approvalsFlaky: '[PAIR-2] [PAIR-5] [ROOM-4] [RES-1] [SESS-2]',
  deleted: '[SESS-3] [ROOM-4]',
  deletedFlaky: '[SESS-3] [ROOM-4]',
  drain: '[DRAIN-1] [ROOM-3] [RES-1]',
  long: '[RES-1] [ROOM-3] [SEC-4]',
  alone: '[ROOM-1] [ROOM-2] [RES-1] [SESS-2]',
  window: '[ROOM-2] [ROOM-3] [RES-1]',
}

const SEEDS = 120
/** These say some hundred times as much. */
const LONG_SEEDS = 15
/** Machines that run the tests are slower than those that write them. Milliseconds. */
const PATIENCE = 60_000

test.each(Object.entries(SCENARIO_RULES) as [ScenarioName, string][])(
  'model, %s: %s',
  async (name) => {
    const broken: string[] = []
    for (let seed = 1; seed <= (name === 'long' ? LONG_SEEDS : SEEDS); seed += 1) {
      const { violations } = await simulate(name, seed)
      if (violations.length > 0)
        broken.push(`npx tsx tests/model/run.ts trace ${seed} ${name}\n${violations.join('\n')}`)
    }
    expect(broken.length, `${broken.length} seeds broke; the first:\n${broken[0]}`).toBe(0)
  },
  PATIENCE,
)

test('a run of the model is the same each time', async () => {
  const [once, again] = [await simulate('slow', 1, true), await simulate('slow', 1, true)]
  // Ids are made by the server and differ; what happened when does not.
  const happened = (trace: readonly string[]) => trace.map((line) => line.slice(0, 24))
  expect(once.trace.length).toBeGreaterThan(100)
  expect(happened(again.trace)).toEqual(happened(once.trace))
})

test('the runs do what their names promise', async () => {
  const RUNS = 15
  const perRun = async (name: ScenarioName) => {
    const sums = { events: 0, resumed: 0, notResumed: 0 }
    for (let seed = 1; seed <= RUNS; seed += 1) {
      const { figures } = await simulate(name, seed)
      for (const figure of ['events', 'resumed', 'notResumed'] as const)
        sums[figure] += (figures[figure] ?? 0) / RUNS
    }
    return sums
  }
  const moves = await perRun('moves')
  expect(moves.resumed).toBeGreaterThan(10)
  expect(moves.events).toBeGreaterThan(40)
  expect((await perRun('window')).notResumed).toBeGreaterThan(5)
  expect((await perRun('long')).events).toBeGreaterThan(300)
})
