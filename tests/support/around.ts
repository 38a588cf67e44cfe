import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import type { Chromium } from './chromium.ts'

/** What was started, and has a way to be ended: servers, browsers, pages, proxies. */
export type Ending = { stop(): Promise<unknown> } | { close(): Promise<unknown> }

const end = (running: Ending): Promise<unknown> => ('stop' in running ? running.stop() : running.close())

type Hook = (run: () => Promise<void>, within?: number) => void

function around<T extends Ending>(
  [before, after]: readonly [Hook, Hook],
  start: () => Promise<T>,
  within?: number,
): () => T {
  let running: T | undefined
  before(async () => {
    running = await start()
  }, within)
  after(async () => {
    const ending = running
    running = undefined
    // Where the start failed, its own error is the one to read.
    if (ending !== undefined) await end(ending)
  }, within)
  return () => {
    if (running === undefined)
      throw new Error(
        'Nothing is started here: it runs from the hooks before the tests to those behind them.',
      )
    return running
  }
}

/**
 * Starts something before the tests of a file or `describe` block, and ends it behind them. Several are started in
 * the order in which they stand, and ended in reverse, so each may use those above it.
 * @param within milliseconds that the start, and the end, may take; the project's `hookTimeout` unless said
 * @returns what gives it in tests and hooks; elsewhere that throws an Error
 */
export const aroundAll = <T extends Ending>(start: () => Promise<T>, within?: number): (() => T) =>
  around([beforeAll, afterAll], start, within)

/** The same for each test: a new one before it, which is ended behind it. */
export const aroundEach = <T extends Ending>(start: () => Promise<T>): (() => T) =>
  around([beforeEach, afterEach], start)

/** Closes what each test opened in these browsers, but for the page that a browser starts with. */
export function closePagesAfterEach(...browsers: readonly (() => Chromium)[]): void {
  afterEach(async () => {
    for (const browser of browsers) {
      for (const page of browser().context.pages().slice(1)) await page.close()
    }
  })
}
