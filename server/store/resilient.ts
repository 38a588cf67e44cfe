import { Alone } from './alone.ts'
import { Breaker, type BreakerLog, type HealthListener, type StoreHealth, type Timers } from './breaker.ts'
import { Flights, type Target } from './flights.ts'
import { Journal } from './journal.ts'
import { Known } from './known.ts'
import { Lessons, targetsOf, type Crossed } from './lessons.ts'
import { createMemoryStore } from './memory.ts'
import {
  StoreUnavailable,
  type Appended,
  type Found,
  type LogEntry,
  type LogSpan,
  type Reads,
  type Store,
  type Write,
} from './store.ts'
import { WriteBack } from './write-back.ts'

export interface ResilientStore extends Store {
  readonly health: StoreHealth
  /** Tells of every change. @returns ends it */
  onHealth(listener: HealthListener): () => void
  /** Asks the store now how it is: somebody has a sign that it may be lost, or back. */
  check(): void
  /** The check of the start: resolves with what it found, or after `withinMs` as degraded. */
  verified(withinMs: number): Promise<StoreHealth>
}

export interface ResilientOptions {
  readonly primary: Store
  readonly clock: Timers
  readonly log: BreakerLog
  /** Milliseconds that only rise; of the process unless said otherwise. */
  readonly now?: () => number
  /** 0 to 1. */
  readonly random?: () => number
  /** Keys and rows that are remembered for an outage. */
  readonly remembered?: number
}

/** Counted up by each probe, so that a store which only reads is found out too. */
const PROBE_KEY = 'probe'
const PROBE_KEY_MS = 60_000
const REMEMBERED = 20_000

interface Work<T> {
  /** Asks the store. */
  ask(): Promise<T>
  /** Remembers what its answer says. */
  learn?(answer: T, crossed: Crossed): void
  /** Does it without the store. */
  alone(): T
}

class Resilient implements ResilientStore {
  readonly #primary: Store
  readonly #journal = new Journal()
  readonly #flights = new Flights()
  readonly #lessons: Lessons
  readonly #alone: Alone
  readonly #breaker: Breaker
  /** Counts of an outage are this instance's own, and end with their windows. */
  readonly #counters: Store

  constructor(options: ResilientOptions) {
    const { primary, clock, log, now = () => performance.now(), random = Math.random } = options
    this.#primary = primary
    const known = new Known(now, options.remembered ?? REMEMBERED, (key) => this.#journal.has(key))
    this.#lessons = new Lessons(known, this.#journal)
    this.#alone = new Alone(now, known, this.#journal, this.#flights)
    this.#counters = createMemoryStore({ now })
    const writeBack = new WriteBack(primary, this.#journal, known, now)
    this.#breaker = new Breaker({
      probe: async () => void (await primary.hit(PROBE_KEY, PROBE_KEY_MS)),
      writeBack: () => writeBack.next(),
      left: () => this.#journal.size,
      clock,
      log,
      random,
    })
  }

  get health(): StoreHealth {
    return this.#breaker.health
  }

  onHealth(listener: HealthListener): () => void {
    return this.#breaker.onHealth(listener)
  }

  check(): void {
    this.#breaker.check()
  }

  verified(withinMs: number): Promise<StoreHealth> {
    return this.#breaker.verified(withinMs)
  }

