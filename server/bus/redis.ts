import { count, DEFAULT_TIMEOUT_MS } from '../redis/commands.ts'
import { connectTcp, createTcpLink, type TcpOptions } from '../redis/tcp.ts'
import type { Bus } from './bus.ts'
import { createRedisBus } from './over-redis.ts'

/** The bus on a Redis server: one connection sends, another one listens. */
export function createTcpBus(options: TcpOptions & { readonly prefix: string }): Bus {
  const { url, prefix, timeoutMs = DEFAULT_TIMEOUT_MS, onCommand } = options
  return createRedisBus(
    createTcpLink(options),
    (channel, message, ended) =>
      connectTcp(url, timeoutMs, ended, async (client) => {
        count([['SUBSCRIBE']], onCommand)
        await client.subscribe(channel, message)
      }),
    prefix,
  )
}
