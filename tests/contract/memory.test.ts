import type { InstanceId } from '../../server/protocol/ids.ts'
import { createMemoryStore } from '../../server/store/memory.ts'
import { createTestClock } from '../support/clock.ts'
import { storeContract } from './store.ts'

storeContract('memory', () => {
  const clock = createTestClock()
  const inboxes = new Map<InstanceId, (text: string) => void>()
  const store = createMemoryStore({
    now: () => clock.now(),
    publish(inbox, text) {
      inboxes.get(inbox)?.(text)
      return inboxes.has(inbox) ? 1 : 0
    },
  })
  return Promise.resolve({
    store,
    advance: (ms: number) => clock.advance(ms),
    listen(inbox: InstanceId, deliver: (text: string) => void) {
      inboxes.set(inbox, deliver)
      return Promise.resolve(() => void inboxes.delete(inbox))
    },
  })
})
