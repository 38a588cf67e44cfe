/**
 * What faults cost those who are connected: `npm run bench -- recovery [--quick]`. Two instances; one is killed, the
 * store goes away and is back, and what the instances listen on is cut again and again under load.
 */
import { loadavg } from 'node:os'
import process from 'node:process'
import { measureCuts } from './recovery/cuts.ts'
import { measureKilled } from './recovery/killed.ts'
import { measureOutage, type Outage } from './recovery/outage.ts'
import { printFigures } from './figures.ts'

const FULL = { rounds: 3, events: 100_000 }
const QUICK = { rounds: 1, events: 10_000 }

/** An instance is lost in PEER_TIMEOUT_SECONDS + 5 s at most [SYNC-3], rooms agree in five seconds [STORE-4]. */
const GOALS = { redis: 15_000, upstash: 35_000, converged: 5_000 } as const

const most = (values: readonly number[]): number => Math.max(...values)

export async function measure(options: readonly string[]): Promise<void> {
  const { rounds, events } = options.includes('--quick') ? QUICK : FULL
  const load = loadavg()[0] ?? Number.NaN
  const round = Array.from({ length: rounds })
  const outages: Outage[] = []
  // Waiting costs the machine nothing, so these wait together.
  const redis = await Promise.all(round.map(async () => measureKilled('redis')))
  const upstash = await Promise.all(round.map(async () => measureKilled('upstash')))
  while (outages.length < rounds) outages.push(await measureOutage())
  const cuts = await measureCuts(events)

  process.stdout.write('\n')
  const converged = outages.map((outage) => outage.converged)
  printFigures(
    {
      'kill -9 to instance-lost, Redis': redis,
      'kill -9 to instance-lost, Upstash': upstash,
      'store is back to both instances say so': outages.map(({ shared }) => shared),
      'store is back to all rooms agree': converged,
    },
    'ms',
  )
  const sum = (of: 'lost' | 'doubled') => outages.reduce((all, outage) => all + outage[of], cuts[of])
  process.stdout.write(
    [
      `${cuts.events} events between the instances under ${cuts.cuts} cuts of their event streams, in ${(cuts.ms / 1_000).toFixed(0)} s: ${cuts.lost} lost, ${cuts.doubled} doubled`,
      `with those of the outages: ${sum('lost')} lost, ${sum('doubled')} doubled`,
      most(redis) <= GOALS.redis &&
      most(upstash) <= GOALS.upstash &&
      most(converged) <= GOALS.converged &&
      sum('lost') + sum('doubled') === 0
        ? 'Goals met'
        : 'Goals missed',
      `load of the machine ${load.toFixed(1)} before and ${(loadavg()[0] ?? Number.NaN).toFixed(1)} after`,
      '',
    ].join('\n'),
  )
}
