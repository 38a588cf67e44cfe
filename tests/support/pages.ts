import type { Locator, Page } from 'playwright-core'
import { startChromium, type Chromium, type ChromiumOptions } from './chromium.ts'
import { readQr } from './qr.ts'

const DESKTOP = { width: 1280, height: 800 }
const PHONE = { width: 390, height: 844 }

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

/** What a phone's own camera app would read off this dashboard. */
export async function scan(dashboard: Page): Promise<string> {
  await dashboard.locator('img.qr').first().waitFor()
  return readQr(await dashboard.screenshot())
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
