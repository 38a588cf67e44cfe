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

  /** Opens it and waits until it is lost. @returns why it was, or why it could not be opened */
  const once = async (): Promise<{ why: RedisFailure; lasted: number }> => {
    let connection: T
    try {
      connection = await open(ended.signal)
    } catch (error) {
      return { why: failureOfConnection(error), lasted: 0 }
    }
    const since = performance.now()
    current = connection
    if (!ended.signal.aborted) opened(connection)
    else connection.end()
    const why = await connection.lost
    current = undefined
    connection.end()
    return { why, lasted: performance.now() - since }
  }
  const run = async (): Promise<void> => {
    let attempt = 0
    let told = false
    while (!ended.signal.aborted) {
      const { why, lasted } = await once()
      if (ended.signal.aborted) return
      if (lasted > 0 || !told) cut(why)
      told = true
      if (lasted > SOUND_AFTER) attempt = 0
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
