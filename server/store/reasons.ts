import type { StoreFault, StoreUnavailable } from './store.ts'

/** What an operator can do about each fault, where the backend's own words do not say it. */
const MENDS: Record<StoreFault, string> = {
  network: 'see whether the database runs and its address is right',
  timeout: 'see whether the database is overloaded, paused or far away',
  auth: 'copy the token or password again from the page of the database, and restart',
  quota: 'wait until the limit is reset, or take a larger plan',
  server: 'see the status page and the log of the database',
}

/** Why the store is away and what mends it, in one line without a secret. */
export function reasonOf({ message, fault }: StoreUnavailable): string {
  return message.includes(': ') ? message : `${message}: ${MENDS[fault]}`
}
