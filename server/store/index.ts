import { createMemoryStore } from './memory.ts'
import { createTcpStore } from './redis.ts'
import type { Store } from './store.ts'
import { createUpstashStore } from './upstash.ts'

/** Which store was configured, and where it is. */
export type StoreChoice =
  | { readonly kind: 'memory' }
  | { readonly kind: 'upstash'; readonly url: string; readonly token: string }
  | { readonly kind: 'redis'; readonly url: string }

export interface StoreOptions {
  /** Stands before every key [STORE-5]. */
  readonly prefix: string
  readonly warn: (text: string) => void
  /** Told of every command that a shared store bills: its name, and how many at once. */
  readonly onCommand?: (kind: string, count: number) => void
  /** No call of a shared store takes longer. Milliseconds; 3,000 unless said otherwise. */
  readonly timeoutMs?: number
}

/** Makes the configured store; the only place that names backends. It connects by itself and fails nothing here. */
export function createStore(choice: StoreChoice, options: StoreOptions): Store {
  switch (choice.kind) {
    case 'memory':
      options.warn(
        '[UPSTASH] Redis not configured, using in-memory storage (single instance, data is lost on restart)',
      )
      return createMemoryStore({ warn: options.warn })
    case 'upstash':
      return createUpstashStore({ ...options, url: choice.url, token: choice.token })
    case 'redis':
      return createTcpStore({ ...options, url: choice.url })
  }
}
