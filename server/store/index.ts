import { createMemoryStore } from './memory.ts'
import type { Store } from './store.ts'

/** What tells backends apart; `upstash` and `redis` carry their addresses. */
export type StoreChoice = { readonly kind: 'memory' } | { readonly kind: 'upstash' | 'redis' }

interface Log {
  info(text: string): void
  warn(text: string): void
}

/** A configured backend that this version cannot serve. */
export class StoreUnsupported extends Error {
  override name = 'StoreUnsupported'
}

/** Makes the configured store; the only place that names backends. */
export function createStore(choice: StoreChoice, log: Log): Store {
  switch (choice.kind) {
    case 'memory':
      log.warn(
        '[UPSTASH] Redis not configured, using in-memory storage (single instance, data is lost on restart)',
      )
      return createMemoryStore()
    case 'upstash':
    case 'redis':
      throw new StoreUnsupported(
        `A shared store (${choice.kind === 'redis' ? 'REDIS_URL' : 'UPSTASH_REDIS_REST_URL'}) is not supported by this ` +
          'version yet: unset it to run one instance from memory',
      )
  }
}
