import { createTcpLink, type TcpOptions } from '../redis/tcp.ts'
import { createRedisStore, type RedisStoreOptions } from './over-redis.ts'
import type { Store } from './store.ts'

/** The store on a Redis server, over TCP. */
export const createTcpStore = (options: TcpOptions & RedisStoreOptions): Store =>
  createRedisStore(createTcpLink(options), options)
