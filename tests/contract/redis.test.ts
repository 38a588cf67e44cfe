import { afterAll, beforeAll } from 'vitest'
import { createBus } from '../../server/bus/index.ts'
import type { InstanceId } from '../../server/protocol/ids.ts'
import { createStore } from '../../server/store/index.ts'
import { startCutProxy, type CutProxy } from '../support/cut-proxy.ts'
import { keysOf } from '../support/redis-keys.ts'
import { startRedis, type RedisServer } from '../support/redis-server.ts'
import { busContract, hear } from './bus.ts'
import { storeContract } from './store.ts'

const PREFIX = 'contract-redis:'

let redis: RedisServer
let proxy: CutProxy
beforeAll(async () => {
  redis = await startRedis()
  proxy = await startCutProxy(() => redis.port)
})
afterAll(async () => {
  await proxy.close()
  await redis.stop()
})

const choice = () => ({ kind: 'redis', url: `redis://127.0.0.1:${proxy.port}` }) as const
const newStore = () => createStore(choice(), { prefix: PREFIX, warn: () => undefined })
const newBus = () => createBus(choice(), { prefix: PREFIX })

storeContract(
  'Redis',
  () =>
    Promise.resolve({
      store: newStore(),
      peers: [newStore(), newStore()],
      async listen(inbox: InstanceId, deliver: (text: string) => void) {
        const bus = newBus()
        await hear(bus, inbox, deliver)
        return () => void bus.close()
      },
      inspect: () => keysOf(redis.url),
    }),
  { concurrent: true, prefix: PREFIX },
)

busContract('Redis', () => Promise.resolve({ bus: newBus, cut: () => proxy.cut() }))
