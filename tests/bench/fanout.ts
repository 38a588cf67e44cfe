/**
 * What a delivery and a silent member cost the server, beside bare `ws` and Socket.IO 4 doing the same job, in turns
 * in one run: `npm run bench -- fanout [--quick]`. Loopback; the load comes from a process of its own.
 */
import { availableParallelism, cpus } from 'node:os'
import process from 'node:process'
import { CONTENDERS } from './fanout/contenders.ts'
import { measureDeliveries, type Case } from './fanout/deliveries.ts'
import { measureMemory, type Held } from './fanout/memory.ts'
import { Generator } from './fanout/process.ts'
import { figuresOf } from './figures.ts'

const FULL = { rounds: 9, ms: 800, members: 5_000, memoryRounds: 2 }
const QUICK = { rounds: 3, ms: 400, members: 1_000, memoryRounds: 1 }

const [OURS, WS, SOCKET_IO] = CONTENDERS

/** What is aimed at, as a share of the peer's CPU; kB for each of 5,000 members. */
const GOALS = { burst: { pairs: 0.65, rooms: 0.45, socketIo: 0.35 }, spread: { ws: 1.1 }, memory: 12 }

const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits))
const spreadOf = (values: readonly number[]): string => {
  const { min, median, max } = figuresOf(values)
  return `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`
}

function ratios({ samples }: Case, peer: string): number[] {
  const theirs = samples[peer] ?? []
  return (samples[OURS.name] ?? []).map(({ cpu }, round) => cpu / (theirs[round]?.cpu ?? Number.NaN))
}

function goals({ members, pattern }: Case): { ws: number; socketIo?: number } {
  if (pattern === 'spread') return { ws: GOALS.spread.ws }
  return { ws: members === 2 ? GOALS.burst.pairs : GOALS.burst.rooms, socketIo: GOALS.burst.socketIo }
}

function met(one: Case): string {
  const { ws, socketIo } = goals(one)
  const misses = [
    ...(figuresOf(ratios(one, WS.name)).median <= ws ? [] : [`ws ${ws}`]),
    ...(socketIo === undefined || figuresOf(ratios(one, SOCKET_IO.name)).median <= socketIo
      ? []
      : [`socket.io ${socketIo}`]),
  ]
  return misses.length === 0 ? 'met' : `missed: ${misses.join(', ')}`
}

function printDeliveries(cases: readonly Case[]): void {
  process.stdout.write(
    '\nServer CPU for each delivery of 200 bytes: medians in µs; ratios round by round, median (least to most)\n',
  )
  console.table(
    Object.fromEntries(
      cases.map((one) => [
        `${one.pattern}, rooms of ${one.members}`,
        {
          ...Object.fromEntries(
            CONTENDERS.map(({ name }) => [
              name,
              rounded(figuresOf((one.samples[name] ?? []).map(({ cpu }) => cpu)).median),
            ]),
          ),
          'to ws': spreadOf(ratios(one, WS.name)),
          'to socket.io': spreadOf(ratios(one, SOCKET_IO.name)),
          goal: met(one),
        },
      ]),
    ),
  )
  process.stdout.write('Deliveries a second, and how many came in one read (medians)\n')
  console.table(
    Object.fromEntries(
      cases.map((one) => [
        `${one.pattern}, rooms of ${one.members}`,
        Object.fromEntries(
          CONTENDERS.map(({ name }) => {
            const samples = one.samples[name] ?? []
            const perSecond = figuresOf(samples.map((sample) => sample.perSecond)).median
            return [
              name,
              `${Math.round(perSecond)} (${figuresOf(samples.map(({ together }) => together)).median.toFixed(1)})`,
            ]
          }),
        ),
      ]),
    ),
  )
}

function printMemory(rounds: readonly Record<string, Held>[], members: number): void {
  const kilobytes = (name: string, of: keyof Held) =>
    figuresOf(rounds.map((round) => (round[name]?.[of] ?? Number.NaN) / 1000)).median
  process.stdout.write(
    `Resident memory for each of ${members} silent members, kB (medians of ${rounds.length})\n`,
  )
  console.table(
    Object.fromEntries(
      CONTENDERS.map(({ name }) => {
        const whole = kilobytes(name, 'whole')
        return [
          name,
          {
            connection: rounded(kilobytes(name, 'connected'), 1),
            'with its session': rounded(whole, 1),
            'before a collection': rounded(kilobytes(name, 'uncollected'), 1),
            ...(name === OURS.name
              ? { goal: whole <= GOALS.memory ? 'met' : `missed: ${GOALS.memory}` }
              : {}),
          },
        ]
      }),
    ),
  )
}

export async function measure(options: readonly string[]): Promise<void> {
  const { rounds, ms, members, memoryRounds } = options.includes('--quick') ? QUICK : FULL
  const began = performance.now()
  const generator = new Generator()
  try {
    const cases = await measureDeliveries(generator, rounds, ms)
    const memory: Record<string, Held>[] = []
    for (let round = 0; round < memoryRounds; round += 1) memory.push(await measureMemory(generator, members))
    printDeliveries(cases)
    printMemory(memory, members)
  } finally {
    await generator.stop()
  }
  const seconds = Math.round((performance.now() - began) / 1000)
  process.stdout.write(
    `Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}, ${rounds} rounds of ${ms} ms, ${seconds} s in all\n`,
  )
}
