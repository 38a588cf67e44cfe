import type { LogSpan } from '../domain/shared-rooms.ts'
import { compareIds, type EntryId, type Origin } from './cursor.ts'

/** More than a log holds, trimmed as roughly as stores do it. Behind that the oldest are forgotten. */
const MOST = 4_096

interface KnownEntry {
  readonly id: EntryId
  readonly origin: Origin
  /** Number of its last event. */
  readonly last: number
}

/** Entries of a room's stored log whose events have all been delivered here, by the order of the log. */
export class KnownEntries {
  readonly #entries: KnownEntry[] = []

  add(id: EntryId, origin: Origin, last: number): void {
    let at = this.#entries.length
    // Word of them comes nearly in order.
    for (let before = this.#entries[at - 1]; before !== undefined; before = this.#entries[at - 1]) {
      const order = compareIds(before.id, id)
      if (order === 0) return
      if (order < 0) break
      at -= 1
    }
    if (at === this.#entries.length) this.#entries.push({ id, origin, last })
    else this.#entries.splice(at, 0, { id, origin, last })
    if (this.#entries.length > MOST) this.#entries.splice(0, MOST / 2)
  }

  /** Forgets those that a log does not have any more. */
  forgetBefore(first: EntryId): void {
    this.#entries.splice(0, this.#countBefore(first))
  }

  /** Whether these are all the entries that a log has. */
  are({ first, last, length }: LogSpan): boolean {
    return this.#countBefore(last) + (this.has(last) ? 1 : 0) - this.#countBefore(first) === length
  }

  has(id: EntryId): boolean {
    return this.#entries[this.#countBefore(id)]?.id === id
  }

  /** The last number of each origin in the entries behind one, up to another. */
  lastNumbers(after: EntryId, upTo: EntryId): Map<Origin, number> {
    const numbers = new Map<Origin, number>()
    for (const { id, origin, last } of this.#entries.slice(this.#countBefore(after))) {
      if (compareIds(id, upTo) > 0) break
      if (id !== after) numbers.set(origin, Math.max(last, numbers.get(origin) ?? 0))
    }
    return numbers
  }

  #countBefore(id: EntryId): number {
    let [low, high] = [0, this.#entries.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const entry = this.#entries[middle]
      if (entry !== undefined && compareIds(entry.id, id) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
