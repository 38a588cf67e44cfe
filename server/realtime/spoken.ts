import type { SessionId } from '../protocol/ids.ts'
import type { Speaker } from './log.ts'

/** Chains of resumed connections that are remembered of each sender. */
const MOST_CHAINS = 4

/**
 * Which connection of each sender was heard last, in each of its chains of resumed connections: an event of an earlier
 * one comes late [ROOM-3]. It was never answered with `ok`. A chain that has ended still has its order: an instance that
 * was stopped may go on when its members have begun anew elsewhere.
 */
export class Spoken {
  /** By sender: the first attempt of a chain, and the highest that was heard. */
  readonly #heard = new Map<SessionId, Map<number, number>>()

  isLate(from: SessionId, { attempt }: Speaker): boolean {
    for (const [first, latest] of this.#heard.get(from) ?? [])
      if (attempt >= first && attempt < latest) return true
    return false
  }

  hear(from: SessionId, { attempt, since }: Speaker): void {
    const chains = this.#heard.get(from) ?? new Map<number, number>()
    this.#heard.set(from, chains)
    chains.set(since, Math.max(attempt, chains.get(since) ?? 0))
    if (chains.size > MOST_CHAINS) chains.delete(Math.min(...chains.keys()))
  }
}
