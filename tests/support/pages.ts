import type { Locator, Page } from 'playwright-core'
import { startChromium, type Chromium, type ChromiumOptions } from './chromium.ts'
import { readQr } from './qr.ts'

export const DESKTOP = { width: 1280, height: 800 }
export const PHONE = { width: 390, height: 844 }

const PHONE_AGENT =
  'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36'

/** A computer's browser: no camera, a wide window. */
export const startDesktop = (options: ChromiumOptions = {}): Promise<Chromium> =>
  startChromium({ camera: 'none', ...options, context: { viewport: DESKTOP, ...options.context } })

/** A phone's browser in a process of its own. */
export const startPhone = (options: ChromiumOptions = {}): Promise<Chromium> =>
  startChromium({
    ...options,
    context: { viewport: PHONE, hasTouch: true, isMobile: true, userAgent: PHONE_AGENT, ...options.context },
  })

/** A dashboard that was never opened before, with a room of its own. */
export async function freshRoom(desktop: Chromium, url: string): Promise<Page> {
  const dashboard = await desktop.open(url)
  await dashboard.evaluate(() => localStorage.clear())
  await dashboard.reload()
  await dashboard.locator('img.qr').first().waitFor()
  return dashboard
}

/** The token of the session that a page keeps; a dashboard's unless said. */
export const hostToken = (page: Page, entry = 'pairlens:dashboard'): Promise<string> =>
  page.evaluate((key) => (JSON.parse(localStorage.getItem(key) ?? '{}') as { token: string }).token, entry)

/** What a phone's own camera app would read off this dashboard; `code` says which picture to look at. */
export async function scan(dashboard: Page, code?: string): Promise<string> {
  await dashboard
    .locator(code ?? 'img.qr')
    .first()
    .waitFor()
  return readQr(await (code === undefined ? dashboard : dashboard.locator(code)).screenshot())
}

/** The tile of the only camera, or of the one with this id, in the given state. */
export function tile(dashboard: Page, state?: string, id?: string): Locator {
  const camera = id === undefined ? '[data-camera]' : `[data-camera="${id}"]`
  return dashboard.locator(state === undefined ? camera : `${camera}[data-state="${state}"]`)
}

export const startButton = (phone: Page): Locator => phone.getByRole('button', { name: 'Start camera' })

/**
 * Proves that a tile's picture moves: more frames were decoded, and the pixels changed.
 * Waits for the event of a new frame, not for time to pass.
 */
export async function pictureMoves(dashboard: Page, id?: string): Promise<boolean> {
  const video = tile(dashboard, undefined, id).locator('video')
  return video.evaluate(async (element: HTMLVideoElement) => {
    const nextFrame = () =>
      new Promise<void>((resolve) => void element.requestVideoFrameCallback(() => resolve()))
    const canvas = document.createElement('canvas')
    canvas.width = 64
    canvas.height = 48
    const context = canvas.getContext('2d', { willReadFrequently: true })
    if (context === null) throw new Error('no canvas')
    const pixels = () => {
      context.drawImage(element, 0, 0, canvas.width, canvas.height)
      return context.getImageData(0, 0, canvas.width, canvas.height).data.join()
    }
    await nextFrame()
    const before = { pixels: pixels(), frames: element.getVideoPlaybackQuality().totalVideoFrames }
    for (let frame = 0; frame < 20; frame += 1) await nextFrame()
    return pixels() !== before.pixels && element.getVideoPlaybackQuality().totalVideoFrames > before.frames
  })
}

/** Proves that a relayed picture moves: its canvas shows ten pictures that differ, within ten seconds. */
export async function canvasMoves(dashboard: Page, id?: string): Promise<boolean> {
  const shown = tile(dashboard, undefined, id).locator('canvas')
  return shown.evaluate(async (element: HTMLCanvasElement) => {
    const canvas = document.createElement('canvas')
    canvas.width = 64
    canvas.height = 48
    const context = canvas.getContext('2d', { willReadFrequently: true })
    if (context === null) throw new Error('no canvas')
    const seen = new Set<string>()
    const end = performance.now() + 10_000
    while (seen.size < 10 && performance.now() < end) {
      await new Promise((resolve) => requestAnimationFrame(resolve))
      context.drawImage(element, 0, 0, canvas.width, canvas.height)
      seen.add(context.getImageData(0, 0, canvas.width, canvas.height).data.join())
    }
    return seen.size >= 10
  })
}
