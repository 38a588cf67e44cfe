/** The store that the instances share, and what can be done to it. */
import { startRedis } from '../../../tests/support/redis-server.ts'
import { createUpstashDouble } from '../../../tests/support/upstash-double/index.ts'
import { dialRedis, RespError } from '../../../tests/support/upstash-double/resp.ts'

export interface Backend {
  /** What it is and where. */
  readonly description: string
  /** What leads an instance to it. */
  readonly env: Readonly<Record<string, string>>
  /** Breaks what the instances listen to each other on. */
  cutStreams(): Promise<void>
  /** Ends or begins to serve. */
  outage(on: boolean): Promise<void>
  /** What Upstash would have billed since the last time this was asked; nothing for Redis. */
  bill(): string | undefined
  close(): Promise<void>
}

/** Upstash's REST API, as a double of it before a Redis server. */
export async function startUpstash(): Promise<Backend> {
  const redis = await startRedis()
  const double = await createUpstashDouble({ redis })
  return {
    description: `a double of Upstash's REST API at ${double.url}, over redis-server at 127.0.0.1:${redis.port}`,
    env: { UPSTASH_REDIS_REST_URL: double.url, UPSTASH_REDIS_REST_TOKEN: double.token },
    async cutStreams() {
      double.cutStreams('break')
    },
    outage: (on) => (on ? double.refuse() : double.accept()),
    bill() {
      const kinds = Object.entries(double.billed()).map(([kind, count]) => `${kind} ${count}`)
      const total = double.billedTotal()
      double.resetBilled()
      return `${total} commands${total === 0 ? '' : ` (${kinds.join(', ')})`}`
    },
    async close() {
      await double.close()
      await redis.stop()
    },
  }
}

/** A Redis server over TCP. */
export async function startRedisAlone(): Promise<Backend> {
  const redis = await startRedis()
  return {
    description: `redis-server at 127.0.0.1:${redis.port}`,
    env: { REDIS_URL: redis.url },
    async cutStreams() {
      const connection = dialRedis(redis.port)
      try {
        const [reply] = await connection.send([['CLIENT', 'KILL', 'TYPE', 'pubsub']])
        if (reply instanceof RespError) throw new Error(reply.text)
      } finally {
        connection.close()
      }
    },
    // Stopped in the middle of what it does, so that it keeps what it holds: nothing is answered.
    async outage(on) {
      if (on) redis.pause()
      else redis.resume()
    },
    bill: () => undefined,
    close: () => redis.stop(),
  }
}
