/** The server's clock as far as this client knows it, from the `now` of `pong` (docs/SPEC.md, section 4). */

export interface ServerClock {
  /** A `ping` goes out. */
  asked(): void
  /** Its `pong` came. `text` as ISO 8601. */
  answered(text: string): void
  /** Milliseconds of Unix time; the own clock's before the first answer. */
  now(): number
  /** Milliseconds that the last answer took; undefined before the first. */
  roundTrip(): number | undefined
}

/** A worse answer than the best so far is believed once the best is so much older than it was good. */
const FORGET = 1.2

/** The answer with the shortest round trip says most: half of it is the most that the clock can be off. */
export const createServerClock = (own: () => number = Date.now): ServerClock => {
  let offset = 0
  let best = Number.POSITIVE_INFINITY
  let askedAt = 0
  let last: number | undefined
  return {
    asked() {
      askedAt = own()
    },
    answered(text) {
      const theirs = Date.parse(text)
      const now = own()
      const trip = now - askedAt
      if (Number.isNaN(theirs) || trip < 0) return
      last = trip
      if (trip <= best) {
        best = trip
        offset = theirs - (now - trip / 2)
      } else best = Math.max(1, best * FORGET)
    },
    now: () => own() + offset,
    roundTrip: () => last,
  }
}
