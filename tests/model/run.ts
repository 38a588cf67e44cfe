/**
 * The model from the command line:
 *   npx tsx tests/model/run.ts SEEDS [scenario]     what broke in runs 1 to SEEDS, or FROM-TO
 *   npx tsx tests/model/run.ts trace SEED scenario  everything that happened in one run
 */
import process from 'node:process'
import { NAMES, simulate, type Name } from './names.ts'

const print = (line: string): void => void process.stdout.write(`${line}\n`)

/** One scenario, or those whose names begin so. */
function scenariosNamed(name = ''): Name[] {
  const found = NAMES.filter((known) => known === name)
  const begun = found.length > 0 ? found : NAMES.filter((known) => known.startsWith(name))
  if (begun.length === 0) throw new Error(`no scenario ${name}: there are ${NAMES.join(', ')}`)
  return begun
}

async function trace(seed: number, name: Name): Promise<void> {
  const { trace: lines, violations, figures } = await simulate(name, seed, true)
  for (const line of lines) print(line)
  print(`${violations.length} broken: ${violations.join('\n')}`)
  print(JSON.stringify(figures))
}

/** What sentences of one kind have in common: names, ids and numbers differ from run to run. */
const kindOf = (line: string): string => {
  const [, rule = '', rest = ''] = /^(\[[^\]]*\]) (.*)$/s.exec(line) ?? []
  const words = rest
    .replace(/(sees other members|tells of|sees pairings|has state|knows the room).*/s, '$1 …')
    .replaceAll(/\b(host|camera|viewer)\d*\b/g, '…')
    .replaceAll(/[\w-]*\d[\w-]*/g, '…')
    .replaceAll(/ [\w-]{12,}(?=#)/g, ' …')
    .replaceAll(/\([\w-]+@…#?…?\)/g, '')
  return `${rule} ${words.slice(0, 110)}`
}

async function many(first: number, last: number, names: readonly Name[]): Promise<boolean> {
  let isSound = true
  for (const name of names) {
    const began = performance.now()
    const broken = new Map<string, number[]>()
    const sums: Record<string, number> = {}
    let bad = 0
    for (let seed = first; seed <= last; seed += 1) {
      const { violations, figures } = await simulate(name, seed)
      if (violations.length > 0) bad += 1
      for (const [figure, count] of Object.entries(figures)) sums[figure] = (sums[figure] ?? 0) + count
      for (const kind of new Set(violations.map(kindOf))) {
        broken.set(kind, [...(broken.get(kind) ?? []), seed])
      }
    }
    isSound &&= bad === 0
    const ms = (performance.now() - began) / (last - first + 1)
    print(
      `${name.padEnd(22)} ${bad} of ${last - first + 1} broken, ${ms.toFixed(1)} ms each, ${JSON.stringify(sums)}`,
    )
    for (const [kind, seeds] of broken)
      print(`    ${kind}: ${seeds.length}, seeds ${seeds.slice(0, 8).join(' ')}`)
  }
  return isSound
}

const [first = '', second, third] = process.argv.slice(2)
if (first === 'trace') {
  const [name] = scenariosNamed(third)
  if (name !== undefined) await trace(Number(second), name)
} else if (/^\d+(-\d+)?$/.test(first)) {
  const [from, to] = first.includes('-') ? first.split('-') : ['1', first]
  const isSound = await many(Number(from), Number(to), scenariosNamed(second))
  process.exitCode = isSound ? 0 : 1
} else {
  process.stderr.write('usage: npx tsx tests/model/run.ts SEEDS [scenario] | trace SEED scenario\n')
  process.exitCode = 2
}
