/** Memory of the server for each member that is connected and silent. */
import { setTimeout as sleep } from 'node:timers/promises'
import { CONTENDERS } from './contenders.ts'
import type { Generator } from './process.ts'

const MEMBERS_A_ROOM = 100
/** What joining took is freed or reused by then. Milliseconds. */
const SETTLE = 1_000
/** Come and go before the first look, so that code and buffers of the server itself are there already. */
const WARM_UP_ROOMS = 2

/** Bytes for each member. */
export interface Held {
  /** Of a connection, after a garbage collection. */
  readonly connected: number
  /** The same and the member's session, as far as the server keeps one. */
  readonly whole: number
  /** The same without the garbage collection. */
  readonly uncollected: number
}

/** A fresh process for each contender. */
export async function measureMemory(generator: Generator, members: number): Promise<Record<string, Held>> {
  const held: Record<string, Held> = {}
  for (const { name, dialect, start, seats } of CONTENDERS) {
    const server = await start()
    try {
      const crowd = { crowd: name, port: server.port, dialect }
      await generator.order({
        do: 'connect',
        ...crowd,
        rooms: await seats(server.port, WARM_UP_ROOMS, MEMBERS_A_ROOM),
      })
      await generator.order({ do: 'close', crowd: name })
      await sleep(SETTLE)
      const empty = await server.usage(true)
      const rooms = await seats(server.port, members / MEMBERS_A_ROOM, MEMBERS_A_ROOM)
      const known = await server.usage(true)
      await generator.order({ do: 'connect', ...crowd, rooms })
      await sleep(SETTLE)
      const uncollected = await server.usage()
      const connected = await server.usage(true)
      await generator.order({ do: 'close', crowd: name })
      held[name] = {
        connected: (connected.rss - known.rss) / members,
        whole: (connected.rss - empty.rss) / members,
        uncollected: (uncollected.rss - empty.rss) / members,
      }
    } finally {
      await server.stop()
    }
  }
  return held
}
