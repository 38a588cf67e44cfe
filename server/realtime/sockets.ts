import type { Connection } from './connection.ts'
import { frame } from './wire.ts'

/** Upper bound of the time after which clients come back to a draining server, for few and for many of them. */
const RECONNECT_WITHIN_MS = 1_000
const RECONNECT_EACH_MS = 2
const RECONNECT_MOST_MS = 10_000

/** Every socket of this instance, those without a session too. */
export class Sockets {
  readonly #random: () => number
  readonly #open = new Set<Connection>()
  #draining = false

  /** @param random 0 to 1 */
  constructor(random: () => number) {
    this.#random = random
  }

  get size(): number {
    return this.#open.size
  }

  get draining(): boolean {
    return this.#draining
  }

  /** A socket was opened; one that comes while this instance drains is sent on at once. */
  opened(connection: Connection): void {
    this.#open.add(connection)
    if (this.#draining) this.#sendAway(connection)
  }

  closed(connection: Connection): void {
    this.#open.delete(connection)
  }

  /** Tells every client to come back to another instance, each at its own time, and closes [DRAIN-1]. */
  drain(): void {
    this.#draining = true
    const within = Math.min(RECONNECT_MOST_MS, RECONNECT_WITHIN_MS + this.#open.size * RECONNECT_EACH_MS)
    for (const connection of this.#open) this.#sendAway(connection, within)
  }

  /** What a client meets that arrives while this instance drains. */
  #sendAway(connection: Connection, withinMs = RECONNECT_WITHIN_MS): void {
    connection.send(frame({ type: 'going-away', reconnectInMs: Math.round(this.#random() * withinMs) }))
    connection.close('draining')
  }
}
