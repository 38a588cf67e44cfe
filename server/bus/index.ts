import type { Bus } from './bus.ts'
import { createLocalBus } from './local.ts'
import { createTcpBus } from './redis.ts'
import { createUpstashBus } from './upstash.ts'

/** Which way leads to the other instances: that of the configured store. */
export type BusChoice =
  | { readonly kind: 'memory' }
  | { readonly kind: 'upstash'; readonly url: string; readonly token: string }
  | { readonly kind: 'redis'; readonly url: string }

export interface BusOptions {
  /** Stands before every channel. */
  readonly prefix: string
  /** Told of every command that is billed: its name, and how many at once. */
  readonly onCommand?: (kind: string, count: number) => void
  /** Neither sending nor opening an inbox takes longer. Milliseconds; 3,000 unless said otherwise. */
  readonly timeoutMs?: number
}

/** Makes the bus that goes with the configured store; the only place that names backends. It connects by itself. */
export function createBus(choice: BusChoice, options: BusOptions): Bus {
  switch (choice.kind) {
    case 'memory':
      return createLocalBus()
    case 'upstash':
      return createUpstashBus({ ...options, url: choice.url, token: choice.token })
    case 'redis':
      return createTcpBus({ ...options, url: choice.url })
  }
}
