import type { Flights } from './flights.ts'
import type { Change, Journal } from './journal.ts'
import type { Known } from './known.ts'
import { StoreUnavailable, type Found, type Reads, type Write } from './store.ts'

const DAY = 86_400_000
/** The life of a table whose own nobody here knows. Milliseconds. */
const TABLE_TTL_MS = 7 * DAY

const unknown = (): StoreUnavailable =>
  new StoreUnavailable('the store is away, and what was asked for is not known here')
/** Another instance could do the same at the same time, and both would succeed. */
const shared = (): StoreUnavailable =>
  new StoreUnavailable('the store is away, and what is to be changed belongs to all instances')

/**
 * The store's work while it is away: what can be done with what this instance knows, each change noted in the journal.
 * Everything is done at once, without waiting. Methods throw `StoreUnavailable` where the answer could be wrong.
 */
export class Alone {
  readonly #now: () => number
  readonly #known: Known
  readonly #journal: Journal
  readonly #flights: Flights

  constructor(now: () => number, known: Known, journal: Journal, flights: Flights) {
    this.#now = now
    this.#known = known
    this.#journal = journal
    this.#flights = flights
  }

  get(key: string): string | undefined {
    const value = this.#known.value(key)
    if (value === undefined) throw unknown()
    return value.text
  }

  create(key: string, text: string, ttlMs: number): boolean {
    if (this.#known.value(key)?.text !== undefined) return false
    // What this instance itself deleted is free again, whatever the store still holds.
    const kind = this.#journal.get(key)?.kind === 'fact' ? 'fact' : 'new'
    this.#known.setValue(key, text, { ttlMs, own: true })
    this.#note({ key, kind, text, endsAt: this.#now() + ttlMs })
    return true
  }

  renew(key: string, ttlMs: number): void {
    this.#known.renew(key, ttlMs)
    this.#journal.add({ key, kind: 'renew', endsAt: this.#now() + ttlMs, ttlMs })
  }

  /** Uses something up: only what this instance itself made, since nobody else may do it meanwhile. */
  exchange(key: string, text: string): string | undefined {
    const value = this.#ownValue(key)
    if (value.text === undefined) return undefined
    this.#known.setValue(key, text)
    this.#note({ key, kind: 'fact', text, endsAt: value.endsAt })
    return value.text
  }

  replace(key: string, expected: string, text: string): boolean {
    const value = this.#ownValue(key)
    if (value.text !== expected) return false
    this.#known.setValue(key, text)
    this.#note({ key, ...this.#laterThan(expected, key), text, endsAt: value.endsAt })
    return true
  }

  delete(keys: readonly string[]): void {
    for (const key of keys) {
      this.#known.setAbsent(key)
      this.#journal.drop(key)
      this.#note({ key, kind: 'fact', endsAt: Infinity })
    }
  }

  row(table: string, row: string): string | undefined {
    const known = this.#known.row(table, row)
    if (known === undefined) throw unknown()
    return known.text
  }

  rows(table: string): ReadonlyMap<string, string> {
    const rows = this.#known.rows(table)
    if (rows === undefined) throw unknown()
    return rows
  }

  putRow(table: string, row: string, text: string, ttlMs?: number): void {
    const before = this.#known.row(table, row)?.text
    const how = this.#laterThan(before, table, row)
    const life = ttlMs ?? this.#known.ttlOf(table) ?? TABLE_TTL_MS
    this.#known.setRow(table, row, text, ttlMs)
    this.#note({ key: table, row, ...how, text, ttlMs: life, endsAt: Infinity })
  }

  createRow(table: string, row: string, text: string, ttlMs: number): boolean {
    if (this.#known.row(table, row)?.text !== undefined) return false
    this.putRow(table, row, text, ttlMs)
    return true
  }

  replaceRow(table: string, row: string, expected: string, text: string): boolean {
    const known = this.#known.row(table, row)
    if (known === undefined) throw unknown()
    if (this.#flights.writing(table, row)) throw shared()
    if (known.text !== expected) return false
    const ttlMs = this.#known.ttlOf(table) ?? TABLE_TTL_MS
    this.#known.setRow(table, row, text)
    this.#note({ key: table, row, ...this.#laterThan(expected, table, row), text, ttlMs, endsAt: Infinity })
    return true
  }

  deleteRows(table: string, rows: readonly string[]): void {
    for (const row of rows) {
      this.#known.setRow(table, row, undefined)
      this.#note({ key: table, row, kind: 'fact', endsAt: Infinity })
    }
  }

  /**
   * A step writes what holds whatever else is there: values, tombstones, own seats. Entries of logs are left out: who
   * adds them keeps and sends them again. Of tables that nobody here knows it finds no rows, of logs no entries.
   */
  step(writes: readonly Write[], reads: Reads): Found {
    const { value, row } = reads
    const puts = (key: string, rowId?: string) =>
      writes.some((write) =>
        rowId === undefined
          ? 'put' in write && write.put === 'value' && write.key === key
          : 'put' in write && write.put === 'rows' && write.table === key && write.rows.has(rowId),
      )
    // Before anything is written: a step is done wholly or not at all.
    if (value !== undefined && !puts(value)) this.get(value)
    if (row !== undefined && !puts(row.table, row.row)) this.row(row.table, row.row)
    for (const write of writes) this.#write(write)
    const text = value === undefined ? undefined : this.get(value)
    const rowText = row === undefined ? undefined : this.row(row.table, row.row)
    return {
      ...(text === undefined ? {} : { value: text }),
      ...(rowText === undefined ? {} : { row: rowText }),
      tables: (reads.tables ?? []).map((table) => this.#known.rows(table) ?? new Map<string, string>()),
      log: [],
    }
  }

  #write(write: Write): void {
    if ('renew' in write) this.renew(write.renew, write.ttlMs)
    else if ('delete' in write) {
      if (write.delete === 'keys') this.delete(write.keys)
      else this.deleteRows(write.table, write.rows)
    } else if (write.put === 'value') {
      const { key, value, ttlMs } = write
      this.#known.setValue(key, value, { ttlMs })
      this.#note({ key, kind: 'fact', text: value, endsAt: this.#now() + ttlMs })
    } else if (write.put === 'rows') {
      const { table, ttlMs } = write
      for (const [row, text] of write.rows) {
        this.#known.setRow(table, row, text, ttlMs)
        const life = ttlMs === undefined ? {} : { ttlMs }
        this.#note({ key: table, row, kind: 'fact', text, ...life, endsAt: Infinity })
      }
    }
  }

  #ownValue(key: string) {
    const value = this.#known.value(key)
    if (value === undefined) throw unknown()
    if (!value.own || this.#flights.writing(key)) throw shared()
    return value
  }

  /** How something is written in whose place this instance last saw `before`. */
  #laterThan(before: string | undefined, key: string, row?: string): Pick<Change, 'kind' | 'expected'> {
    const noted = this.#journal.get(key, row)
    if (noted !== undefined && noted.kind !== 'renew')
      return { kind: noted.kind, ...(noted.expected === undefined ? {} : { expected: noted.expected }) }
    return before === undefined ? { kind: 'new' } : { kind: 'swap', expected: before }
  }

  #note(change: Change): void {
    this.#journal.add(change)
    const { key, row } = change
    // What was asked of the store before, and is answered yet, is older.
    this.#flights.wrote([{ key, write: true, ...(row === undefined ? {} : { row }) }])
  }
}
