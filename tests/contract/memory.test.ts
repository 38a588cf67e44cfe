import { createMemoryStore } from '../../server/store/memory.ts'
import { createTestClock } from '../support/clock.ts'
import { storeContract } from './store.ts'

storeContract('memory', () => {
  const clock = createTestClock()
  const store = createMemoryStore({ now: () => clock.now() })
  return Promise.resolve({ store, advance: (ms: number) => clock.advance(ms) })
})
