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

/** Finds the tile of the only camera, or of the one with this id. */
const cameraSelector = (id?: string): string => (id === undefined ? '[data-camera]' : `[data-camera="${id}"]`)

/** The tile of the only camera, or of the one with this id, in the given state. */
export function tile(dashboard: Page, state?: string, id?: string): Locator {
  const camera = cameraSelector(id)
  return dashboard.locator(state === undefined ? camera : `${camera}[data-state="${state}"]`)
}

export const startButton = (phone: Page): Locator => phone.getByRole('button', { name: 'Start camera' })

/** The tiles that show a live picture which came this way. */
export const liveBy = (dashboard: Page, way: 'p2p' | 'turn' | 'relay'): Locator =>
  dashboard.locator(`[data-camera][data-state="live"][data-transport="${way}"]`)

/** Opens the address of a code on a phone, and taps what starts its camera. */
export async function startCamera(phone: Page, url: string): Promise<void> {
  await phone.goto(url)
  await startButton(phone).tap()
}

/** Pairs a phone by what it would scan off this dashboard, and waits until its picture is live there. */
export async function joinAsCamera(dashboard: Page, phone: Page): Promise<void> {
  await startCamera(phone, await scan(dashboard))
  await tile(dashboard, 'live').waitFor()
}

/** A page in which a function can be run, whatever drives it. */
export interface RunsFunctions {
  evaluate(what: (camera: string) => Promise<boolean>, camera: string): Promise<boolean>
}

/**
 * Proves that a tile's picture moves: twenty frames more were shown, and the pixels changed.
 * Waits for the event of a new frame, not for time to pass.
 */
export const pictureMoves = (dashboard: RunsFunctions, id?: string): Promise<boolean> =>
  dashboard.evaluate(async (camera) => {
    const element = document.querySelector<HTMLVideoElement>(`${camera} video`)
    if (element === null) return false
    // The element's own count of frames stays 0 in Firefox where it plays a stream.
    const nextFrame = () =>
      new Promise<number>((resolve) => {
        element.requestVideoFrameCallback((_, { presentedFrames }) => resolve(presentedFrames))
      })
    const canvas = document.createElement('canvas')
    canvas.width = 64
    canvas.height = 48
    const context = canvas.getContext('2d', { willReadFrequently: true })
    if (context === null) throw new Error('no canvas')
    const pixels = () => {
      context.drawImage(element, 0, 0, canvas.width, canvas.height)
      return context.getImageData(0, 0, canvas.width, canvas.height).data.join()
    }
    const first = await nextFrame()
    const before = pixels()
    let last = first
    for (let frame = 0; frame < 20; frame += 1) last = await nextFrame()
    return last - first >= 20 && pixels() !== before
  }, cameraSelector(id))

/** Proves that a relayed picture moves: its canvas shows ten pictures that differ, within half a minute. */
export const canvasMoves = (dashboard: RunsFunctions, id?: string): Promise<boolean> =>
  dashboard.evaluate(async (camera) => {
    const canvas = document.createElement('canvas')
    canvas.width = 64
    canvas.height = 48
    const context = canvas.getContext('2d', { willReadFrequently: true })
    if (context === null) throw new Error('no canvas')
    const seen = new Set<string>()
    const end = performance.now() + 30_000
    while (seen.size < 10 && performance.now() < end) {
      await new Promise((resolve) => requestAnimationFrame(resolve))
      const shown = document.querySelector<HTMLCanvasElement>(`${camera} canvas`)
      if (shown === null) continue
      context.drawImage(shown, 0, 0, canvas.width, canvas.height)
      seen.add(context.getImageData(0, 0, canvas.width, canvas.height).data.join())
    }
    return seen.size >= 10
  }, cameraSelector(id))

/**
 * To run before a page's own scripts: until `allowDirect` is set in it, its connections find no way but through a
 * TURN server, as in a network that blocks the others.
 */
export const blockDirect = (): void => {
  const state = window as unknown as { allowDirect?: boolean }
  const Native = window.RTCPeerConnection
  window.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(state.allowDirect ? configuration : { ...configuration, iceTransportPolicy: 'relay' })
    }
    override setConfiguration(configuration?: RTCConfiguration) {
      super.setConfiguration(
        state.allowDirect ? configuration : { ...configuration, iceTransportPolicy: 'relay' },
      )
    }
  }
}
