/**
 * Four cameras through the server for a long time, on two instances over Redis: `npm run bench -- soak [minutes]`.
 * Says what memory does, and whether a tile ever left `live`. Real processes and browsers on this machine; the fake
 * cameras make few pictures a second, since encoders and decoders share its processors.
 */
import { loadavg } from 'node:os'
import process from 'node:process'
import type { Page } from 'playwright-core'
import type { Chromium } from '../support/chromium.ts'
import { startInstances } from '../support/instances.ts'
import { freshRoom, liveBy, scan, startCamera, startDesktop, startPhone } from '../support/pages.ts'
import type { ServerProcess } from '../support/server-process.ts'

const MINUTES = 10
const CAMERAS = 4
const FPS = 10
const SAMPLE_EVERY = 10_000
/** Caches, code and buffers have their size by then. Milliseconds. */
const SETTLE = 60_000
const MB = 1024 * 1024

interface Sample {
  /** Milliseconds since the first one. */
  readonly at: number
  /** Resident and heap of each instance, heap of the dashboard and of the first phone. Bytes. */
  readonly bytes: Readonly<Record<string, number>>
}

const gauge = (text: string, name: string): number =>
  Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)

async function serverMemory({ url }: ServerProcess): Promise<{ resident: number; heap: number }> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return {
    resident: gauge(text, 'process_resident_memory_bytes'),
    heap: gauge(text, 'nodejs_heap_size_used_bytes'),
  }
}

/** Bytes of a page's live objects: garbage is collected before. */
async function pageHeap(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page)
  try {
    await devtools.send('HeapProfiler.collectGarbage')
    return (await devtools.send('Runtime.getHeapUsage')).usedSize
  } finally {
    await devtools.detach()
  }
}

/** Notes each time a tile is something else than `live`, and counts the pictures that each shows. */
function watchTiles(): void {
  const left: string[] = []
  const shown: Record<string, number> = {}
  Object.assign(window, { left, shown })
  const nameOf = (tile: HTMLElement) => tile.dataset['camera'] ?? ''
  const observer = new MutationObserver((records) => {
    for (const { target } of records) {
      const tile = target as HTMLElement
      if (tile.dataset['state'] !== 'live') left.push(`${nameOf(tile)} ${tile.dataset['state']}`)
    }
  })
  for (const tile of document.querySelectorAll<HTMLElement>('[data-camera]')) {
    shown[nameOf(tile)] = 0
    observer.observe(tile, { attributes: true, attributeFilter: ['data-state'] })
  }
  const prototype = CanvasRenderingContext2D.prototype as unknown as {
    drawImage: (this: CanvasRenderingContext2D, ...args: unknown[]) => unknown
  }
  const { drawImage } = prototype
  prototype.drawImage = function counted(...args) {
    const tile = this.canvas.closest<HTMLElement>('[data-camera]')
    if (tile) shown[nameOf(tile)] = (shown[nameOf(tile)] ?? 0) + 1
    return drawImage.apply(this, args)
  }
}

const told = (dashboard: Page) =>
  dashboard.evaluate(() => {
    const { left, shown } = window as unknown as { left: string[]; shown: Record<string, number> }
    return { left: [...left], shown: { ...shown } }
  })

/** Bytes a minute, by least squares over all samples. */
function slope(samples: readonly Sample[], name: string): number {
  const points = samples.map(({ at, bytes }) => [at / 60_000, bytes[name] ?? Number.NaN] as const)
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const x = mean(points.map(([at]) => at))
  const y = mean(points.map(([, value]) => value))
  const above = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0)
  return above / points.reduce((sum, [at]) => sum + (at - x) ** 2, 0)
}

async function takeSample(
  at: number,
  servers: readonly ServerProcess[],
  pages: Readonly<Record<string, Page>>,
): Promise<Sample> {
  const bytes: Record<string, number> = {}
  for (const [index, server] of servers.entries()) {
    const { resident, heap } = await serverMemory(server)
    bytes[`instance ${index + 1}, resident`] = resident
    bytes[`instance ${index + 1}, heap`] = heap
  }
  for (const [name, page] of Object.entries(pages)) bytes[name] = await pageHeap(page)
  return { at, bytes }
}

export async function measure([given]: readonly string[]): Promise<void> {
  const minutes = given === undefined ? MINUTES : Number(given)
  const instances = await startInstances(2)
  const browsers: Chromium[] = []
  try {
    const desktop = await startDesktop({ context: { viewport: { width: 1600, height: 1000 } } })
    browsers.push(desktop)
    // The loader that runs this file wraps named functions in a helper of its own, which pages do not have.
    await desktop.context.addInitScript('globalThis.__name = (made) => made')
    const dashboard = await freshRoom(desktop, `${instances.at(0).url}/?transport=relay`)
    const phones: Page[] = []
    for (let count = 0; count < CAMERAS; count += 1) {
      const handheld = await startPhone({ fps: FPS })
      browsers.push(handheld)
      const address = new URL(await scan(dashboard))
      address.port = String(instances.at(count % 2).port)
      const phone = await handheld.context.newPage()
      phones.push(phone)
      await startCamera(phone, address.href)
      await liveBy(dashboard, 'relay').nth(count).waitFor({ timeout: 60_000 })
    }
    await dashboard.waitForTimeout(SETTLE)
    await dashboard.evaluate(watchTiles)
    const [phone] = phones
    const pages = { 'dashboard, heap': dashboard, ...(phone ? { 'phone, heap': phone } : {}) }
    const samples: Sample[] = []
    const start = Date.now()
    while (Date.now() - start < minutes * 60_000) {
      samples.push(await takeSample(Date.now() - start, instances.all, pages))
      await dashboard.waitForTimeout(SAMPLE_EVERY)
    }
    const { left, shown } = await told(dashboard)
    const seconds = (Date.now() - start) / 1_000
    const names = Object.keys(samples[0]?.bytes ?? {})
    const inMb = (bytes: number | undefined) => Number(((bytes ?? Number.NaN) / MB).toFixed(1))
    console.table(
      Object.fromEntries(
        names.map((name) => {
          const all = samples.map(({ bytes }) => bytes[name] ?? Number.NaN)
          return [
            name,
            {
              'first MB': inMb(all[0]),
              'last MB': inMb(all.at(-1)),
              'most MB': inMb(Math.max(...all)),
              'MB a minute': Number((slope(samples, name) / MB).toFixed(3)),
            },
          ]
        }),
      ),
    )
    const rates = Object.values(shown).map((count) => (count / seconds).toFixed(1))
    process.stdout.write(
      `${minutes} minutes, ${CAMERAS} cameras at ${FPS} a second: shown ${rates.join(', ')} a second; ` +
        `left live: ${left.length === 0 ? 'never' : left.join(', ')}; load ${loadavg()[0]?.toFixed(1)}\n`,
    )
  } finally {
    for (const browser of browsers) await browser.close()
    await instances.stop()
  }
}
