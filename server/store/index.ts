import { createMemoryStore } from './memory.ts'
import { createTcpStore } from './redis.ts'
import { createResilientStore, type ResilientOptions, type ResilientStore } from './resilient.ts'
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

export interface OpeningOptions extends Omit<StoreOptions, 'warn'>, Pick<ResilientOptions, 'clock' | 'log'> {}

/** The store of this process. */
export type OpenStore =
  | { readonly kind: 'memory'; readonly store: Store }
  | { readonly kind: 'upstash' | 'redis'; readonly store: ResilientStore }

/** How the ways to a shared store are called in the log. */
const NAMES = {
  upstash: { tag: '[UPSTASH]', configured: 'Redis REST API configured' },
  redis: { tag: '[REDIS]', configured: 'Redis over TCP configured' },
} as const
/** A start waits no longer for the first answer of the store. Milliseconds. */
const CHECK_WITHIN_MS = 2_500

/** Opens the configured store and says in the log how that went [STORE-1, STORE-2, STORE-3]. */
export async function openStore(choice: StoreChoice, options: OpeningOptions): Promise<OpenStore> {
  const { log, clock } = options
  const primary = createStore(choice, { ...options, warn: (text) => log.warn(text) })
  if (choice.kind === 'memory') return { kind: choice.kind, store: primary }
  const { tag, configured } = NAMES[choice.kind]
  log.info(`${tag} ${configured}`)
  const store = createResilientStore({ primary, clock, log })
  const { state, reason = 'no answer' } = await store.verified(CHECK_WITHIN_MS)
  if (state === 'degraded') log.warn(`${tag} Connection test warning: ${reason}`)
  else {
    log.info(`${tag} ✓ Connection verified`)
    log.info('Redis service initialized')
  }
  return { kind: choice.kind, store }
}
