/** `rounds.ts [rounds] [seed]`: rounds with one fault each; a round that fails is repeated with `rounds.ts 1 <its seed>`. */
import process from 'node:process'
import { lineOf, Rounds, type Outcome } from './fault-rounds.ts'

const [count = '200', first = String(Date.now() % 1_000_000)] = process.argv.slice(2)
const rounds = new Rounds()
const outcomes: Outcome[] = []
for (let n = 0; n < Number(count); n += 1) {
  const outcome = await rounds.round(Number(first) + n)
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
