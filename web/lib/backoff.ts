/** Waiting times that double up to a cap, each jittered over its upper half, so that clients do not march in step. */
export interface Backoff {
  /** The next waiting time in milliseconds. */
  next(): number
  reset(): void
}

export const createBackoff = ({
  firstMs = 300,
  capMs = 10_000,
  random = Math.random,
}: {
  firstMs?: number
  capMs?: number
  random?: () => number
} = {}): Backoff => {
  let tries = 0
  return {
    next() {
      const ceiling = Math.min(capMs, firstMs * 2 ** tries)
      tries += 1
      return Math.round(ceiling / 2 + (random() * ceiling) / 2)
    },
    reset() {
      tries = 0
    },
  }
}

/** Servers restart within this time: until then the waits stay short, for pictures through the server wait too. */
const SOON = { forMs: 60_000, waitMs: 3_000 }

/** Waits of a client that has lost its server; `reset` when a connection that had lasted ends. */
export const createReconnectWaits = (random: () => number): Backoff => {
  const backoff = createBackoff({ random })
  let since = Date.now()
  return {
    next() {
      const wait = backoff.next()
      const soon = Math.round(SOON.waitMs * (0.5 + random() / 2))
      return Date.now() - since < SOON.forMs ? Math.min(wait, soon) : wait
    },
    reset() {
      since = Date.now()
      backoff.reset()
    },
  }
}
