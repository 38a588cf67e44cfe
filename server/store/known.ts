/** A value as an instance knows it; without a text it is known to be absent. */
export interface KnownValue {
  readonly text: string | undefined
  /** This instance created it. */
  readonly own: boolean
  /** When it ends, in milliseconds of the clock that was handed in. */
  readonly endsAt: number
}

interface Ending {
  endsAt: number
  /** Its end was given here: after it, it is gone, and not merely unknown. */
  sure: boolean
}
type Entry = Ending &
  (
    | { readonly kind: 'value'; text: string | undefined; own: boolean }
    | {
        readonly kind: 'table'
        rows: Map<string, string | undefined>
        /** What is not among the rows is known to be absent. */
        whole: boolean
        /** The life it was last given here. */
        ttlMs: number | undefined
      }
  )
type Table = Extract<Entry, { kind: 'table' }>

/** How long something is remembered whose end only the store knows. Milliseconds. */
const UNSURE_FOR_MS = 7 * 86_400_000
/** A table weighs as much as its rows, and so does an empty one. */
const weightOf = (entry: Entry): number => (entry.kind === 'value' ? 1 : Math.max(1, entry.rows.size))

/**
 * What an instance knows of the store: what it wrote and read, bounded, the longest unused forgotten first. It says
 * three things of a key or row: its text, that it is absent, or nothing at all.
 */
export class Known {
  readonly #now: () => number
  readonly #most: number
  readonly #pinned: (key: string) => boolean
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>()
  #weight = 0

  /**
   * @param most keys and rows
   * @param pinned keys that are not to be forgotten yet
   */
  constructor(now: () => number, most: number, pinned: (key: string) => boolean) {
    this.#now = now
    this.#most = most
    this.#pinned = pinned
  }

  value(key: string): KnownValue | undefined {
    const entry = this.#live(key)
    if (entry?.kind !== 'value') return undefined
    this.#keep(key, entry)
    return { text: entry.text, own: entry.own, endsAt: entry.endsAt }
  }

  /** @param options without a TTL it keeps the end it had */
  setValue(key: string, text: string | undefined, options: { ttlMs?: number; own?: boolean } = {}): void {
    const before = this.#live(key)
    const same = before?.kind === 'value' ? before : undefined
    const own = options.own ?? same?.own ?? false
    this.#keep(key, { kind: 'value', text, own, ...this.#ending(options.ttlMs, same) })
  }

  row(table: string, row: string): { readonly text: string | undefined } | undefined {
    const entry = this.#table(table)
    if (entry === undefined || !(entry.whole || entry.rows.has(row))) return undefined
    return { text: entry.rows.get(row) }
  }

  /** The rows that are known; nothing where the table is not. */
  rows(table: string): Map<string, string> | undefined {
    const entry = this.#table(table)
    if (entry === undefined) return undefined
    const there = new Map<string, string>()
    for (const [row, text] of entry.rows) if (text !== undefined) there.set(row, text)
    return there
  }

  setRow(table: string, row: string, text: string | undefined, ttlMs?: number): void {
    this.#putRows(table, [[row, text]], ttlMs)
  }

  /** All rows of a table, as they were read. */
  setRows(table: string, rows: ReadonlyMap<string, string>): void {
    this.forget(table, true)
    this.#putRows(table, rows)
  }

  /** The life that a table was last given here. */
  ttlOf(table: string): number | undefined {
    return this.#table(table)?.ttlMs
  }

  renew(key: string, ttlMs: number): void {
    const entry = this.#live(key)
    if (entry === undefined) return
    Object.assign(entry, this.#ending(ttlMs))
    if (entry.kind === 'table') entry.ttlMs = ttlMs
  }

  /** Nothing is there, neither a value nor a table. */
  setAbsent(key: string): void {
    const before = this.#live(key)
    const ending = { endsAt: Infinity, sure: true }
    if (before?.kind === 'table')
      this.#keep(key, { kind: 'table', rows: new Map(), whole: true, ttlMs: before.ttlMs, ...ending })
    else
      this.#keep(key, {
        kind: 'value',
        text: undefined,
        own: before?.kind === 'value' && before.own,
        ...ending,
      })
  }

  /** From now on it says nothing of this key; `keepLife`: but how long the table lives. */
  forget(key: string, keepLife = false): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    if (keepLife && entry.kind === 'table') this.#keep(key, { ...entry, rows: new Map(), whole: false })
    else this.#drop(key, entry)
  }

  forgetRow(table: string, row: string): void {
    const entry = this.#table(table)
    if (entry === undefined) return
    const { rows } = entry
    if (!rows.has(row)) return
    this.#weight -= weightOf(entry)
    rows.delete(row)
    this.#weight += weightOf(entry)
  }

  #putRows(table: string, rows: Iterable<readonly [string, string | undefined]>, ttlMs?: number): void {
    const before = this.#table(table)
    const after: Table = before ?? {
      kind: 'table',
      rows: new Map(),
      whole: false,
      ttlMs: undefined,
      endsAt: 0,
      sure: false,
    }
    if (before !== undefined) this.#drop(table, before)
    for (const [row, text] of rows) after.rows.set(row, text)
    if (ttlMs !== undefined) after.ttlMs = ttlMs
    this.#keep(table, Object.assign(after, this.#ending(ttlMs, before)))
  }

  #table(key: string): Table | undefined {
    const entry = this.#live(key)
    if (entry?.kind !== 'table') return undefined
    this.#keep(key, entry)
    return entry
  }

  /** @param before what keeps its end where no TTL is given */
  #ending(ttlMs: number | undefined, before?: Ending): Ending {
    if (ttlMs !== undefined) return { endsAt: this.#now() + ttlMs, sure: true }
    if (before !== undefined && before.endsAt !== Infinity)
      return { endsAt: before.endsAt, sure: before.sure }
    return { endsAt: this.#now() + UNSURE_FOR_MS, sure: false }
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.endsAt > this.#now()) return entry
    if (!entry.sure) {
      this.#drop(key, entry)
      return undefined
    }
    this.#setEnded(key, entry)
    return this.#entries.get(key)
  }

  /** What has surely ended is known to be absent, until it is forgotten. */
  #setEnded(key: string, entry: Entry): void {
    const ending = { endsAt: Infinity, sure: true }
    this.#keep(
      key,
      entry.kind === 'value'
        ? { ...entry, text: undefined, ...ending }
        : { ...entry, rows: new Map(), whole: true, ...ending },
    )
  }

  #keep(key: string, entry: Entry): void {
    const before = this.#entries.get(key)
    if (before !== undefined) this.#drop(key, before)
    this.#entries.set(key, entry)
    this.#weight += weightOf(entry)
    if (this.#weight > this.#most) this.#shrink()
  }

  #drop(key: string, entry: Entry): void {
    this.#entries.delete(key)
    this.#weight -= weightOf(entry)
  }

  #shrink(): void {
    // One round at most: what is pinned moves to the other end.
    for (let left = this.#entries.size; left > 1 && this.#weight > this.#most; left -= 1) {
      const oldest = this.#entries.entries().next().value
      if (oldest === undefined) return
      const [key, entry] = oldest
      this.#drop(key, entry)
      if (!this.#pinned(key)) continue
      this.#entries.set(key, entry)
      this.#weight += weightOf(entry)
    }
  }
}
