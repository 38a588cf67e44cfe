import { expect, test } from 'vitest'
import { SEVERAL_NAMES, type SeveralName } from './cluster/scenarios.ts'
import { simulateSeveral } from './cluster/simulate.ts'

/** What the runs of a scenario with several instances may break, beside the rules that hold in each. */
const SCENARIO_RULES: Readonly<Record<SeveralName, string>> = {
  'several/plain': '[ROOM-1] [ROOM-3] [RES-1] [SYNC-1]',
  'several/approvals': '[PAIR-5] [ROOM-4] [SYNC-1]',
  'several/revoked': '[SESS-3] [ROOM-1] [RES-1]',
  'several/deleted': '[SESS-3] [ROOM-4]',
  'several/slow': '[ROOM-1] [ROOM-3] [RES-2] [SESS-2]',
  'several/flaky': '[ROOM-3] [RES-2] [SYNC-4]',
  'several/sparse': '[ROOM-1] [ROOM-3] [RES-2] [SESS-2] [SYNC-1]',
  'several/window': '[ROOM-2] [RES-1] [SYNC-4]',
  'several/trim': '[RES-1] [RES-2] [ROOM-3]',
  'several/cuts': '[SYNC-2] [ROOM-3] [RES-2]',
  'several/stop': '[SYNC-4] [SYNC-2] [ROOM-3]',
  'several/isolated': '[STORE-4] [SYNC-4] [RES-1]',
  'several/killIsolated': '[SYNC-3] [SYNC-4] [STORE-4] [ROOM-1]',
  'several/stopIsolated': '[STORE-4] [SYNC-4] [RES-2] [ROOM-3]',
  'several/outage': '[STORE-4] [ROOM-3] [RES-1]',
  'several/kill': '[SYNC-3] [RES-2] [SESS-1]',
  'several/killAll': '[SYNC-3] [RES-2] [SESS-1]',
  'several/outageKill': '[STORE-4] [SYNC-3] [RES-1]',
  'several/outageDrain': '[STORE-4] [DRAIN-2] [SESS-1]',
  'several/outageRevoked': '[STORE-4] [SESS-3] [PAIR-2] [PAIR-5]',
  'several/drain': '[DRAIN-1] [DRAIN-2] [RES-2]',
  'several/rolling': '[DRAIN-2] [RES-2] [SESS-1]',
  'several/revokedCut': '[SESS-3] [SYNC-2]',
  'several/slowKill': '[SYNC-3] [RES-2] [ROOM-3]',
  'several/sparseKill': '[SYNC-3] [SYNC-4] [ROOM-1] [RES-2]',
  'several/lossy': '[SYNC-1] [SYNC-2] [RES-2]',
  'several/looks': '[RES-1] [RES-2] [ROOM-3] [STORE-4]',
  'several/looksSlow': '[RES-1] [RES-2] [ROOM-3]',
  'several/looksTrim': '[RES-1] [RES-2]',
  'several/looksLossy': '[RES-1] [RES-2] [SYNC-2]',
  'several/together': '[SYNC-1] [SYNC-5] [RES-1]',
  'several/all': '[SYNC-2] [SYNC-3] [SYNC-4] [DRAIN-2] [RES-2]',
}

const SEEDS = 12
/** Where something goes wrong with the store, the way to it or an instance, more can come together in more ways. */
const MANY_SEEDS = 40
const FOUL: ReadonlySet<SeveralName> = new Set<SeveralName>([
  'several/slow',
  'several/flaky',
  'several/window',
  'several/trim',
  'several/cuts',
  'several/stop',
  'several/isolated',
  'several/stopIsolated',
  'several/outage',
  'several/outageKill',
  'several/outageDrain',
  'several/outageRevoked',
  'several/slowKill',
  'several/sparseKill',
  'several/lossy',
  'several/looks',
  'several/looksTrim',
  'several/looksLossy',
  'several/all',
])
/** Further ones that have found something. */
const FURTHER: Partial<Record<SeveralName, readonly number[]>> = {
  'several/deleted': [72, 98, 134],
  'several/trim': [44],
  'several/drain': [50],
  'several/killIsolated': [53, 54, 56, 73],
  'several/stopIsolated': [82, 233, 394, 436, 535],
  'several/slowKill': [94, 148],
  'several/outageKill': [43, 44, 55],
  'several/outageRevoked': [68],
  'several/all': [57, 64],
}
/** Machines that run the tests are slower than those that write them. Milliseconds. */
const PATIENCE = 10_000 * MANY_SEEDS

test.each(Object.entries(SCENARIO_RULES) as [SeveralName, string][])(
  'model, %s: %s',
  async (name) => {
    const broken: string[] = []
    const seeds = Array.from({ length: FOUL.has(name) ? MANY_SEEDS : SEEDS }, (_, index) => index + 1)
    for (const seed of [...seeds, ...(FURTHER[name] ?? [])]) {
      const { violations } = await simulateSeveral(name, seed)
      if (violations.length > 0)
        broken.push(`npx tsx tests/model/run.ts trace ${seed} ${name}\n${violations.join('\n')}`)
    }
    expect(broken.length, `${broken.length} seeds broke; the first:\n${broken[0]}`).toBe(0)
  },
  PATIENCE,
)

test(
  'the runs with several instances do what their names promise',
  async () => {
    const sums = async (name: SeveralName, seeds: number): Promise<Record<string, number>> => {
      const all: Record<string, number> = {}
      for (let seed = 1; seed <= seeds; seed += 1) {
        const { figures } = await simulateSeveral(name, seed)
        for (const [figure, count] of Object.entries(figures)) all[figure] = (all[figure] ?? 0) + count
      }
      return all
    }
    const plain = await sums('several/plain', 4)
    expect(plain['elsewhere']).toBeGreaterThan(10)
    expect(plain['deaths'] ?? 0).toBe(0)
    const killed = await sums('several/killAll', 6)
    expect(killed['killAll']).toBe(6)
    expect(killed['deaths']).toBeGreaterThan(3)
    expect(killed['afterEnd']).toBeGreaterThan(3)
    const rolling = await sums('several/rolling', 8)
    expect(rolling['afterEnd']).toBeGreaterThan(2)
    expect((await sums('several/together', 3))['elsewhere']).toBe(0)
  },
  PATIENCE,
)

test('a run with several instances is the same each time', async () => {
  const happened = async (): Promise<string[]> =>
    (await simulateSeveral('several/kill', 1, true)).trace.map((line) => line.slice(0, 24))
  const once = await happened()
  expect(once.length).toBeGreaterThan(100)
  expect(await happened()).toEqual(once)
})

test('every scenario runs', async () => {
  for (const name of SEVERAL_NAMES) {
    const { figures } = await simulateSeveral(name, 1)
    expect(figures['events'], name).toBeGreaterThan(0)
  }
}, 60_000)
