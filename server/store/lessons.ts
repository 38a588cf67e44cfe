import type { Target } from './flights.ts'
import type { Journal } from './journal.ts'
import type { Known } from './known.ts'
import type { Found, Reads, Write } from './store.ts'

/** Whether another write met the target of this index: then its answer says nothing of what stands there now. */
export type Crossed = (index: number) => boolean

const of = (key: string, write: boolean, row?: string): Target =>
  row === undefined ? { key, write } : { key, write, row }

/** What a write touches. */
function writtenBy(write: Write): Target[] {
  if ('renew' in write) return []
  if ('delete' in write)
    return write.delete === 'keys'
      ? write.keys.map((key) => of(key, true))
      : write.rows.map((row) => of(write.table, true, row))
  if (write.put === 'value') return [of(write.key, true)]
  return write.put === 'rows' ? [...write.rows.keys()].map((row) => of(write.table, true, row)) : []
}

/** What a step touches: its writes, then what it reads of values and tables. */
export const targetsOf = (writes: readonly Write[], { value, row, tables = [] }: Reads): Target[] => [
  ...writes.flatMap(writtenBy),
  ...(value === undefined ? [] : [of(value, false)]),
  ...(row === undefined ? [] : [of(row.table, false, row.row)]),
  ...tables.map((table) => of(table, false)),
]

/** What an instance learns from the answers of the store, for the time when there are none. */
export class Lessons {
  readonly #known: Known
  readonly #journal: Journal

  constructor(known: Known, journal: Journal) {
    this.#known = known
    this.#journal = journal
  }

  readValue(key: string, text: string | undefined, crossed: boolean): void {
    if (crossed) return
    // Somebody else may make it at any time: its absence is nothing to remember.
    if (text === undefined) this.#known.forget(key)
    else this.#known.setValue(key, text)
  }

  wroteValue(
    key: string,
    text: string,
    crossed: boolean,
    options: { ttlMs?: number; own?: boolean } = {},
  ): void {
    if (crossed) this.unsure(key)
    else this.#known.setValue(key, text, options)
  }

  readRow(table: string, row: string, text: string | undefined, crossed: boolean): void {
    if (crossed) return
    if (text === undefined) this.#known.forgetRow(table, row)
    else this.#known.setRow(table, row, text)
  }

  wroteRow(table: string, row: string, text: string, crossed: boolean, ttlMs?: number): void {
    if (crossed) this.unsure(table, row)
    else this.#known.setRow(table, row, text, ttlMs)
  }

  readRows(table: string, rows: ReadonlyMap<string, string>, crossed: boolean): void {
    if (!crossed) this.#known.setRows(table, rows)
  }

  /** What stands there now is not known, unless this instance wrote it without the store. */
  unsure(key: string, row?: string): void {
    if (row === undefined) {
      if (!this.#journal.has(key)) this.#known.forget(key)
    } else if (this.#journal.get(key, row) === undefined) this.#known.forgetRow(key, row)
  }

  renewed(key: string, ttlMs: number): void {
    this.#known.renew(key, ttlMs)
  }

  step(writes: readonly Write[], reads: Reads, found: Found, crossed: Crossed): void {
    let index = 0
    const next = (): boolean => {
      index += 1
      return crossed(index - 1)
    }
    for (const write of writes) {
      if ('renew' in write) this.renewed(write.renew, write.ttlMs)
      else if ('delete' in write) {
        for (const { key, row } of writtenBy(write)) {
          next()
          this.unsure(key, row)
        }
      } else if (write.put === 'value')
        this.wroteValue(write.key, write.value, next(), { ttlMs: write.ttlMs })
      else if (write.put === 'rows')
        for (const [row, text] of write.rows) this.wroteRow(write.table, row, text, next(), write.ttlMs)
    }
    if (reads.value !== undefined) this.readValue(reads.value, found.value, next())
    if (reads.row !== undefined) this.readRow(reads.row.table, reads.row.row, found.row, next())
    for (const [at, table] of (reads.tables ?? []).entries())
      this.readRows(table, found.tables[at] ?? new Map<string, string>(), next())
  }
}
