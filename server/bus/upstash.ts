import { count, DEFAULT_TIMEOUT_MS } from '../redis/commands.ts'
import { openSubscription } from '../redis/upstash-stream.ts'
import { createUpstashLink, type UpstashOptions } from '../redis/upstash.ts'
import type { Bus } from './bus.ts'
import { createRedisBus } from './over-redis.ts'

/** The bus at Upstash: messages go out over its REST API and come in as an event stream. */
export function createUpstashBus(options: UpstashOptions & { readonly prefix: string }): Bus {
  const { url, token, prefix, timeoutMs = DEFAULT_TIMEOUT_MS, onCommand } = options
  return createRedisBus(
    createUpstashLink(options),
    (channel, message, ended) => {
      count([['SUBSCRIBE']], onCommand)
      return openSubscription({ url, token, channel, timeoutMs, ended, message })
    },
    prefix,
  )
}
