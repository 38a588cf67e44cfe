import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { toolPath } from './tools.ts'

/** Steady and silent: no GPU, no updates, no calls home; the sandbox does not start for root. */
const BASE_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export type CameraAnswer =
  /** A generated picture, and the question for the camera is answered with yes. */
  | 'allowed'
  /** A camera is there, and the question is answered with no. */
  | 'denied'
  /** No camera at all: `getUserMedia` says NotFoundError. */
  | 'none'

export interface ChromiumOptions {
  /** What a page that asks for the camera gets; `allowed` unless said. */
  readonly camera?: CameraAnswer
  /** Pictures a second of the fake camera; 30 unless said. */
  readonly fps?: number
  /** How many fake cameras there are; one unless said. */
  readonly devices?: number
  /** Path of a y4m or mjpeg file that the fake camera plays. */
  readonly video?: string
  /** HOME of the browser, whose `.pki/nssdb` names the authorities it trusts; a new empty folder unless said. */
  readonly home?: string
  readonly flags?: readonly string[]
  /** Viewport, user agent and so on of the one context. */
  readonly context?: BrowserContextOptions
}

/** A browser of its own: process, profile and HOME are new, and gone after `close`. */
export interface Chromium {
  readonly context: BrowserContext
  /** Opens a page; what it throws or logs as an error is found in `faults`. */
  open(url: string): Promise<Page>
  /** Uncaught errors and console errors of all pages, as texts, in order. */
  readonly faults: readonly string[]
  close(): Promise<void>
}

const cameraFlags = ({ camera = 'allowed', fps = 30, devices = 1, video }: ChromiumOptions): string[] => {
  if (camera === 'none') return []
  return [
    `--use-fake-device-for-media-stream=fps=${fps},device-count=${devices}`,
    ...(video === undefined ? [] : [`--use-file-for-fake-video-capture=${video}`]),
    // It answers every question with yes, so it may not be there when the answer is to be no.
    ...(camera === 'allowed' ? ['--use-fake-ui-for-media-stream'] : []),
  ]
}

/** Starts a real Chromium without a window. The caller closes it. */
export async function startChromium(options: ChromiumOptions = {}): Promise<Chromium> {
  const executablePath = toolPath('chromium')
  const folder = await mkdtemp(join(tmpdir(), 'pairlens-chromium-'))
  const discard = () => rm(folder, { recursive: true, force: true, maxRetries: 5 })
  try {
    const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
      ...options.context,
      executablePath,
      headless: true,
      args: [...BASE_FLAGS, ...cameraFlags(options), ...(options.flags ?? [])],
      env: { ...process.env, HOME: options.home ?? folder },
    })
    // Whatever is not granted is refused, without a question nobody could answer.
    if (options.camera === 'denied') await context.grantPermissions([])

    const faults: string[] = []
    context.on('weberror', (fault) => faults.push(String(fault.error())))
    context.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text())
    })
    return {
      context,
      faults,
      async open(url) {
        const page = await context.newPage()
        await page.goto(url)
        return page
      },
      async close() {
        await context.close()
        await discard()
      },
    }
  } catch (error) {
    await discard()
    throw error
  }
}
