/**
 * What it costs that members are on two instances: `npm run bench -- cross [--quick]`. Two servers of ours over Redis
 * and over the double of Upstash, and two of Socket.IO with its Redis adapter over the same Redis, in turns in one
 * run. Each room has half of its members on either server, and one burst of four messages under way.
 */
import { loadavg } from 'node:os'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis } from '../support/redis-server.ts'
import { oursOverRest, oursOverTcp, socketIoOverRedis, startPairs, type Pair } from './cross/contenders.ts'
import { Generator, pinAside } from './fanout/process.ts'
import { figuresOf } from './figures.ts'

const FULL = { rounds: 7, ms: 1_500 }
const QUICK = { rounds: 3, ms: 600 }
/** Rounds for the compiler, which goes on for several seconds with each contender: servers run for days. */
const WARM_UP = 8
const SIZES = [
  { members: 2, rooms: 100 },
  { members: 10, rooms: 20 },
] as const
type Size = (typeof SIZES)[number]

/** Deliveries a second, as a share of the peer's. */
const GOALS = { 'TCP to socket.io': 1.6, 'REST to TCP': 0.8 } as const

interface Sample {
  readonly perSecond: number
  /** Of both servers, for each delivery. Microseconds. */
  readonly cpu: number
}

/** For each contender its samples, round by round. */
type Samples = Map<string, Sample[]>

const crowdOf = ({ name }: Pair, { members }: Size): string => `${name} ${members}`
const cpuOf = async ({ servers }: Pair): Promise<number> =>
  (await Promise.all(servers.map(async (server) => server.usage()))).reduce((sum, { cpu }) => sum + cpu, 0)

async function sample(generator: Generator, pair: Pair, size: Size, ms: number): Promise<Sample> {
  const before = await cpuOf(pair)
  const delivered = await generator.order({ do: 'load', crowd: crowdOf(pair, size), pattern: 'burst', ms })
  const cpu = (await cpuOf(pair)) - before
  if (delivered === undefined || delivered.deliveries === 0) throw new Error(`${pair.name} delivered nothing`)
  return { perSecond: (delivered.deliveries * 1_000) / delivered.ms, cpu: cpu / delivered.deliveries }
}

async function measureSizes(
  generator: Generator,
  pairs: readonly Pair[],
  rounds: number,
  ms: number,
): Promise<Map<Size, Samples>> {
  const found = new Map<Size, Samples>(SIZES.map((size) => [size, new Map<string, Sample[]>()]))
  for (const pair of pairs) {
    for (const size of SIZES) {
      await generator.order({
        do: 'connect',
        crowd: crowdOf(pair, size),
        port: 0,
        dialect: pair.dialect,
        rooms: await pair.seats(size.rooms, size.members),
      })
    }
  }
  for (let round = -WARM_UP; round < rounds; round += 1) {
    for (const [size, samples] of found) {
      for (const pair of pairs) {
        const taken = await sample(generator, pair, size, ms)
        if (round >= 0) samples.set(pair.name, [...(samples.get(pair.name) ?? []), taken])
        await sleep(50)
      }
    }
  }
  return found
}

const ratios = (samples: Samples, ours: string, theirs: string, of: keyof Sample): number[] =>
  (samples.get(ours) ?? []).map(
    (each, round) => each[of] / (samples.get(theirs)?.[round]?.[of] ?? Number.NaN),
  )

const spread = (values: readonly number[]): string => {
  const { min, median, max } = figuresOf(values)
  return `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`
}

function print(
  found: ReadonlyMap<Size, Samples>,
  [tcp, rest, peer]: readonly [string, string, string],
): void {
  process.stdout.write(
    '\nMessages of 200 bytes between two instances, medians: deliveries a second (CPU of both, µs each)\n',
  )
  console.table(
    Object.fromEntries(
      [...found].map(([{ members }, samples]) => [
        `rooms of ${members}`,
        Object.fromEntries(
          [...samples].map(([name, taken]) => {
            const median = (of: keyof Sample) => figuresOf(taken.map((each) => each[of])).median
            return [name, `${Math.round(median('perSecond'))} (${median('cpu').toFixed(1)})`]
          }),
        ),
      ]),
    ),
  )
  const compared = { 'TCP to socket.io': [tcp, peer], 'REST to TCP': [rest, tcp] } as const
  process.stdout.write('Ratios, round by round: median (least to most)\n')
  console.table(
    Object.fromEntries(
      [...found].flatMap(([{ members }, samples]) =>
        (Object.keys(GOALS) as (keyof typeof GOALS)[]).map((name) => {
          const [ours, theirs] = compared[name]
          const throughput = ratios(samples, ours, theirs, 'perSecond')
          return [
            `rooms of ${members}, ${name}`,
            {
              'deliveries a second': spread(throughput),
              'CPU each': spread(ratios(samples, ours, theirs, 'cpu')),
              goal: figuresOf(throughput).median >= GOALS[name] ? 'met' : `missed: ${GOALS[name]}`,
            },
          ]
        }),
      ),
    ),
  )
}

export async function measure(options: readonly string[]): Promise<void> {
  const { rounds, ms } = options.includes('--quick') ? QUICK : FULL
  const redis = await startRedis()
  pinAside(redis.pid)
  const generator = new Generator()
  let pairs: Pair[] = []
  const load = loadavg()[0] ?? Number.NaN
  try {
    pairs = await startPairs([
      () => oursOverTcp(redis.url),
      () => oursOverRest(redis.port),
      () => socketIoOverRedis(redis.url),
    ])
    const [tcp = '', rest = '', peer = ''] = pairs.map(({ name }) => name)
    print(await measureSizes(generator, pairs, rounds, ms), [tcp, rest, peer])
  } finally {
    await generator.stop()
    for (const pair of pairs) await pair.stop()
    await redis.stop()
  }
  process.stdout.write(
    `${rounds} rounds of ${ms} ms; load of the machine ${load.toFixed(1)} before and ${(loadavg()[0] ?? Number.NaN).toFixed(1)} after\n`,
  )
}
