/**
 * How long people wait: page open to QR visible, and tap to the first frame on the dashboard. Loopback, the
 * browser's fake camera, a fresh pair of pages for each round; the phone in a browser process of its own.
 */
import type { Page } from 'playwright-core'
import { scan, startButton, startDesktop, startPhone } from '../support/pages.ts'
import { startServer } from '../support/server-process.ts'
import { printFigures } from './figures.ts'

const ROUNDS = 10

/** Marks, on the page's own clock, when the QR was first painted and when the first frame was shown. */
function watch(): void {
  const marks = window as unknown as { qrAt?: number; frameAt?: number }
  const look = () => {
    const qr = document.querySelector<HTMLImageElement>('img.qr')
    if (marks.qrAt === undefined && qr?.complete === true && qr.naturalWidth > 0)
      marks.qrAt = performance.now()
    const video = document.querySelector('video')
    if (video !== null && video.dataset['watched'] === undefined) {
      video.dataset['watched'] = ''
      video.requestVideoFrameCallback(() => (marks.frameAt = performance.timeOrigin + performance.now()))
    }
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}

const mark = async (page: Page, name: 'qrAt' | 'frameAt'): Promise<number> => {
  const handle = await page.waitForFunction(
    (key) => (window as unknown as Record<string, number | undefined>)[key],
    name,
  )
  return (await handle.jsonValue()) ?? Number.NaN
}

export async function measure(): Promise<void> {
  const server = await startServer({ ICE_SERVERS: '[]', RATE_LIMITS: 'off' })
  const desktop = await startDesktop()
  const handheld = await startPhone()
  // The loader that runs this file wraps named functions in a helper of its own, which pages do not have.
  for (const { context } of [desktop, handheld])
    await context.addInitScript('globalThis.__name = (made) => made')
  const qr: number[] = []
  const picture: number[] = []
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const dashboard = await desktop.context.newPage()
      await dashboard.addInitScript(watch)
      await dashboard.goto(server.url)
      qr.push(await mark(dashboard, 'qrAt'))

      const phone = await handheld.open(await scan(dashboard))
      await startButton(phone).waitFor()
      // The tap's own time, on the machine's clock that both browsers share.
      await phone.evaluate(() => {
        document.addEventListener(
          'pointerdown',
          () => {
            ;(window as unknown as { tapAt: number }).tapAt = performance.timeOrigin + performance.now()
          },
          { capture: true, once: true },
        )
      })
      await startButton(phone).tap()
      const frameAt = await mark(dashboard, 'frameAt')
      picture.push(frameAt - (await phone.evaluate(() => (window as unknown as { tapAt: number }).tapAt)))

      for (const page of [phone, dashboard]) {
        await page.evaluate(() => localStorage.clear())
        await page.close()
      }
    }
  } finally {
    await handheld.close()
    await desktop.close()
    await server.stop()
  }
  printFigures({ 'page open to QR visible': qr, 'tap to first frame on the dashboard': picture }, 'ms')
}
