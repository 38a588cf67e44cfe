import { createMemoryStore } from '../../server/store/memory.ts'
import { createResilientStore } from '../../server/store/resilient.ts'
import { createTestClock } from '../support/clock.ts'
import { storeContract } from './store.ts'

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined }

storeContract('resilient, while state is shared', () => {
  const clock = createTestClock()
  const now = () => clock.now()
  const primary = createMemoryStore({ now })
  const instance = () => createResilientStore({ primary, clock, now, log: QUIET })
  return Promise.resolve({
    store: instance(),
    peers: [instance()],
    advance: (ms: number) => clock.advance(ms),
  })
})
