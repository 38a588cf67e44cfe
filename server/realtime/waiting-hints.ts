import type { Batch } from './batch.ts'
import type { Origin } from './cursor.ts'

/** Hints that may wait for a read; more are in the log as well. */
const MOST = 2_000

interface Hint {
  readonly batch: Batch
  /** The how many-th it is of those that came. */
  readonly nth: number
}

/** What becomes of a hint whose turn it is. */
export type Turn = 'goes' | 'waits' | 'old'

/**
 * Hints that wait for a read of the log: those of one origin for their numbers, and those of several for the order in
 * which they came, since a sender who moved says first what it said first.
 */
export class WaitingHints {
  /** Each origin's in the order of their numbers. */
  readonly #origins = new Map<Origin, Hint[]>()
  #came = 0
  #size = 0

  /** How many have come. A read that begins now covers them: all that they stand behind is in the log already. */
  get came(): number {
    return this.#came
  }

  get isEmpty(): boolean {
    return this.#size === 0
  }

  has(origin: Origin): boolean {
    return this.#origins.has(origin)
  }

  add(batch: Batch): void {
    this.#came += 1
    if (this.#size >= MOST) return
    this.#size += 1
    const hints = this.#origins.get(batch.origin) ?? []
    this.#origins.set(batch.origin, hints)
    const behind = hints.findIndex(({ batch: { first } }) => first > batch.first)
    hints.splice(behind < 0 ? hints.length : behind, 0, { batch, nth: this.#came })
  }

  /**
   * Lets those go whose turn it is, until none does.
   * @param covered those up to this one came before the read began
   * @returns whether others are left: of those that a read covered, and of those that it did not
   */
  settle(
    covered: number,
    turnOf: (batch: Batch, isCovered: boolean) => Turn,
    go: (batch: Batch) => void,
  ): { readonly covered: boolean; readonly uncovered: boolean } {
    for (let next = this.#next(covered, turnOf); next !== undefined; next = this.#next(covered, turnOf))
      go(next)
    const left = [...this.#origins.values()].flat()
    return {
      covered: left.some(({ nth }) => nth <= covered),
      uncovered: left.some(({ nth }) => nth > covered),
    }
  }

  clear(): void {
    this.#origins.clear()
    this.#size = 0
  }

  /** Of the first of each origin that may go the one that came first. */
  #next(covered: number, turnOf: (batch: Batch, isCovered: boolean) => Turn): Batch | undefined {
    let next: Hint | undefined
    for (const [origin, hints] of this.#origins) {
      let [first] = hints
      while (first !== undefined && turnOf(first.batch, first.nth <= covered) === 'old') {
        this.#drop(origin, hints)
        ;[first] = hints
      }
      if (first === undefined || turnOf(first.batch, first.nth <= covered) !== 'goes') continue
      if (next === undefined || first.nth < next.nth) next = first
    }
    if (next === undefined) return undefined
    this.#drop(next.batch.origin, this.#origins.get(next.batch.origin) ?? [])
    return next.batch
  }

  #drop(origin: Origin, hints: Hint[]): void {
    hints.shift()
    this.#size -= 1
    if (hints.length === 0) this.#origins.delete(origin)
  }
}
