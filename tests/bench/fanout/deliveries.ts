/** CPU of the server for each delivery, for each size of room and each way of sending. */
import { setTimeout as sleep } from 'node:timers/promises'
import { CONTENDERS } from './contenders.ts'
import type { Generator, Server } from './process.ts'
import type { Pattern } from './protocol.ts'

/** Rooms of one size at once: enough that a paced load never finds a room busy. */
const SIZES = [
  { members: 2, rooms: 100 },
  { members: 10, rooms: 20 },
  { members: 1_000, rooms: 1 },
] as const
const PATTERNS: readonly Pattern[] = ['burst', 'spread']

export interface Sample {
  /** Microseconds. */
  readonly cpu: number
  readonly perSecond: number
  /** Deliveries that came in one chunk: 1 where nothing was batched. */
  readonly together: number
}

/** One size and pattern: for each contender its samples, round by round. */
export interface Case {
  readonly members: number
  readonly pattern: Pattern
  readonly samples: Record<string, Sample[]>
}

/** Contenders take turns within each round, so that what else the machine does falls on all of them alike. */
export async function measureDeliveries(generator: Generator, rounds: number, ms: number): Promise<Case[]> {
  const servers = new Map<string, Server>()
  const cases: Case[] = SIZES.flatMap(({ members }) =>
    PATTERNS.map((pattern) => ({ members, pattern, samples: {} })),
  )
  const sample = async (name: string, { members, pattern }: Case, length: number): Promise<Sample> => {
    const server = servers.get(name)
    if (server === undefined) throw new Error(`${name} does not run`)
    const before = await server.usage()
    const delivered = await generator.order({ do: 'load', crowd: `${name} ${members}`, pattern, ms: length })
    const { cpu } = await server.usage()
    if (delivered === undefined || delivered.deliveries === 0) throw new Error(`${name} delivered nothing`)
    return {
      cpu: (cpu - before.cpu) / delivered.deliveries,
      perSecond: (delivered.deliveries * 1000) / delivered.ms,
      together: delivered.deliveries / delivered.reads,
    }
  }
  try {
    for (const { name, dialect, start, seats } of CONTENDERS) {
      const server = await start()
      servers.set(name, server)
      for (const { members, rooms } of SIZES) {
        await generator.order({
          do: 'connect',
          crowd: `${name} ${members}`,
          port: server.port,
          dialect,
          rooms: await seats(server.port, rooms, members),
        })
      }
    }
    // The first round is for the compiler.
    for (let round = -1; round < rounds; round += 1) {
      for (const one of cases) {
        for (const { name } of CONTENDERS) {
          const taken = await sample(name, one, ms)
          if (round >= 0) (one.samples[name] ??= []).push(taken)
          await sleep(20)
        }
      }
    }
    for (const { name } of CONTENDERS) {
      for (const { members } of SIZES) await generator.order({ do: 'close', crowd: `${name} ${members}` })
    }
  } finally {
    for (const server of servers.values()) await server.stop()
  }
  return cases
}
