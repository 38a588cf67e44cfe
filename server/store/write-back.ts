import type { Change, Journal } from './journal.ts'
import type { Known } from './known.ts'
import type { Store, Write } from './store.ts'

/** Changes that are written at once. */
const CHUNK = 50
/** The life of a table that nobody here knows any more. Milliseconds. */
const TABLE_TTL_MS = 7 * 86_400_000

/** What a change that holds whatever is there comes to. */
function writeOf({ key, row, text, ttlMs, endsAt }: Change, now: number): Write {
  if (row === undefined)
    return text === undefined
      ? { delete: 'keys', keys: [key] }
      : { put: 'value', key, value: text, ttlMs: Math.ceil(endsAt - now) }
  if (text === undefined) return { delete: 'rows', table: key, rows: [row] }
  const life = ttlMs === undefined ? {} : { ttlMs }
  return { put: 'rows', table: key, rows: new Map([[row, text]]), ...life }
}

/** Writes to the store what happened while it was away. */
export class WriteBack {
  readonly #store: Store
  readonly #journal: Journal
  readonly #known: Known
  readonly #now: () => number

  constructor(store: Store, journal: Journal, known: Known, now: () => number) {
    this.#store = store
    this.#journal = journal
    this.#known = known
    this.#now = now
  }

  /**
   * Writes the next changes. What fails stays in the journal.
   * @throws StoreUnavailable
   */
  async next(): Promise<void> {
    const now = this.#now()
    const changes = this.#journal.next(CHUNK)
    const worth = changes.filter(({ endsAt }) => endsAt > now)
    for (const change of changes) if (!worth.includes(change)) this.#journal.done(change)
    const facts = worth.filter(({ kind }) => kind === 'fact')
    const renewals = worth.filter(({ kind }) => kind === 'renew')
    const writes = [
      ...facts.map((change) => writeOf(change, now)),
      ...renewals.map(({ key, ttlMs = TABLE_TTL_MS }): Write => ({ renew: key, ttlMs })),
    ]
    if (writes.length > 0) await this.#store.step(writes)
    for (const change of [...facts, ...renewals]) this.#journal.done(change)
    const others = worth.filter(({ kind }) => kind === 'swap' || kind === 'new')
    // All of them end before the first failure is told: none may run on behind the caller's back.
    const outcomes = await Promise.allSettled(others.map((change) => this.#unlessEnded(change)))
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  /** Writes something live: only where what it follows still stands, or nothing [STORE-4]. */
  async #unlessEnded(given: Change): Promise<void> {
    // It was changed once more while others were written.
    if (!this.#journal.holds(given)) return
    const change = this.#journal.attempt(given)
    const { key, row, text = '', expected, tried = [] } = change
    const followed = [...(expected === undefined ? [] : [expected]), ...tried].filter((each) => each !== text)
    let written = change.kind === 'new' && (await this.#create(change, text))
    for (const each of followed) {
      if (written) break
      written =
        row === undefined
          ? await this.#store.replace(key, each, text)
          : await this.#store.replaceRow(key, row, each, text)
    }
    // Somebody else's stands there, or this one from an earlier attempt: the store knows.
    const isLast = this.#journal.holds(change)
    this.#journal.done(change)
    if (written || !isLast) return
    if (row === undefined) this.#known.forget(key)
    else this.#known.forgetRow(key, row)
  }

  #create({ key, row, ttlMs = TABLE_TTL_MS, endsAt }: Change, text: string): Promise<boolean> {
    return row === undefined
      ? this.#store.create(key, text, Math.max(1, Math.ceil(endsAt - this.#now())))
      : this.#store.createRow(key, row, text, ttlMs)
  }
}
