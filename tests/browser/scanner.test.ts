import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import QRCode from 'qrcode'
import { describe, expect, test } from 'vitest'
import { aroundAll, aroundEach } from '../support/around.ts'
import { filmOf } from '../support/camera-film.ts'
import { pictureMoves, scan, startButton, startDesktop, startPhone, tile } from '../support/pages.ts'
import { startServer } from '../support/server-process.ts'

/** What the phone's camera sees: a file that a test may write anew. */
const film = aroundAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pairlens-film-'))
  return { path: join(folder, 'camera.y4m'), close: () => rm(folder, { recursive: true, force: true }) }
})
const server = aroundAll(() => startServer({ ICE_SERVERS: '[]' }))

const scanButton = (phone: Page) => phone.getByRole('button', { name: 'Scan the code' })
const scanner = (phone: Page) => phone.getByRole('dialog', { name: 'Scan the code' })
/** Shows the phone's camera a QR code with this text, from the next time it is asked for. */
const show = async (text: string) => filmOf(film().path, await QRCode.toBuffer(text, { width: 480 }))
/** Whether some page holds the camera. */
const liveTracks = (phone: Page) =>
  phone.evaluate(
    () =>
      (window as unknown as { tracks: MediaStreamTrack[] }).tracks.filter(
        ({ readyState }) => readyState === 'live',
      ).length,
  )

describe('a phone whose camera sees a code', () => {
  const handheld = aroundAll(async () => {
    await show('nothing yet')
    return startPhone({ video: film().path })
  })
  let requested: string[]
  const phone = aroundEach(async () => {
    const page = await handheld().context.newPage()
    requested = []
    page.on('request', (request) => requested.push(request.url()))
    await page.addInitScript(() => {
      const seen = window as unknown as { tracks: MediaStreamTrack[]; most: number }
      seen.tracks = []
      seen.most = 0
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
      navigator.mediaDevices.getUserMedia = async (constraints) => {
        const open = () => seen.tracks.filter(({ readyState }) => readyState === 'live').length
        seen.most = Math.max(seen.most, open() + 1)
        const stream = await ask(constraints)
        seen.tracks.push(...stream.getTracks())
        return stream
      }
    })
    await page.goto(`${server().url}/p`)
    await page.evaluate(() => localStorage.clear())
    await page.reload()
    await scanButton(page).waitFor()
    return page
  })
  const mostTracks = () => phone().evaluate(() => (window as unknown as { most: number }).most)

  test('[MED-3] the dashboard’s code read in the page, one tap, and the phone is live', async () => {
    const desktop = await startDesktop()
    try {
      const dashboard = await desktop.open(server().url)
      const url = await scan(dashboard)
      await filmOf(film().path, await dashboard.screenshot())
      // Nothing of the scanner was loaded before it was asked for.
      expect(requested.filter((each) => /wasm|scan/i.test(each))).toEqual([])
      expect(await liveTracks(phone())).toBe(0)

      await scanButton(phone()).tap()
      await startButton(phone()).waitFor()
      await phone().getByText('My room').waitFor()
      expect(await scanner(phone()).count()).toBe(0)
      // The camera was given back, and a reload finds the code as after the camera app.
      expect(await liveTracks(phone())).toBe(0)
      expect(phone().url()).toBe(url.replace(/^http:\/\/[^/]+/, server().url))

      await startButton(phone()).tap()
      await tile(dashboard, 'live').waitFor()
      await phone().locator('[data-state="live"]').waitFor()
      expect(await pictureMoves(dashboard)).toBe(true)
      expect(new URL(phone().url()).hash).toBe('')
      expect(await mostTracks()).toBe(1)
      // The reader came from this server alone.
      expect(requested.some((each) => each.endsWith('.wasm'))).toBe(true)
      expect(
        requested.filter((each) => !each.startsWith(`${server().url}/`) && !each.startsWith('blob:')),
      ).toEqual([])
      expect(handheld().faults).toEqual([])
    } finally {
      await desktop.close()
    }
  })

  test('[MED-5] a code of another server is refused in words, and goes nowhere', async () => {
    await show('https://elsewhere.example/p#AAAAAAAAAAAAAAAAAAAAAA')
    await scanButton(phone()).tap()
    await scanner(phone()).getByText('elsewhere.example').waitFor()
    await scanner(phone()).getByText('not to this server').waitFor()
    expect(await scanner(phone()).getAttribute('data-scan')).toBe('refused')
    expect(requested.filter((each) => each.includes('elsewhere') || each.includes('/api/pairings'))).toEqual(
      [],
    )
    expect(new URL(phone().url()).hash).toBe('')
  })

  test('[MED-5] a code that is no pairing code is refused in words', async () => {
    await show('WIFI:S:Guests;T:WPA;P:secret;;')
    await scanButton(phone()).tap()
    await scanner(phone()).getByText('That is not a pairing code').waitFor()
  })

  test('an invitation to watch opens the page it is for', async () => {
    await show(`${server().url}/v#AAAAAAAAAAAAAAAAAAAAAA`)
    await scanButton(phone()).tap()
    await phone().waitForURL(`${server().url}/v#AAAAAAAAAAAAAAAAAAAAAA`)
  })

  test('by keyboard: it opens, Escape closes it, the camera is free and the focus is back', async () => {
    await show('nothing to find')
    await scanButton(phone()).focus()
    await phone().keyboard.press('Enter')
    await scanner(phone()).waitFor()
    await expect.poll(() => liveTracks(phone())).toBe(1)
    expect(await phone().evaluate(() => document.activeElement?.closest('dialog') !== null)).toBe(true)
    await phone().keyboard.press('Escape')
    await phone().locator('dialog').waitFor({ state: 'detached' })
    expect(await liveTracks(phone())).toBe(0)
    expect(await phone().evaluate(() => document.activeElement?.textContent)).toBe('Scan the code')
  })

  test('a browser that closes it without asking leaves no camera on either', async () => {
    await scanButton(phone()).tap()
    await scanner(phone()).waitFor()
    await expect.poll(() => liveTracks(phone())).toBe(1)
    await phone().evaluate(() => document.querySelector('dialog')?.close())
    await expect.poll(() => liveTracks(phone())).toBe(0)
    expect(await phone().locator('dialog').count()).toBe(0)
    await scanButton(phone()).tap()
    await scanner(phone()).waitFor()
  })

  test('closed while the camera is still being opened, it leaves no camera on', async () => {
    await phone().evaluate(() => {
      const { mediaDevices } = navigator
      const ask = mediaDevices.getUserMedia.bind(mediaDevices)
      const late = window as unknown as { answer: () => void; answered: boolean }
      mediaDevices.getUserMedia = async (constraints) => {
        await new Promise<void>((resolve) => (late.answer = resolve))
        const stream = await ask(constraints)
        late.answered = true
        return stream
      }
    })
    await scanButton(phone()).tap()
    await scanner(phone()).waitFor()
    await phone().waitForFunction(() => 'answer' in window)
    await scanner(phone()).getByRole('button', { name: 'Type the code' }).tap()
    await phone().evaluate(() => (window as unknown as { answer: () => void }).answer())
    await phone().waitForFunction(() => (window as unknown as { answered?: boolean }).answered)
    await expect.poll(() => liveTracks(phone())).toBe(0)
  })

  test('[MED-5] a scanner that does not load says so, and the typed code is still there', async () => {
    await phone().route(/scanner-view.*\.js$/, (route) => route.abort())
    await scanButton(phone()).tap()
    await phone().getByText('The scanner did not load').waitFor()
    expect(await phone().getByRole('textbox').count()).toBe(1)
  })

  test('[MED-5] a reader that does not load says so', async () => {
    await phone().route(/\.wasm$/, (route) => route.abort())
    await scanButton(phone()).tap()
    await scanner(phone()).getByRole('heading', { name: 'The scanner did not load' }).waitFor()
    expect(await liveTracks(phone())).toBe(0)
    await phone().unroute(/\.wasm$/)
    await show('again')
    await scanner(phone()).getByRole('button', { name: 'Try again' }).tap()
    await scanner(phone()).getByText('That is not a pairing code').waitFor()
  })
})

