import type { InstanceId } from '../protocol/ids.ts'
import type { LogEntry, Reads, Store, Write } from './store.ts'

type Entry = { expires: number } & (
  | { kind: 'value'; value: string }
  | { kind: 'table'; rows: Map<string, string> }
  | { kind: 'log'; entries: LogEntry[]; last: number; ms: number }
)
type Kind = Entry['kind']
type EntryOf<K extends Kind> = Extract<Entry, { kind: K }>

export interface MemoryStoreOptions {
  /** Milliseconds that only rise, so that a changed wall clock neither ends nor prolongs anything. */
  readonly now?: () => number
  /** Sends a text to an inbox and gives its listeners; absent: there are no other instances. */
  readonly publish?: (inbox: InstanceId, text: string) => number
  /** Told of entries of another kind than expected, which are treated as absent. */
  readonly warn?: (what: string) => void
}

const SWEEP_EVERY_MS = 30_000

/** Ids are `<ms>-<n>`, and both rise. One of another form has nothing behind it. */
function partsOf(id: string): readonly [ms: number, n: number] {
  const [, ms, n] = /^(\d+)-(\d+)$/.exec(id) ?? []
  return [Number(ms), Number(n)]
}

function isBehind(id: string, other: string): boolean {
  const [ms, n] = partsOf(id)
  const [otherMs, otherN] = partsOf(other)
  return ms > otherMs || (ms === otherMs && n > otherN)
}

/** The store of one instance, in memory; where it is handed a `publish`, of several in one process. */
export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  const { now = () => performance.now(), publish = () => 0, warn = () => undefined } = options
  const entries = new Map<string, Entry>()

  const live = (key: string): Entry | undefined => {
    const entry = entries.get(key)
    if (entry !== undefined && entry.expires <= now()) {
      entries.delete(key)
      return undefined
    }
    return entry
  }
  const at = <K extends Kind>(key: string, kind: K): EntryOf<K> | undefined => {
    const entry = live(key)
    if (entry === undefined || entry.kind === kind) return entry as EntryOf<K> | undefined
    warn(`the store holds a ${entry.kind} where a ${kind} belongs; it is treated as absent`)
    return undefined
  }
  const made = <K extends Kind>(key: string, kind: K, make: () => EntryOf<K>): EntryOf<K> => {
    const known = at(key, kind)
    if (known !== undefined) return known
    const entry = make()
    entries.set(key, entry)
    return entry
  }

  // Expired entries that nobody asks for again would stay for ever.
  const sweep = setInterval(() => {
    for (const key of entries.keys()) live(key)
  }, SWEEP_EVERY_MS)
  sweep.unref()

  const putRows = (table: string, rows: Iterable<readonly [string, string]>, ttlMs?: number): void => {
    const entry = made(table, 'table', () => ({ kind: 'table', rows: new Map(), expires: Infinity }))
    for (const [row, value] of rows) entry.rows.set(row, value)
    if (ttlMs !== undefined) entry.expires = now() + ttlMs
  }
  const deleteRows = (table: string, rows: readonly string[]): void => {
    const entry = at(table, 'table')
    if (entry === undefined) return
    for (const row of rows) entry.rows.delete(row)
    if (entry.rows.size === 0) entries.delete(table)
  }
  const addEntry = (log: string, text: string, keep: number, ttlMs?: number): string => {
    const entry = made(log, 'log', () => ({ kind: 'log', entries: [], last: 0, ms: 0, expires: Infinity }))
    entry.last += 1
    // As Redis names them: when, by the clock of the store, and a number.
    entry.ms = Math.max(entry.ms, Math.floor(now()))
    const id = `${entry.ms}-${entry.last}`
    entry.entries.push({ id, text })
    if (entry.entries.length > keep) entry.entries.splice(0, entry.entries.length - keep)
    if (ttlMs !== undefined) entry.expires = now() + ttlMs
    return id
  }
  const readLog = (log: string, after?: string): LogEntry[] => {
    const known = at(log, 'log')?.entries ?? []
    return after === undefined ? [...known] : known.filter(({ id }) => isBehind(id, after))
  }
  const renew = (key: string, ttlMs: number): void => {
    const entry = live(key)
    if (entry !== undefined) entry.expires = now() + ttlMs
  }
  const write = (step: Write): void => {
    if ('renew' in step) renew(step.renew, step.ttlMs)
    else if ('delete' in step) {
      if (step.delete === 'rows') deleteRows(step.table, step.rows)
      else for (const key of step.keys) entries.delete(key)
    } else if (step.put === 'value') {
      entries.set(step.key, { kind: 'value', value: step.value, expires: now() + step.ttlMs })
    } else if (step.put === 'rows') putRows(step.table, step.rows, step.ttlMs)
    else addEntry(step.log, step.text, step.keep, step.ttlMs)
  }

  return {
    async get(key) {
      return at(key, 'value')?.value
    },
    async create(key, value, ttlMs) {
      if (live(key) !== undefined) return false
      entries.set(key, { kind: 'value', value, expires: now() + ttlMs })
      return true
    },
    async renew(key, ttlMs) {
      renew(key, ttlMs)
    },
    async exchange(key, value) {
      const entry = at(key, 'value')
      if (entry === undefined) return undefined
      const old = entry.value
      entry.value = value
      return old
    },
    async replace(key, expected, value) {
      const entry = at(key, 'value')
      if (entry?.value !== expected) return false
      entry.value = value
      return true
    },
    async delete(...keys) {
      for (const key of keys) entries.delete(key)
    },
    async hit(key, windowMs) {
      const entry = made(key, 'value', () => ({ kind: 'value', value: '0', expires: now() + windowMs }))
      const count = Number(entry.value) + 1
      entry.value = String(count)
      return count
    },
    async row(table, row) {
      return at(table, 'table')?.rows.get(row)
    },
    async rows(table) {
      return new Map(at(table, 'table')?.rows)
    },
    async putRow(table, row, value, ttlMs) {
      putRows(table, [[row, value]], ttlMs)
    },
    async createRow(table, row, value, ttlMs) {
      if (at(table, 'table')?.rows.has(row) === true) return false
      putRows(table, [[row, value]], ttlMs)
      return true
    },
    async replaceRow(table, row, expected, value) {
      const rows = at(table, 'table')?.rows
      if (rows?.get(row) !== expected) return false
      rows.set(row, value)
      return true
    },
    async deleteRows(table, ...rows) {
      deleteRows(table, rows)
    },
    async step(writes, reads: Reads = {}) {
      for (const each of writes) write(each)
      const value = reads.value === undefined ? undefined : at(reads.value, 'value')?.value
      const row = reads.row === undefined ? undefined : at(reads.row.table, 'table')?.rows.get(reads.row.row)
      return {
        ...(value === undefined ? {} : { value }),
        ...(row === undefined ? {} : { row }),
        tables: (reads.tables ?? []).map((table) => new Map(at(table, 'table')?.rows)),
        log: reads.log === undefined ? [] : readLog(reads.log.key, reads.log.after),
      }
    },
    async append(log, text, { keep, ttlMs, inboxes }) {
      const id = addEntry(log, text, keep, ttlMs)
      return { id, received: inboxes.map((inbox) => publish(inbox, text)) }
    },
    async readLog(log, after) {
      return readLog(log, after)
    },
    async logSpan(log) {
      const known = at(log, 'log')?.entries ?? []
      const [first, last] = [known[0], known.at(-1)]
      if (first === undefined || last === undefined) return undefined
      return { first: first.id, last: last.id, length: known.length }
    },
    async close() {
      clearInterval(sweep)
      entries.clear()
    },
  }
}
