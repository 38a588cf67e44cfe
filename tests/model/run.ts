/**
 * The model from the command line:
 *   npx tsx tests/model/run.ts SEEDS [scenario]     what broke in runs 1 to SEEDS, or FROM-TO
 *   npx tsx tests/model/run.ts trace SEED scenario  everything that happened in one run
 */
import process from 'node:process'
import { SCENARIO_NAMES, type ScenarioName } from './scenarios.ts'
import { simulate } from './simulate.ts'

const print = (line: string): void => void process.stdout.write(`${line}\n`)

function scenarioNamed(name: string | undefined): ScenarioName {
  const found = SCENARIO_NAMES.find((known) => known === name)
  if (found === undefined)
    throw new Error(`no scenario ${name ?? ''}: there are ${SCENARIO_NAMES.join(', ')}`)
  return found
}

async function trace(seed: number, name: ScenarioName): Promise<void> {
  const { trace: lines, violations, figures } = await simulate(name, seed, true)
  for (const line of lines) print(line)
  print(`${violations.length} broken: ${violations.join('\n')}`)
  print(JSON.stringify(figures))
}

async function many(first: number, last: number, names: readonly ScenarioName[]): Promise<boolean> {
  let isSound = true
  for (const name of names) {
    const began = performance.now()
    const broken = new Map<string, number[]>()
    const sums = { events: 0, resumed: 0, notResumed: 0, clients: 0 }
    let bad = 0
    for (let seed = first; seed <= last; seed += 1) {
      const { violations, figures } = await simulate(name, seed)
      if (violations.length > 0) bad += 1
      for (const figure of ['events', 'resumed', 'notResumed', 'clients'] as const)
        sums[figure] += figures[figure]
      // Ids and numbers differ from run to run; the sentence is what they have in common.
      for (const kind of new Set(
        violations.map((line) =>
          line
            .replaceAll(/[\w-]*\d[\w-]*/g, '…')
            .replace(/sees \[.*/, 'sees other members')
            .slice(0, 100),
        ),
      )) {
        broken.set(kind, [...(broken.get(kind) ?? []), seed])
      }
    }
    isSound &&= bad === 0
    const ms = (performance.now() - began) / (last - first + 1)
    print(
      `${name.padEnd(15)} ${bad} of ${last - first + 1} broken, ${ms.toFixed(1)} ms each, ${JSON.stringify(sums)}`,
    )
    for (const [kind, seeds] of broken)
      print(`    ${kind}: ${seeds.length}, seeds ${seeds.slice(0, 8).join(' ')}`)
  }
  return isSound
}

const [first = '', second, third] = process.argv.slice(2)
if (first === 'trace') await trace(Number(second), scenarioNamed(third))
else if (/^\d+(-\d+)?$/.test(first)) {
  const [from, to] = first.includes('-') ? first.split('-') : ['1', first]
  const isSound = await many(
    Number(from),
    Number(to),
    second === undefined ? SCENARIO_NAMES : [scenarioNamed(second)],
  )
  process.exitCode = isSound ? 0 : 1
} else {
  process.stderr.write('usage: npx tsx tests/model/run.ts SEEDS [scenario] | trace SEED scenario\n')
  process.exitCode = 2
}
