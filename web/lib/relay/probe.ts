/**
 * How far behind the way to the server is. What the socket calls sent may wait for seconds in buffers of the system
 * and of the network; a `ping` waits behind it there, so the time its answer takes tells.
 */

/** Milliseconds between an answer and the next question. */
const ASK_EVERY = 200
/** So many answers are looked at for the shortest round trip: about ten seconds' worth. */
const REMEMBERED = 40

export interface Probe {
  /** To be called often: asks when it is time. */
  tick(): void
  /** Bits a second that the way carried since the answer before, where this one came so late that it was full. */
  answered(): number | undefined
  /** Milliseconds that the answer which is waited for takes longer than the quickest one lately; 0 where none is. */
  behind(): number
}

/** Milliseconds over the quickest answer from which on the way was full. */
const FULL = 150

/** `sent`: bytes that were handed to the socket so far. */
export const createProbe = (ask: () => void, sent: () => number, now: () => number = Date.now): Probe => {
  let trips: number[] = []
  let askedAt: number | undefined
  let answeredAt = Number.NEGATIVE_INFINITY
  /** Bytes sent when the last question went out, and when the one before it did. */
  let asked = 0
  let before = 0
  return {
    tick() {
      if (askedAt !== undefined || now() - answeredAt < ASK_EVERY) return
      askedAt = now()
      before = asked
      asked = sent()
      ask()
    },
    answered() {
      if (askedAt === undefined) return undefined
      const time = now()
      const trip = time - askedAt
      const passed = time - answeredAt
      answeredAt = time
      askedAt = undefined
      trips = [...trips, trip].slice(-REMEMBERED)
      return trip - Math.min(...trips) > FULL ? ((asked - before) * 8_000) / passed : undefined
    },
    behind() {
      if (askedAt === undefined) return 0
      const quickest = trips.length === 0 ? 0 : Math.min(...trips)
      return Math.max(0, now() - askedAt - quickest)
    },
  }
}
