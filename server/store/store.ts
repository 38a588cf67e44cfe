/** A place of shared state could not do its work: network, quota, authentication. */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable'
}

/**
 * State that instances share. Each method is one atomic step on every backend.
 *
 * - Times to live are milliseconds, measured by the store, whatever an instance's clock says [PAIR-1].
 * - Backends MUST prefix every key and give each one a TTL [STORE-5], MUST NOT retry a step that may have run,
 *   and MUST throw `StoreUnavailable` where the step did not happen or may not have happened.
 * - A table is a map of rows under one key with one TTL; every put renews it.
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
  putRow(table: string, row: string, value: string, ttlMs: number): Promise<void>
  /** Replaces a row only where it still holds `expected`, and keeps the TTL; false: it did not. */
  replaceRow(table: string, row: string, expected: string, value: string): Promise<boolean>
  deleteRows(table: string, ...rows: string[]): Promise<void>
  close(): Promise<void>
}