describe('[MED-5] a phone that has no camera for the scanner', () => {
  /** What it says, and that the typed code mends it. */
  async function refusedWith(title: string, phone: Page) {
    await scanButton(phone).tap()
    await scanner(phone).getByRole('heading', { name: title }).waitFor()
    await scanner(phone).getByText('Or type the code instead.').waitFor()
    await scanner(phone).getByRole('button', { name: 'Type the code' }).tap()
    await scanner(phone).waitFor({ state: 'detached' })
    await phone.getByRole('textbox').waitFor()
  }

  test.for([
    ['denied', 'The camera is not allowed'],
    ['none', 'No camera found'],
  ] as const)('camera: %s', async ([camera, title]) => {
    const handheld = await startPhone({ camera })
    try {
      await refusedWith(title, await handheld.open(`${server().url}/p`))
    } finally {
      await handheld.close()
    }
  })

  test('a page without https', async () => {
    const handheld = await startPhone({ flags: ['--host-resolver-rules=MAP phone.example 127.0.0.1'] })
    try {
      const phone = await handheld.open(`http://phone.example:${server().port}/p`)
      expect(await phone.evaluate(() => isSecureContext)).toBe(false)
      await refusedWith('This address cannot use the camera', phone)
    } finally {
      await handheld.close()
    }
  })
})

test('[SEC-5] WebAssembly is allowed on the phone’s page alone, and eval nowhere', async () => {
  const scripts = async (path: string) => {
    const policy = (await fetch(`${server().url}${path}`)).headers.get('content-security-policy') ?? ''
    return policy.split(';').find((each) => each.startsWith('script-src '))
  }
  expect(await scripts('/p')).toBe("script-src 'self' 'wasm-unsafe-eval'")
  for (const path of ['/', '/trust', '/healthz', '/api/lan', '/nowhere']) {
    expect(await scripts(path)).toBe("script-src 'self'")
  }
})
