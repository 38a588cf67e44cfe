import type { Store } from './store.ts'

type Entry = { expires: number } & (
  | { kind: 'value'; value: string }
  | { kind: 'table'; rows: Map<string, string> }
)

const SWEEP_EVERY_MS = 30_000

/** A value where a table is expected, or the reverse: a fault of the caller, as in Redis (WRONGTYPE). */
const wrongType = (key: string) => new TypeError(`store: ${key} holds another kind of entry`)

/**
 * The store of one instance, in memory. Data ends with the process.
 * @param now milliseconds that only rise, so that a changed wall clock neither ends nor prolongs anything
 */
export function createMemoryStore(now: () => number = () => performance.now()): Store {
  const entries = new Map<string, Entry>()

  const live = (key: string): Entry | undefined => {
    const entry = entries.get(key)
    if (entry !== undefined && entry.expires <= now()) {
      entries.delete(key)
      return undefined
    }
    return entry
  }
  const valueAt = (key: string) => {
    const entry = live(key)
    if (entry?.kind === 'table') throw wrongType(key)
    return entry
  }
  const tableAt = (key: string) => {
    const entry = live(key)
    if (entry?.kind === 'value') throw wrongType(key)
    return entry
  }

  // Expired entries that nobody asks for again would stay for ever.
  const sweep = setInterval(() => {
    for (const key of entries.keys()) live(key)
  }, SWEEP_EVERY_MS)
  sweep.unref()

  return {
    async get(key) {
      return valueAt(key)?.value
    },
    async create(key, value, ttlMs) {
      if (live(key) !== undefined) return false
      entries.set(key, { kind: 'value', value, expires: now() + ttlMs })
      return true
    },
    async renew(key, ttlMs) {
      const entry = live(key)
      if (entry !== undefined) entry.expires = now() + ttlMs
    },
    async exchange(key, value) {
      const entry = valueAt(key)
      if (entry === undefined) return undefined
      const old = entry.value
      entry.value = value
      return old
    },
    async replace(key, expected, value) {
      const entry = valueAt(key)
      if (entry?.value !== expected) return false
      entry.value = value
      return true
    },
    async delete(...keys) {
      for (const key of keys) entries.delete(key)
    },
    async hit(key, windowMs) {
      const entry = valueAt(key)
      const count = Number(entry?.value ?? 0) + 1
      if (entry !== undefined) entry.value = String(count)
      else entries.set(key, { kind: 'value', value: String(count), expires: now() + windowMs })
      return count
    },
    async row(table, row) {
      return tableAt(table)?.rows.get(row)
    },
    async rows(table) {
      return new Map(tableAt(table)?.rows)
    },
    async putRow(table, row, value, ttlMs) {
      const entry = tableAt(table)
      if (entry === undefined) {
        entries.set(table, { kind: 'table', rows: new Map([[row, value]]), expires: now() + ttlMs })
        return
      }
      entry.rows.set(row, value)
      entry.expires = now() + ttlMs
    },
    async replaceRow(table, row, expected, value) {
      const rows = tableAt(table)?.rows
      if (rows?.get(row) !== expected) return false
      rows.set(row, value)
      return true
    },
    async deleteRows(table, ...rows) {
      const entry = tableAt(table)
      if (entry === undefined) return
      for (const row of rows) entry.rows.delete(row)
      if (entry.rows.size === 0) entries.delete(table)
    },
    async close() {
      clearInterval(sweep)
      entries.clear()
    },
  }
}
