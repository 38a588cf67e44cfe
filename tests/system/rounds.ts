/**
 * `rounds.ts [rounds] [seed] [fault]`: rounds with one fault each, from that seed on, or only those that have a certain
 * fault; a round that fails is repeated with `rounds.ts 1 <its seed>`.
 */
import { execFileSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { faultOf, lineOf, Rounds, type Outcome } from './fault-rounds.ts'

// What is tried is the server as it is now.
execFileSync(process.execPath, [
  fileURLToPath(new URL('../../server/dev/build.mjs', import.meta.url)),
  '--stale',
])

const [count = '200', first = String(Date.now() % 1_000_000), only] = process.argv.slice(2)
const rounds = new Rounds()
const outcomes: Outcome[] = []
for (let seed = Number(first); outcomes.length < Number(count); seed += 1) {
  if (only !== undefined && faultOf(seed) !== only) continue
  const outcome = await rounds.round(seed)
  outcomes.push(outcome)
  process.stdout.write(`${lineOf(outcome)}\n`)
}
await rounds.close()

const sum = (of: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, each) => total + of(each), 0)
const failed = outcomes.filter(({ failure }) => failure !== undefined)
process.stdout.write(
  `${outcomes.length} rounds, ${failed.length} failed${failed.length > 0 ? ` (seeds ${failed.map(({ seed }) => seed).join(', ')})` : ''}; ` +
    `${sum(({ said }) => said)} messages said, ${sum(({ heard }) => heard)} heard, ${sum(({ resumes }) => resumes)} resumed connections\n`,
)
process.exitCode = failed.length > 0 ? 1 : 0
