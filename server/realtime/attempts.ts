import type { SessionId } from '../protocol/ids.ts'

/** The highest attempt of each session, kept while its room is open: a late, lower one must not win. */
export class Attempts {
  readonly #highest = new Map<SessionId, number>()

  of(id: SessionId): number {
    return this.#highest.get(id) ?? 0
  }

  /** There was this attempt, whatever came of it. */
  raise(id: SessionId, attempt: number): void {
    this.#highest.set(id, Math.max(attempt, this.of(id)))
  }

  /**
   * A hello of a client that counts, or of one that does not, which is taken in the order of arrival.
   * @param known the highest that is known here and elsewhere
   * @returns the attempt that counts, or nothing where a later one is known
   */
  take(id: SessionId, attempt: number | undefined, known: number): number | undefined {
    if (attempt !== undefined && attempt < known) return undefined
    this.#highest.set(id, attempt ?? known)
    return attempt ?? known
  }
}
