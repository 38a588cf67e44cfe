/**
 * How long a signal of 200 bytes takes from one device to the other, at rest: `npm run bench -- signal-latency
 * [--quick]`. On one instance with its memory and over Redis, across two over Redis and over the double of Upstash,
 * and across two of Socket.IO with its Redis adapter; in turns in one run, one signal at a time.
 */
import { loadavg } from 'node:os'
import process from 'node:process'
import { startRedis } from '../support/redis-server.ts'
import {
  oursInMemory,
  oursOverRest,
  oursOverTcp,
  socketIoOverRedis,
  startPairs,
  type Pair,
} from './cross/contenders.ts'
import { Generator } from './fanout/process.ts'

const FULL = { rounds: 9, signals: 200 }
const QUICK = { rounds: 3, signals: 100 }
const ROOMS = 10

/** The value below which this share of the sorted ones is. */
const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

export async function measure(options: readonly string[]): Promise<void> {
  const { rounds, signals } = options.includes('--quick') ? QUICK : FULL
  const load = loadavg()[0] ?? Number.NaN
  const redis = await startRedis()
  const generator = new Generator()
  let pairs: Pair[] = []
  const taken = new Map<string, number[]>()
  try {
    pairs = await startPairs([
      oursInMemory,
      () => oursOverTcp(redis.url, 1),
      () => oursOverTcp(redis.url),
      () => oursOverRest(redis.port),
      () => socketIoOverRedis(redis.url),
    ])
    for (const { name, dialect, seats } of pairs)
      await generator.order({ do: 'connect', crowd: name, port: 0, dialect, rooms: await seats(ROOMS, 2) })
    // The first round is for the compiler.
    for (let round = -1; round < rounds; round += 1) {
      for (const { name } of pairs) {
        const times = await generator.ping(name, signals)
        if (round >= 0) taken.set(name, [...(taken.get(name) ?? []), ...times])
      }
    }
  } finally {
    await generator.stop()
    for (const pair of pairs) await pair.stop()
    await redis.stop()
  }
  process.stdout.write('\nA signal from one device to the other, milliseconds\n')
  console.table(
    Object.fromEntries(
      [...taken].map(([name, times]) => {
        const sorted = [...times].sort((a, b) => a - b)
        const at = (share: number) => Number(quantile(sorted, share).toFixed(2))
        return [name, { signals: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99) }]
      }),
    ),
  )
  process.stdout.write(
    `${rounds} rounds of ${signals}; load of the machine ${load.toFixed(1)} before and ${(loadavg()[0] ?? Number.NaN).toFixed(1)} after\n`,
  )
}
