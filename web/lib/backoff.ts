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
