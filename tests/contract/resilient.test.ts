import type { InstanceId } from '../../server/protocol/ids.ts'
import { createMemoryStore } from '../../server/store/memory.ts'
import { createResilientStore } from '../../server/store/resilient.ts'
import { createTestClock } from '../support/clock.ts'
import { storeContract } from './store.ts'

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined }

storeContract('resilient, while state is shared', () => {
  const clock = createTestClock()
  const now = () => clock.now()
  const inboxes = new Map<InstanceId, (text: string) => void>()
  const primary = createMemoryStore({
    now,
    publish(inbox, text) {
      inboxes.get(inbox)?.(text)
      return inboxes.has(inbox) ? 1 : 0
    },
  })
  const instance = () => createResilientStore({ primary, clock, now, log: QUIET })
  return Promise.resolve({
    store: instance(),
    peers: [instance()],
    advance: (ms: number) => clock.advance(ms),
    listen(inbox: InstanceId, deliver: (text: string) => void) {
      inboxes.set(inbox, deliver)
      return Promise.resolve(() => void inboxes.delete(inbox))
    },
  })
})
