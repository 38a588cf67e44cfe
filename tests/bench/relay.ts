/**
 * What relayed video costs the server, beside bare `ws` that forwards each frame, in turns in one run:
 * `npm run bench -- relay [--quick]`. Pictures as of 720p at 30 a second: a key picture of 60 kB, then 59 of 8 kB;
 * sent as fast as the slowest watcher takes them. Loopback; the devices are in this process.
 */
import { loadavg } from 'node:os'
import process from 'node:process'
import { Film } from '../support/film.ts'
import type { Server } from './fanout/process.ts'
import { figuresOf } from './figures.ts'
import { CONTENDERS, stream, type Line } from './relay/lines.ts'

const FULL = { rounds: 9, ms: 2_000 }
const QUICK = { rounds: 5, ms: 700 }
/** A server gets three times as fast in its first seconds under load, while its code is compiled. Milliseconds. */
const WARM_UP = 4_000
const WATCHERS = [1, 4] as const
const PER_GROUP = 60
const GB = 1e9

interface Sample {
  /** Seconds of server CPU for each GB that watchers got. */
  readonly cpuPerGb: number
  /** To each watcher. */
  readonly picturesPerSecond: number
}

interface Running {
  readonly name: string
  readonly watchers: number
  readonly server: Server
  readonly line: Line
  readonly shoot: () => Buffer
  readonly samples: Sample[]
}

/** Pictures in groups, the numbers going on from round to round. */
function film(): () => Buffer {
  const made = new Film({ codec: 'avc1.42e01f', keyBytes: 60_000, deltaBytes: 8_000 })
  let count = 0
  return () => {
    count += 1
    return made.shoot(count % PER_GROUP === 1)
  }
}

async function round({ server, line, shoot, samples }: Running, ms: number): Promise<void> {
  const before = await server.usage()
  const relayed = await stream(line, shoot, ms)
  const after = await server.usage()
  samples.push({
    cpuPerGb: (after.cpu - before.cpu) / 1e6 / (relayed.bytes / GB),
    picturesPerSecond: (relayed.pictures * 1_000) / relayed.ms,
  })
}

function print(running: readonly Running[]): void {
  const row = (watchers: number) => {
    const of = (name: string) =>
      running.find((one) => one.name === name && one.watchers === watchers)?.samples ?? []
    const [ours, theirs] = CONTENDERS.map(({ name }) => of(name))
    const ratios = (ours ?? []).map(({ cpuPerGb }, n) => cpuPerGb / (theirs?.[n]?.cpuPerGb ?? Number.NaN))
    const { min, median, max } = figuresOf(ratios)
    return {
      ...Object.fromEntries(
        CONTENDERS.flatMap(({ name }) => {
          const samples = of(name)
          const middle = (values: number[]) => figuresOf(values).median
          return [
            [`${name}: CPU s/GB`, Number(middle(samples.map(({ cpuPerGb }) => cpuPerGb)).toFixed(2))],
            [
              `${name}: pictures/s`,
              Math.round(middle(samples.map(({ picturesPerSecond }) => picturesPerSecond))),
            ],
          ]
        }),
      ),
      'CPU to ws': `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`,
    }
  }
  console.table(Object.fromEntries(WATCHERS.map((watchers) => [`1 to ${watchers}`, row(watchers)])))
}

export async function measure(options: readonly string[]): Promise<void> {
  const { rounds, ms } = options.includes('--quick') ? QUICK : FULL
  const load = loadavg()[0] ?? Number.NaN
  const running: Running[] = []
  try {
    for (const watchers of WATCHERS) {
      for (const { name, start, connect } of CONTENDERS) {
        const server = await start()
        const line = await connect(server.port, watchers)
        running.push({ name, watchers, server, line, shoot: film(), samples: [] })
      }
    }
    for (const { line, shoot } of running) await stream(line, shoot, WARM_UP)
    for (let n = 0; n < rounds; n += 1) for (const one of running) await round(one, ms)
  } finally {
    for (const { server, line } of running) {
      for (const socket of [line.camera, ...line.watchers]) socket.terminate()
      await server.stop()
    }
  }
  process.stdout.write('\nRelayed pictures, medians; the ratio round by round, median (least to most)\n')
  print(running)
  process.stdout.write(
    `${rounds} rounds of ${ms} ms; load of the machine ${load.toFixed(1)} before and ${(loadavg()[0] ?? Number.NaN).toFixed(1)} after\n`,
  )
}
