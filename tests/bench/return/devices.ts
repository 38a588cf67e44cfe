/** A dashboard and a phone that has gone live with it, in real browsers, and how both are watched and put to sleep. */
import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'
import type { Page } from 'playwright-core'
import { startChromium, type Chromium } from '../../support/chromium.ts'
import { DESKTOP, freshRoom, scan, startButton, startPhone, tile } from '../../support/pages.ts'
import { toolPath } from '../../support/tools.ts'
import type { PhoneNetwork } from './network.ts'

export type Way = 'direct' | 'relayed'

export interface Devices {
  readonly dashboard: Page
  readonly phone: Page
  /** Milliseconds from then (`Date.now()`) until the tile is live and its picture has changed twice. */
  liveAgain(since: number): Promise<number>
  /** As when the phone is locked: hidden, without its camera, and no instruction of its browser is run. */
  lock(): Promise<void>
  /** @returns when the page was in view again, as `Date.now()` */
  unlock(): Promise<number>
  close(): Promise<void>
}

/** What else finds it: the loader of this file wraps named functions in a helper that pages do not have. */
const NAMES = 'globalThis.__name = (made) => made'

/** Process groups that this process leads children in: each browser is one. */
const groups = (): number[] =>
  readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return []
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
      const [, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(parent) === process.pid && group === entry ? [Number(entry)] : []
    } catch {
      // It has ended since the folder was read.
      return []
    }
  })

const startIn = async (
  network: PhoneNetwork,
  origin: string,
): Promise<{ handheld: Chromium; group: number }> => {
  const before = new Set(groups())
  const own = process.env['CHROMIUM_PATH']
  process.env['CHROMIUM_PATH'] = await network.browser(toolPath('chromium'))
  try {
    const handheld = await startPhone({ flags: [`--unsafely-treat-insecure-origin-as-secure=${origin}`] })
    const group = groups().find((one) => !before.has(one))
    if (group === undefined) throw new Error('The phone’s browser has no process')
    return { handheld, group }
  } finally {
    if (own === undefined) delete process.env['CHROMIUM_PATH']
    else process.env['CHROMIUM_PATH'] = own
  }
}

const asWay = (address: string, way: Way): string => {
  const url = new URL(address)
  if (way === 'relayed') url.searchParams.set('transport', 'relay')
  return url.href
}

/** @param url the dashboard's address; the phone uses that of the QR code */
export async function startDevices(network: PhoneNetwork, url: string, way: Way): Promise<Devices> {
  const desktop = await startChromium({ camera: 'none', context: { viewport: DESKTOP } })
  await desktop.context.addInitScript(NAMES)
  const dashboard = await freshRoom(desktop, asWay(url, way))
  const code = await scan(dashboard)
  const { handheld, group } = await startIn(network, new URL(code).origin)
  await handheld.context.addInitScript(NAMES)
  const phone = await handheld.open(asWay(code, way))
  await startButton(phone).tap()
  await tile(dashboard, 'live').waitFor()

  const show = (visibility: 'hidden' | 'visible') =>
    phone.evaluate((state) => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state })
      const at = Date.now()
      document.dispatchEvent(new Event('visibilitychange'))
      return at
    }, visibility)
  return {
    dashboard,
    phone,
    liveAgain: (since) =>
      dashboard.evaluate(
        (from) =>
          new Promise<number>((resolve) => {
            const canvas = document.createElement('canvas')
            canvas.width = 64
            canvas.height = 36
            const context = canvas.getContext('2d', { willReadFrequently: true })
            if (!context) throw new Error('There is no canvas')
            const look = () => {
              const shown = document.querySelector<HTMLElement>('[data-camera][data-state="live"]')
              const picture = shown?.querySelector<HTMLVideoElement | HTMLCanvasElement>('video, canvas')
              if (!picture) return undefined
              context.drawImage(picture, 0, 0, canvas.width, canvas.height)
              return context.getImageData(0, 0, canvas.width, canvas.height).data.join()
            }
            let before: string | undefined
            let changes = 0
            const step = () => {
              const now = look()
              if (now === undefined) changes = 0
              else if (before !== undefined && now !== before) changes += 1
              before = now
              if (changes === 2) resolve(Date.now() - from)
              else requestAnimationFrame(step)
            }
            step()
          }),
        since,
      ),
    async lock() {
      await show('hidden')
      await phone.evaluate(() => {
        const stream = document.querySelector<HTMLVideoElement>('video.preview')?.srcObject
        if (stream instanceof MediaStream) for (const track of stream.getTracks()) track.stop()
      })
      process.kill(-group, 'SIGSTOP')
    },
    async unlock() {
      process.kill(-group, 'SIGCONT')
      return show('visible')
    },
    async close() {
      process.kill(-group, 'SIGCONT')
      await handheld.close()
      await desktop.close()
    },
  }
}
