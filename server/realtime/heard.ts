import type { SessionId } from '../protocol/ids.ts'
import type { Speaker } from './log.ts'

/** Chains of a sender that are remembered: what comes later than that is of a seat long gone. */
const MOST_CHAINS = 8

/** By which connection of each of its chains a sender was heard last. */
export class Heard {
  readonly #latest = new Map<SessionId, readonly Speaker[]>()

  add(from: SessionId, speaker: Speaker): void {
    const chains = this.#latest.get(from) ?? []
    const before = chains.find(({ since }) => since === speaker.since)
    if (before !== undefined && before.attempt >= speaker.attempt) return
    const others = chains.filter((chain) => chain !== before)
    this.#latest.set(from, [...others.slice(1 - MOST_CHAINS), speaker])
  }

  /** Whether a later connection of the same chain was heard: what this one sent was never answered with `ok`. */
  isLate(from: SessionId, speaker: Speaker): boolean {
    const chains = this.#latest.get(from) ?? []
    return chains.some(({ attempt, since }) => speaker.attempt < attempt && speaker.attempt >= since)
  }
}
