import type { InstanceId } from '../protocol/ids.ts'

/** Why a backend could not do its work; what operators are told depends on it. */
export type StoreFault =
  /** Nobody answers, or the connection broke. */
  | 'network'
  /** An answer took longer than it may. */
  | 'timeout'
  /** The token or password is not taken. */
  | 'auth'
  /** A limit of the plan is reached: commands, bandwidth, storage. */
  | 'quota'
  /** The backend answers, but with an error of its own. */
  | 'server'

/**
 * A place of shared state could not do its work. The message is for operators and holds no key, no value and no
 * credential.
 */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable'
  readonly fault: StoreFault

  constructor(message: string, fault: StoreFault = 'network') {
    super(message)
    this.fault = fault
  }
}

/** An entry of a log. Ids rise, are given by the store and have the form of Redis streams: `<ms>-<n>`. */
export interface LogEntry {
  readonly id: string
  readonly text: string
}

/** How far a log goes: its first and its last entry, and how many there are from the one to the other. */
export interface LogSpan {
  readonly first: string
  readonly last: string
  readonly length: number
}

/** What a step writes, in the order given. */
export type Write =
  /** Sets a value whatever was there. */
  | { readonly put: 'value'; readonly key: string; readonly value: string; readonly ttlMs: number }
  /** Sets rows; without a TTL a table that is there keeps its own (the caller knows that it is there). */
  | {
      readonly put: 'rows'
      readonly table: string
      readonly rows: ReadonlyMap<string, string>
      readonly ttlMs?: number
    }
  /** Adds an entry to a log, of which at least the newest `keep` entries stay. */
  | {
      readonly put: 'entry'
      readonly log: string
      readonly text: string
      readonly keep: number
      readonly ttlMs?: number
    }
  | { readonly delete: 'rows'; readonly table: string; readonly rows: readonly string[] }
  | { readonly delete: 'keys'; readonly keys: readonly string[] }
  | { readonly renew: string; readonly ttlMs: number }

/** What a step reads after it wrote. */
export interface Reads {
  readonly value?: string
  readonly row?: { readonly table: string; readonly row: string }
  readonly tables?: readonly string[]
  /** Entries behind `after`, or all. */
  readonly log?: { readonly key: string; readonly after?: string }
}

/** What a step found: the parts that were asked for; `tables` in the order asked. */
export interface Found {
  readonly value?: string
  readonly row?: string
  readonly tables: readonly ReadonlyMap<string, string>[]
  readonly log: readonly LogEntry[]
}

/** What became of an entry: its id, and how many listeners each inbox had, in the order given. */
export interface Appended {
  readonly id: string
  readonly received: readonly number[]
}

/**
 * State that instances share. Each method is one atomic step on every backend.
 *
 * - Times to live are milliseconds, measured by the store, whatever an instance's clock says [PAIR-1].
 * - Backends MUST prefix every key and give each one a TTL [STORE-5], MUST NOT retry a step that may have run,
 *   MUST bound the time of every call, and MUST throw `StoreUnavailable` where the step did not happen or may not
 *   have happened.
 * - A key that holds another kind of entry than a call expects is treated as absent, with a warning in the log
 *   [STORE-6]: reads find nothing, writes replace it.
 * - A table is a map of rows under one key with one TTL; a log is a row of entries under one key with one TTL.
 * - Commands that a backend bills are counted (`onCommand` of the backends), and none is spent on an empty step.
 */
export interface Store {
  get(key: string): Promise<string | undefined>
  /** Writes only where nothing is; false: something was there. */
  create(key: string, value: string, ttlMs: number): Promise<boolean>
  /** Gives a key or table a new TTL; never brings back what is gone. */
  renew(key: string, ttlMs: number): Promise<void>
  /** Replaces what is there, keeps its TTL and gives the old value; where nothing is, nothing is written. */
  exchange(key: string, value: string): Promise<string | undefined>
  /** Replaces what is there only where it still is `expected`, and keeps its TTL; false: it is not. */
  replace(key: string, expected: string, value: string): Promise<boolean>
  /** Deletes keys and tables. */
  delete(...keys: string[]): Promise<void>
  /** Counts up and gives the count; the first hit starts the window at whose end the count is gone. */
  hit(key: string, windowMs: number): Promise<number>
  row(table: string, row: string): Promise<string | undefined>
  rows(table: string): Promise<ReadonlyMap<string, string>>
  /** Without a TTL a table that is there keeps its own (the caller knows that it is there). */
  putRow(table: string, row: string, value: string, ttlMs?: number): Promise<void>
  /** Writes a row only where none is, and renews the table where it did; false: one was there. */
  createRow(table: string, row: string, value: string, ttlMs: number): Promise<boolean>
  /** Replaces a row only where it still holds `expected`, and keeps the TTL; false: it did not. */
  replaceRow(table: string, row: string, expected: string, value: string): Promise<boolean>
  deleteRows(table: string, ...rows: string[]): Promise<void>
  /** Writes, then reads, with nothing in between. */
  step(writes: readonly Write[], reads?: Reads): Promise<Found>
  /**
   * Adds an entry to a log, of which at least the newest `keep` entries stay, and sends the same text to the inboxes
   * of other instances, in one request. Steps of one log that are asked for one after the other happen in that order.
   */
  append(
    log: string,
    text: string,
    options: { readonly keep: number; readonly ttlMs?: number; readonly inboxes: readonly InstanceId[] },
  ): Promise<Appended>
  /** Entries behind `after`, or all, oldest first. */
  readLog(log: string, after?: string): Promise<readonly LogEntry[]>
  /** How far a log goes, without its entries; nothing where it has none, or the backend cannot tell. */
  logSpan(log: string): Promise<LogSpan | undefined>
  close(): Promise<void>
}
