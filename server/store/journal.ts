/** Something written while the store was away, and how it is to be written when it is back. */
export interface Change {
  readonly key: string
  /** Of the table `key`; absent: the key itself. */
  readonly row?: string
  /**
   * - `fact`: whatever is there; a code that was used up, a session that was revoked, an own seat.
   * - `swap`: only where still stands what this instance last saw, `expected`.
   * - `new`: only where nothing is, so that what was ended elsewhere meanwhile stays ended [STORE-4].
   * - `renew`: a new life for what is there.
   */
  readonly kind: 'fact' | 'swap' | 'new' | 'renew'
  /** Absent: deleted, or renewed. */
  readonly text?: string
  readonly expected?: string
  /** Of values: from when on it is not worth writing, in milliseconds of the clock that was handed in. */
  readonly endsAt: number
  /** Of rows: the life to give their table; absent: that which it has. */
  readonly ttlMs?: number
  /** Texts of attempts whose outcome is not known: one of them may stand there already. */
  readonly tried?: readonly string[]
}

/** What was used up, revoked or deleted comes first. */
const ORDER = { fact: 0, swap: 1, new: 2, renew: 3 } as const satisfies Record<Change['kind'], number>
const RANKS = ['fact', 'swap', 'new', 'renew'] as const satisfies readonly Change['kind'][]

const idOf = (key: string, row?: string): string => JSON.stringify(row === undefined ? [key] : [key, row])
const renewalOf = (key: string): string => JSON.stringify([key, null])

/** What is to be written when the store is back: of each key and row its last state. */
export class Journal {
  readonly #changes = RANKS.map(() => new Map<string, Change>())
  /** The changes under each key. */
  readonly #of = new Map<string, Set<string>>()

  get size(): number {
    return this.#changes.reduce((sum, { size }) => sum + size, 0)
  }

  has(key: string): boolean {
    return this.#of.has(key)
  }

  get(key: string, row?: string): Change | undefined {
    const id = idOf(key, row)
    return this.#changes.map((changes) => changes.get(id)).find((change) => change !== undefined)
  }

  add(change: Change): void {
    const id = change.kind === 'renew' ? renewalOf(change.key) : idOf(change.key, change.row)
    const before = change.kind === 'renew' ? undefined : this.get(change.key, change.row)
    if (before !== undefined) this.#remove(id, before)
    const tried = change.tried ?? before?.tried
    this.#changes[ORDER[change.kind]]?.set(id, tried === undefined ? change : { ...change, tried })
    this.#of.set(change.key, (this.#of.get(change.key) ?? new Set()).add(id))
  }

  /** What was written before under a key is no longer wanted: it was deleted, with all its rows. */
  drop(key: string): void {
    for (const id of this.#of.get(key) ?? []) for (const changes of this.#changes) changes.delete(id)
    this.#of.delete(key)
  }

  /** The changes to write next, in the order to write them. */
  next(most: number): Change[] {
    const all = this.#changes.flatMap((changes) => [...changes.values()])
    const isDeletion = ({ kind, row, text }: Change) =>
      kind === 'fact' && row === undefined && text === undefined
    // A table that was deleted is deleted before its new rows are written.
    return [...all.filter(isDeletion), ...all.filter((change) => !isDeletion(change))].slice(0, most)
  }

  /** Whether a change is still to be written, and no later one stands in its place. */
  holds(change: Change): boolean {
    return this.get(change.key, change.row) === change
  }

  /** An attempt to write a change begins, whose outcome may stay unknown. */
  attempt(change: Change): Change {
    const { key, row, text, tried = [] } = change
    if (text === undefined || tried.includes(text)) return change
    const attempted = { ...change, tried: [...tried, text] }
    this.#changes[ORDER[change.kind]]?.set(idOf(key, row), attempted)
    return attempted
  }

  /** The store may have done what a change asks for. */
  attempted(key: string, row?: string): void {
    const change = this.get(key, row)
    if (change !== undefined) this.attempt(change)
  }

  /** A change was written: it goes, unless a later one stands in its place by now. */
  done(change: Change): void {
    const id = change.kind === 'renew' ? renewalOf(change.key) : idOf(change.key, change.row)
    if (this.#changes[ORDER[change.kind]]?.get(id) === change) this.#remove(id, change)
  }

  #remove(id: string, { key, kind }: Change): void {
    this.#changes[ORDER[kind]]?.delete(id)
    const ids = this.#of.get(key)
    ids?.delete(id)
    if (ids?.size === 0) this.#of.delete(key)
  }
}
