import type { Listener } from '../../server/bus/bus.ts'
import { createLocalBus } from '../../server/bus/local.ts'
import type { InstanceId } from '../../server/protocol/ids.ts'
import { busContract } from './bus.ts'

busContract('local', () => {
  const inboxes = new Map<InstanceId, Listener>()
  return Promise.resolve({ bus: () => createLocalBus(inboxes) })
})
