/** Real servers over a double of Upstash, and what it bills for what is done to them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis } from '../../support/redis-server.ts'
import { startServer, type ServerProcess } from '../../support/server-process.ts'
import { createUpstashDouble } from '../../support/upstash-double/index.ts'

/** What was billed does not grow any more when it has not for so long. Milliseconds. */
const QUIET = 400

/** Commands by kind. */
export type Bill = Readonly<Record<string, number>>

export const totalOf = (bill: Bill): number => Object.values(bill).reduce((sum, count) => sum + count, 0)

export interface Billed {
  /** Addresses of the instances. */
  readonly urls: readonly string[]
  /** What was billed for the start of an instance. */
  readonly start: Bill
  /** What was billed from the call to its end, and for what it set off. */
  of(work: () => Promise<unknown>): Promise<Bill>
  /** What is billed in so many milliseconds of doing nothing. */
  during(ms: number): Promise<Bill>
  close(): Promise<void>
}

export async function startBilled(count: number): Promise<Billed> {
  const redis = await startRedis()
  const double = await createUpstashDouble({ redis })
  const servers: ServerProcess[] = []
  const quiet = async (): Promise<void> => {
    for (let before = -1; before !== double.billedTotal(); await sleep(QUIET)) before = double.billedTotal()
  }
  const of = async (work: () => Promise<unknown>): Promise<Bill> => {
    double.resetBilled()
    await work()
    await quiet()
    return double.billed()
  }
  const startOne = async (): Promise<void> => {
    servers.push(
      await startServer({
        UPSTASH_REDIS_REST_URL: double.url,
        UPSTASH_REDIS_REST_TOKEN: double.token,
        APP_SECRET: 'the-same-on-all-instances',
        ICE_SERVERS: '[]',
        LOG_LEVEL: 'warn',
        NODE_ENV: 'production',
      }),
    )
  }
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(async (server) => server.kill()))
    await double.close()
    await redis.stop()
  }
  try {
    const start = await of(startOne)
    while (servers.length < count) await of(startOne)
    return {
      urls: servers.map(({ url }) => url),
      start,
      of,
      during: (ms) => of(() => sleep(ms - QUIET)),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