  get(key: string): Promise<string | undefined> {
    return this.#call([{ key, write: false }], {
      ask: () => this.#primary.get(key),
      learn: (text, crossed) => this.#lessons.readValue(key, text, crossed(0)),
      alone: () => this.#alone.get(key),
    })
  }

  create(key: string, value: string, ttlMs: number): Promise<boolean> {
    return this.#call([{ key, write: true }], {
      ask: () => this.#primary.create(key, value, ttlMs),
      learn: (done, crossed) => {
        if (done) this.#lessons.wroteValue(key, value, crossed(0), { ttlMs, own: true })
        else this.#lessons.unsure(key)
      },
      alone: () => this.#alone.create(key, value, ttlMs),
    })
  }

  renew(key: string, ttlMs: number): Promise<void> {
    return this.#call([], {
      ask: () => this.#primary.renew(key, ttlMs),
      learn: () => this.#lessons.renewed(key, ttlMs),
      alone: () => this.#alone.renew(key, ttlMs),
    })
  }

  exchange(key: string, value: string): Promise<string | undefined> {
    return this.#call([{ key, write: true }], {
      ask: () => this.#primary.exchange(key, value),
      learn: (old, crossed) => {
        if (old === undefined) this.#lessons.unsure(key)
        else this.#lessons.wroteValue(key, value, crossed(0))
      },
      alone: () => this.#alone.exchange(key, value),
    })
  }

  replace(key: string, expected: string, value: string): Promise<boolean> {
    return this.#call([{ key, write: true }], {
      ask: () => this.#primary.replace(key, expected, value),
      learn: (done, crossed) => {
        if (done) this.#lessons.wroteValue(key, value, crossed(0))
        else this.#lessons.unsure(key)
      },
      alone: () => this.#alone.replace(key, expected, value),
    })
  }

  delete(...keys: string[]): Promise<void> {
    return this.#call(
      keys.map((key) => ({ key, write: true })),
      {
        ask: () => this.#primary.delete(...keys),
        learn: () => {
          for (const key of keys) this.#lessons.unsure(key)
        },
        alone: () => this.#alone.delete(keys),
      },
    )
  }

  async hit(key: string, windowMs: number): Promise<number> {
    try {
      return await this.#call([], {
        ask: () => this.#primary.hit(key, windowMs),
        alone: () => this.#nobody(),
      })
    } catch (error) {
      if (this.health.state === 'shared' || !(error instanceof StoreUnavailable)) throw error
      return this.#counters.hit(key, windowMs)
    }
  }

  row(table: string, row: string): Promise<string | undefined> {
    return this.#call([{ key: table, row, write: false }], {
      ask: () => this.#primary.row(table, row),
      learn: (text, crossed) => this.#lessons.readRow(table, row, text, crossed(0)),
      alone: () => this.#alone.row(table, row),
    })
  }

  rows(table: string): Promise<ReadonlyMap<string, string>> {
    return this.#call([{ key: table, write: false }], {
      ask: () => this.#primary.rows(table),
      learn: (rows, crossed) => this.#lessons.readRows(table, rows, crossed(0)),
      alone: () => this.#alone.rows(table),
    })
  }

  putRow(table: string, row: string, value: string, ttlMs?: number): Promise<void> {
    return this.#call([{ key: table, row, write: true }], {
      ask: () => this.#primary.putRow(table, row, value, ttlMs),
      learn: (_, crossed) => this.#lessons.wroteRow(table, row, value, crossed(0), ttlMs),
      alone: () => this.#alone.putRow(table, row, value, ttlMs),
    })
  }

  createRow(table: string, row: string, value: string, ttlMs: number): Promise<boolean> {
    return this.#call([{ key: table, row, write: true }], {
      ask: () => this.#primary.createRow(table, row, value, ttlMs),
      learn: (done, crossed) => {
        if (done) this.#lessons.wroteRow(table, row, value, crossed(0), ttlMs)
        else this.#lessons.unsure(table, row)
      },
      alone: () => this.#alone.createRow(table, row, value, ttlMs),
    })
  }

  replaceRow(table: string, row: string, expected: string, value: string): Promise<boolean> {
    return this.#call([{ key: table, row, write: true }], {
      ask: () => this.#primary.replaceRow(table, row, expected, value),
      learn: (done, crossed) => {
        if (done) this.#lessons.wroteRow(table, row, value, crossed(0))
        else this.#lessons.unsure(table, row)
      },
      alone: () => this.#alone.replaceRow(table, row, expected, value),
    })
  }

  deleteRows(table: string, ...rows: string[]): Promise<void> {
    return this.#call(
      rows.map((row) => ({ key: table, row, write: true })),
      {
        ask: () => this.#primary.deleteRows(table, ...rows),
        learn: () => {
          for (const row of rows) this.#lessons.unsure(table, row)
        },
        alone: () => this.#alone.deleteRows(table, rows),
      },
    )
  }

  step(writes: readonly Write[], reads: Reads = {}): Promise<Found> {
    return this.#call(targetsOf(writes, reads), {
      ask: () => this.#primary.step(writes, reads),
      learn: (found, crossed) => this.#lessons.step(writes, reads, found, crossed),
      alone: () => this.#alone.step(writes, reads),
    })
  }

  /** Logs are the room's own affair: it keeps what was not taken, and offers it again. */
  append(log: string, text: string, options: Parameters<Store['append']>[2]): Promise<Appended> {
    return this.#call([], {
      ask: () => this.#primary.append(log, text, options),
      alone: () => this.#nobody(),
    })
  }

  readLog(log: string, after?: string): Promise<readonly LogEntry[]> {
    return this.#call([], { ask: () => this.#primary.readLog(log, after), alone: () => this.#nobody() })
  }

  logSpan(log: string): Promise<LogSpan | undefined> {
    return this.#call([], { ask: () => this.#primary.logSpan(log), alone: () => this.#nobody() })
  }

  async close(): Promise<void> {
    this.#breaker.close()
    await this.#counters.close()
    await this.#primary.close()
  }

  async #call<T>(targets: readonly Target[], { ask, learn, alone }: Work<T>): Promise<T> {
    if (this.health.state === 'degraded') return alone()
    const flights = this.#flights.begin(targets)
    try {
      const answer = await ask()
      learn?.(answer, (index) => flights[index]?.crossed === true)
      return answer
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      this.#flights.end(flights)
      if (this.#breaker.failed() === 'shared') throw error
      // Lost while this was under way: done here instead. The store may have done it, which is noted.
      const answer = alone()
      for (const { key, row, write } of targets) if (write) this.#journal.attempted(key, row)
      return answer
    } finally {
      this.#flights.end(flights)
    }
  }

  #nobody(): never {
    throw new StoreUnavailable(`the store is away (${this.health.reason ?? 'no answer'})`)
  }
}

/**
 * A store that outlives its backend's outages. Shared: every call goes to the primary, and what this instance writes
 * and reads is remembered. Degraded: it answers from that where the answer cannot be wrong, notes what it changes, and
 * rejects the rest with `StoreUnavailable` (see `Alone`). When the primary is back, what was used up, revoked or
 * deleted is written first, then what was made, only where nothing is; then state is shared again [STORE-4].
 */
export const createResilientStore = (options: ResilientOptions): ResilientStore => new Resilient(options)
