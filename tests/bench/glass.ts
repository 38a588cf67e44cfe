/**
 * From the camera's picture to the watcher's, 720p at 30 a second, directly and through the server in turns:
 * `npm run bench -- glass [seconds]`. The phone's camera is a canvas that shows the time (glass/time-code.ts); how old
 * it is where the dashboard's page paints it is the latency, encoding, way, decoding and drawing together. Loopback,
 * Chromium without a GPU: everything is encoded and drawn by the processors that also run the server.
 */
import { loadavg } from 'node:os'
import process from 'node:process'
import type { Chromium } from '../support/chromium.ts'
import { freshRoom, scan, startButton, startDesktop, startPhone } from '../support/pages.ts'
import { startServer } from '../support/server-process.ts'
import { paintTime, readTime } from './glass/time-code.ts'

const ROUNDS = 3
const SECONDS = 15
/** Milliseconds until sizes, bitrates and buffers have settled. */
const SETTLE = 5_000
const FPS = 30
/** Read as older than this it was not the time code that was read, but its first half and another's second. */
const ABSURD = 60_000

type Transport = 'p2p' | 'relay'

interface Round {
  readonly ages: readonly number[]
  readonly fps: number
  readonly unreadable: number
}

const quantile = (values: readonly number[], part: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

async function round(
  desktop: Chromium,
  handheld: Chromium,
  url: string,
  transport: Transport,
  seconds: number,
): Promise<Round> {
  const dashboard = await freshRoom(desktop, `${url}/?transport=${transport}`)
  const phone = await handheld.open(await scan(dashboard))
  try {
    await startButton(phone).tap()
    await dashboard
      .locator(`[data-camera][data-state="live"][data-transport="${transport}"]`)
      .waitFor({ timeout: 60_000 })
    await dashboard.waitForTimeout(SETTLE)
    await dashboard.evaluate(readTime)
    await dashboard.waitForTimeout(seconds * 1_000)
    const all = await dashboard.evaluate(() => (window as unknown as { ages: number[] }).ages)
    const ages = all.filter((age) => age < ABSURD)
    return { ages, fps: ages.length / seconds, unreadable: all.length - ages.length }
  } finally {
    for (const page of [phone, dashboard]) {
      await page.evaluate(() => localStorage.clear())
      await page.close()
    }
  }
}

export async function measure([given]: readonly string[]): Promise<void> {
  const seconds = given === undefined ? SECONDS : Number(given)
  const server = await startServer({ ICE_SERVERS: '[]', RATE_LIMITS: 'off' })
  const desktop = await startDesktop()
  const handheld = await startPhone()
  // The loader that runs this file wraps named functions in a helper of its own, which pages do not have.
  for (const { context } of [desktop, handheld])
    await context.addInitScript('globalThis.__name = (made) => made')
  await handheld.context.addInitScript(paintTime, FPS)
  const rounds: Record<Transport, Round[]> = { p2p: [], relay: [] }
  try {
    for (let count = 0; count < ROUNDS; count += 1) {
      for (const transport of ['relay', 'p2p'] as const)
        rounds[transport].push(await round(desktop, handheld, server.url, transport, seconds))
    }
  } finally {
    await handheld.close()
    await desktop.close()
    await server.stop()
  }
  const row = (all: readonly Round[]) => {
    const ages = all.flatMap((one) => one.ages)
    return {
      pictures: ages.length,
      'p50 ms': quantile(ages, 0.5),
      'p95 ms': quantile(ages, 0.95),
      'most ms': quantile(ages, 1),
      'pictures/s': all.map(({ fps }) => fps.toFixed(1)).join(' '),
      unreadable: all.reduce((sum, { unreadable }) => sum + unreadable, 0),
    }
  }
  console.table({ 'through the server': row(rounds.relay), directly: row(rounds.p2p) })
  process.stdout.write(`load of the machine ${loadavg()[0]?.toFixed(1)}\n`)
}
