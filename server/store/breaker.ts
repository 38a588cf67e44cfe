import { reasonOf } from './reasons.ts'
import { StoreUnavailable } from './store.ts'

/** Whether instances share their state at the moment. */
export interface StoreHealth {
  readonly state: 'shared' | 'degraded'
  /** Why it is degraded and what mends it, for operators; holds no secret. */
  readonly reason?: string
}
export type HealthListener = (health: StoreHealth) => void

/** For timers; the process hands in its own, tests theirs. */
export interface Timers {
  /** Runs `task` once after `ms`, unless disposed before. */
  after(ms: number, task: () => void): () => void
}

export interface BreakerLog {
  info(text: string): void
  warn(text: string): void
  error(text: string): void
}

export interface BreakerOptions {
  /** A round trip. It rejects with `StoreUnavailable` where the store cannot do its work, and ends in bounded time. */
  readonly probe: () => Promise<void>
  /** Writes a part of what is to be written before state is shared again. */
  readonly writeBack: () => Promise<void>
  /** How much of that there is. */
  readonly left: () => number
  readonly clock: Timers
  readonly log: BreakerLog
  /** 0 to 1. */
  readonly random: () => number
}

/** Pauses between probes while the store is away; the last one goes on. Milliseconds. */
const PROBE_AFTER = [500, 1_000, 2_000] as const
/** Many instances find the store back at once: each waits up to this before it writes. Milliseconds. */
const BEFORE_WRITING_MS = 250
const BETWEEN_WRITES_MS = 40

/**
 * Decides whether the store is there. One failed call is no outage: a probe follows at once, and only if that fails
 * too this instance goes on alone, until a probe succeeds and everything is written back.
 */
export class Breaker {
  readonly #options: BreakerOptions
  readonly #listeners = new Set<HealthListener>()
  #health: StoreHealth = { state: 'shared' }
  #probing: Promise<void> | undefined
  #probes = 0
  #timer: () => void = () => undefined
  #closed = false

  constructor(options: BreakerOptions) {
    this.#options = options
  }

  get health(): StoreHealth {
    return this.#health
  }

  onHealth(listener: HealthListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** A call failed. @returns how things stand: an outage that is not known yet is looked for at once */
  failed(): StoreHealth['state'] {
    if (this.#health.state === 'shared') this.check()
    return this.#health.state
  }

  /** Probes now, unless it does already. */
  check(): void {
    if (this.#closed || this.#probing !== undefined) return
    this.#timer()
    this.#probing = this.#probe()
  }

  /** Probes and waits for the outcome; where it takes longer than `withinMs`, the store counts as away. */
  async verified(withinMs: number): Promise<StoreHealth> {
    this.check()
    let dispose = (): void => undefined
    const late = new Promise<'late'>((resolve) => {
      dispose = this.#options.clock.after(withinMs, () => resolve('late'))
    })
    const first = await Promise.race([this.#probing, late])
    dispose()
    if (first === 'late' && this.#health.state === 'shared')
      this.#away(new StoreUnavailable(`the database did not answer within ${withinMs} ms`, 'timeout'))
    return this.#health
  }

  close(): void {
    this.#closed = true
    this.#timer()
    this.#listeners.clear()
  }

  /** Never rejects. */
  async #probe(): Promise<void> {
    try {
      await this.#options.probe()
      if (this.#health.state === 'degraded') await this.#recover()
    } catch (error) {
      this.#away(error)
    } finally {
      this.#probing = undefined
      if (this.#health.state === 'degraded') this.#probeLater()
    }
  }

  #probeLater(): void {
    if (this.#closed) return
    const pause = PROBE_AFTER[Math.min(this.#probes, PROBE_AFTER.length - 1)] ?? 0
    this.#probes += 1
    this.#timer()
    this.#timer = this.#options.clock.after(pause * (0.75 + this.#options.random() / 4), () => this.check())
  }

  async #recover(): Promise<void> {
    const { writeBack, left, log } = this.#options
    await this.#pause(BEFORE_WRITING_MS)
    // Calls go on being answered here meanwhile, and may add to what is left.
    while (left() > 0) {
      await writeBack()
      if (left() > 0) await this.#pause(BETWEEN_WRITES_MS)
    }
    // Nothing can come in between the last look and this.
    this.#probes = 0
    log.info('the store is back: instances share their state again')
    this.#become({ state: 'shared' })
  }

  #away(error: unknown): void {
    if (this.#closed) return
    const { log } = this.#options
    const reason =
      error instanceof StoreUnavailable ? reasonOf(error) : `a fault of this server: ${String(error)}`
    if (this.#health.state === 'degraded' && this.#health.reason === reason) return
    log.warn(`the store is away, and this instance goes on alone until it is back: ${reason}`)
    this.#become({ state: 'degraded', reason })
  }

  #become(health: StoreHealth): void {
    this.#health = health
    for (const listener of [...this.#listeners]) {
      try {
        listener(health)
      } catch (error) {
        // Whoever listens must not keep the store from going on.
        this.#options.log.error(`a listener to the state of the store failed: ${String(error)}`)
      }
    }
  }

  #pause(atMostMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#timer = this.#options.clock.after(atMostMs * this.#options.random(), resolve)
    })
  }
}
