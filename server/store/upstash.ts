import { createUpstashLink, type UpstashOptions } from '../redis/upstash.ts'
import { createRedisStore, type RedisStoreOptions } from './over-redis.ts'
import type { Store } from './store.ts'

/** The store at Upstash, over its REST API. */
export const createUpstashStore = (options: UpstashOptions & RedisStoreOptions): Store =>
  createRedisStore(createUpstashLink(options), options)
