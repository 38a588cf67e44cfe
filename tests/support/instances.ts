import { startRedis } from './redis-server.ts'
import { freePort, startServer, type ServerProcess } from './server-process.ts'

/** Servers that share their rooms over one Redis, and reach each other. */
export interface Instances {
  readonly all: readonly ServerProcess[]
  /** The one of this index, from 0. @throws Error where there is none */
  at(index: number): ServerProcess
  /** Ends them, and their Redis behind them. */
  stop(): Promise<void>
}

/**
 * Starts so many on ports of loopback, with a Redis of their own.
 * @param env further variables of each
 * @throws StartError where one does not start; the others are ended then
 */
export async function startInstances(
  count: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Instances> {
  const redis = await startRedis()
  const all: ServerProcess[] = []
  const stop = async () => {
    await Promise.all(all.map((server) => server.stop()))
    await redis.stop()
  }
  try {
    while (all.length < count) {
      const port = String(await freePort())
      const own = { PORT: port, REDIS_URL: redis.url, INTERNAL_URL: `http://127.0.0.1:${port}` }
      all.push(await startServer({ ICE_SERVERS: '[]', ...env, ...own }))
    }
  } catch (error) {
    await stop()
    throw error
  }
  return {
    all,
    stop,
    at(index) {
      const server = all[index]
      if (server === undefined) throw new Error(`there is no instance ${index}`)
      return server
    },
  }
}
