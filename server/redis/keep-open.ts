import { setTimeout as sleep } from 'node:timers/promises'
import { failureOfConnection, type RedisFailure } from './failure.ts'

/** A connection that stands. */
export interface Opened {
  /** Resolves when it is lost. */
  readonly lost: Promise<RedisFailure>
  end(): void
}

export interface KeepOpenOptions<T extends Opened> {
  /** @param ended aborts an attempt that is no longer wanted */
  open(ended: AbortSignal): Promise<T>
  opened(connection: T): void
  /** It was lost, or could not be opened for the first time; comes once for each time without a connection. */
  cut(why: RedisFailure): void
}

/** Pauses between attempts: the first one short, each twice as long, none longer than the last. Milliseconds. */
const FIRST_PAUSE = 100
const LAST_PAUSE = 2_000
/** A connection that lasted so long was a sound one: the pauses start anew. Milliseconds. */
const SOUND_AFTER = 5_000

/** Between half the pause and all of it, so that instances do not come back in step. */
const pauseBefore = (attempt: number): number =>
  Math.min(LAST_PAUSE, FIRST_PAUSE * 2 ** attempt) * (0.5 + Math.random() / 2)

/**
 * Keeps a connection open: opens it, and again whenever it is lost.
 * @returns ends it
 */
export function keepOpen<T extends Opened>({ open, opened, cut }: KeepOpenOptions<T>): () => void {
  const ended = new AbortController()
  let current: T | undefined
  const run = async (): Promise<void> => {
    let attempt = 0
    let told = false
    while (!ended.signal.aborted) {
      let why: RedisFailure
      try {
        const connection = await open(ended.signal)
        if (ended.signal.aborted) {
          connection.end()
          return
        }
        const since = performance.now()
        current = connection
        told = false
        opened(connection)
        why = await connection.lost
        current = undefined
        connection.end()
        if (performance.now() - since > SOUND_AFTER) attempt = 0
      } catch (error) {
        why = failureOfConnection(error)
      }
      if (ended.signal.aborted) return
      if (!told) cut(why)
      told = true
      try {
        await sleep(pauseBefore(attempt), undefined, { ref: false, signal: ended.signal })
      } catch {
        // Ended meanwhile.
        return
      }
      attempt += 1
    }
  }
  void run()
  return () => {
    ended.abort()
    current?.end()
  }
}
