/**
 * What Upstash bills for what people do: `npm run bench -- budget [--quick]`. Real servers over the double, whose bill
 * counts as Upstash says it does. Time can not be sped up, so what happens by itself is measured for some minutes and
 * reckoned up to an hour. docs/deploy/budget.md is written from what this prints.
 */
import process from 'node:process'
import { startBilled, totalOf, type Bill, type Billed } from './budget/billed.ts'
import { printReckoning } from './budget/reckoning.ts'
import { occupied, pairing, PAIRING, type Manner, type Steps } from './budget/steps.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const FULL = { rounds: 3, idleMs: 4 * MINUTE }
const QUICK = { rounds: 1, idleMs: 2 * MINUTE }

/** Commands of a pairing at most [SYNC-6]. */
const GOALS: Readonly<Record<Manner, number>> = { scanned: 8, typed: 12 }
const WHERE = { 'one instance': 1, 'two instances': 2 } as const
type Where = keyof typeof WHERE

const listed = (bill: Bill): string => {
  const kinds = Object.entries(bill).map(([kind, count]) => (count === 1 ? kind : `${kind} ×${count}`))
  return kinds.length === 0 ? '' : kinds.join(', ')
}

/** Of several rounds the one in which least was billed: what happens by itself may fall into any step. */
async function leastOf(rounds: number, one: () => Promise<Steps>): Promise<Steps> {
  const all: Steps[] = []
  for (let round = 0; round < rounds; round += 1) all.push(await one())
  const [first = new Map<string, Bill>()] = all
  return new Map(
    [...first].map(([name, bill]) => [
      name,
      all
        .map((steps) => steps.get(name) ?? bill)
        .reduce((least, each) => (totalOf(each) < totalOf(least) ? each : least)),
    ]),
  )
}

const sumOf = (steps: Steps, names: readonly string[]): number =>
  names.reduce((sum, name) => sum + totalOf(steps.get(name) ?? {}), 0)

function printSteps(manner: Manner, found: Readonly<Record<Where, Steps>>): void {
  process.stdout.write(`\nA ${manner} pairing: billed commands for each step\n`)
  const names = [...found['one instance'].keys()]
  const row = (of: (steps: Steps) => string) =>
    Object.fromEntries(Object.entries(found).map(([where, steps]) => [where, of(steps)]))
  console.table({
    ...Object.fromEntries(
      names.map((name) => [
        name,
        row((steps) => {
          const bill = steps.get(name) ?? {}
          return `${totalOf(bill)}  ${listed(bill)}`.trimEnd()
        }),
      ]),
    ),
    [`the pairing (goal ${GOALS[manner]} on one)`]: row((steps) => String(sumOf(steps, PAIRING[manner]))),
  })
}

/** What is billed in an hour while nobody does anything, from some minutes of it. */
async function idleHour(
  ms: number,
): Promise<Record<'empty' | Where, { readonly commands: number; readonly seen: Bill }>> {
  const started: Billed[] = []
  try {
    for (const count of [1, 1, 2]) started.push(await startBilled(count))
    const [empty, one, two] = started as [Billed, Billed, Billed]
    const leave = [
      await occupied(one.urls[0] ?? '', one.urls[0] ?? ''),
      await occupied(two.urls[0] ?? '', two.urls[1] ?? ''),
    ]
    // What joining set off is over by then.
    await Promise.all(started.map(async (each) => each.during(5_000)))
    const seen = await Promise.all(started.map(async (each) => each.during(ms)))
    for (const end of leave) end()
    const [emptyBill = {}, oneBill = {}, twoBill = {}] = seen
    const hour = (bill: Bill) => ({ commands: Math.round((totalOf(bill) * HOUR) / ms), seen: bill })
    return { empty: hour(emptyBill), 'one instance': hour(oneBill), 'two instances': hour(twoBill) }
  } finally {
    for (const each of started) await each.close()
  }
}

export async function measure(options: readonly string[]): Promise<void> {
  const { rounds, idleMs } = options.includes('--quick') ? QUICK : FULL
  const found: Record<Manner, Record<Where, Steps>> = {
    scanned: { 'one instance': new Map(), 'two instances': new Map() },
    typed: { 'one instance': new Map(), 'two instances': new Map() },
  }
  let start: Bill = {}
  for (const [where, count] of Object.entries(WHERE) as [Where, number][]) {
    const billed = await startBilled(count)
    const [host = ''] = billed.urls
    const phone = billed.urls.at(-1) ?? host
    start = billed.start
    try {
      for (const manner of ['scanned', 'typed'] as const)
        found[manner][where] = await leastOf(rounds, () => pairing(billed, manner, host, phone))
    } finally {
      await billed.close()
    }
  }
  for (const manner of ['scanned', 'typed'] as const) printSteps(manner, found[manner])
  process.stdout.write(`\nThe start of an instance: ${totalOf(start)} (${listed(start)})\n`)
  const idle = await idleHour(idleMs)
  process.stdout.write(`\nWhile nobody does anything, from ${idleMs / MINUTE} minutes\n`)
  console.table(
    Object.fromEntries(
      (
        [
          ['an instance with nobody connected', idle.empty],
          ['a dashboard and two phones on one instance', idle['one instance']],
          ['the same, dashboard and phones on two instances', idle['two instances']],
        ] as const
      ).map(([name, { commands, seen }]) => [name, { seen: listed(seen), 'in an hour': commands }]),
    ),
  )
  for (const where of ['one instance', 'two instances'] as const) {
    const [scanned, typed] = [found.scanned[where], found.typed[where]]
    printReckoning(where, {
      scanned: sumOf(scanned, PAIRING.scanned),
      typed: sumOf(typed, PAIRING.typed),
      opened: sumOf(scanned, ['room created', 'dashboard joins', 'dashboard leaves']),
      event: totalOf(scanned.get('a signal to the dashboard') ?? {}),
      code: totalOf(scanned.get('code issued') ?? {}),
      back: totalOf(scanned.get('phone drops and is back') ?? {}),
      idleHour: idle[where].commands,
    })
  }
  const misses = (['scanned', 'typed'] as const).filter(
    (manner) => sumOf(found[manner]['one instance'], PAIRING[manner]) > GOALS[manner],
  )
  process.stdout.write(misses.length === 0 ? 'Goals met\n' : `Goals missed: ${misses.join(', ')}\n`)
}
