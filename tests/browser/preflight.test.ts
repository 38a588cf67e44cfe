/** What the phone's page finds out before the tap, in real browsers that lack what it looks for. */
import type { Page } from 'playwright-core'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { aroundAll } from '../support/around.ts'
import type { Chromium, ChromiumOptions } from '../support/chromium.ts'
import { startCutProxy } from '../support/cut-proxy.ts'
import { freshRoom, scan, startButton, startDesktop, startPhone, tile } from '../support/pages.ts'
import { freePort, startServer, type ServerProcess } from '../support/server-process.ts'
import { startStunServer } from '../support/stun-server.ts'

const INSTAGRAM =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/129.0.0.0 Mobile Safari/537.36 Instagram 354.0.0.0.1 Android'
const IN_IPHONE_APP =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/22B83'

const stun = aroundAll(() => startStunServer())
const proxy = aroundAll(() => startCutProxy(() => server().port))
const server: () => ServerProcess = aroundAll(() =>
  startServer({
    ICE_SERVERS: JSON.stringify([{ urls: stun().url }]),
    PUBLIC_URL: proxy().url,
    RATE_LIMITS: 'off',
  }),
)
const desktop = aroundAll(() => startDesktop())
afterEach(() => {
  proxy().refusing = false
})

/** A phone that ends with the test. */
async function startHandheld(options: ChromiumOptions = {}): Promise<Chromium> {
  const handheld = await startPhone(options)
  onTestFinished(() => handheld.close())
  return handheld
}

/** A phone that has just scanned the code of a new room, and its dashboard. */
async function scanned(
  options: ChromiumOptions = {},
): Promise<{ handheld: Chromium; phone: Page; dashboard: Page; calls: string[] }> {
  const dashboard = await freshRoom(desktop(), proxy().url)
  const url = await scan(dashboard)
  const handheld = await startHandheld(options)
  const phone = await handheld.context.newPage()
  const calls: string[] = []
  phone.on('request', (request) => calls.push(`${request.method()} ${new URL(request.url()).pathname}`))
  await phone.addInitScript(() => {
    const seen = window as unknown as { asked: number }
    seen.asked = 0
    const { mediaDevices } = navigator
    if (!mediaDevices) return
    const ask = mediaDevices.getUserMedia.bind(mediaDevices)
    mediaDevices.getUserMedia = (constraints) => {
      seen.asked += 1
      return ask(constraints)
    }
  })
  await phone.goto(url)
  await startButton(phone).waitFor()
  return { handheld, phone, dashboard, calls }
}
const openList = (phone: Page) => phone.getByText('Check this phone').click()
const check = (phone: Page, name: string, verdict: string) =>
  phone.locator(`[data-check="${name}"][data-verdict="${verdict}"]`)
const problem = (phone: Page, kind: string) => phone.locator(`[data-problem="${kind}"]`)
const asked = (phone: Page) => phone.evaluate(() => (window as unknown as { asked: number }).asked)

describe('[MED-5] before the tap', () => {
  test('[MED-3] a phone with all it needs: nothing is said, all is listed on demand, nothing is asked or used up', async () => {
    const { phone, dashboard, calls } = await scanned()
    await openList(phone)
    for (const name of ['page', 'browser', 'permission', 'camera', 'server', 'direct'])
      await check(phone, name, 'good').waitFor()
    await phone.getByText('Direct video finds a way out of this network', { exact: true }).waitFor()
    expect(await phone.locator('[data-problem]').count()).toBe(0)
    expect(await asked(phone)).toBe(0)
    expect(calls).not.toContain('POST /api/pairings')

    await startButton(phone).tap()
    await tile(dashboard, 'live').waitFor()
  })

  test('[PAIR-8] what is copied for support holds the findings and no secret', async () => {
    const { handheld, phone } = await scanned()
    await handheld.context.grantPermissions(['clipboard-read', 'clipboard-write', 'camera'], {
      origin: proxy().url,
    })
    await openList(phone)
    for (const name of ['camera', 'direct']) await check(phone, name, 'good').waitFor()
    await phone.getByRole('button', { name: 'Copy for support' }).click()
    await phone.getByRole('button', { name: 'Copied' }).waitFor()
    const text = await phone.evaluate(() => navigator.clipboard.readText())
    const secret = new URL(phone.url()).hash.slice(1)
    expect(secret.length).toBeGreaterThan(20)
    expect(text).not.toContain(secret)
    expect(text).toContain('✓ A camera is there')
    expect(text).toContain(`Page: ${proxy().url}/p\n`)
  })

  test('the camera is denied: it says where to allow it, and leaves the button', async () => {
    const { handheld, phone } = await scanned({ camera: 'denied' })
    await problem(phone, 'denied').waitFor()
    await phone.getByText('The camera is not allowed', { exact: true }).waitFor()
    await phone.getByText('beside the address in Chrome').first().waitFor()
    expect(await startButton(phone).isEnabled()).toBe(true)
    expect(await asked(phone)).toBe(0)

    // Allowed in the settings: the page sees it by itself.
    await handheld.context.grantPermissions(['camera'], { origin: proxy().url })
    await problem(phone, 'denied').waitFor({ state: 'detached' })
  })

  test('there is no camera', async () => {
    const { phone } = await scanned({ camera: 'none' })
    await problem(phone, 'missing').waitFor()
    await phone.getByText('No camera found', { exact: true }).first().waitFor()
    await openList(phone)
    await check(phone, 'camera', 'bad').waitFor()
  })

  test.for([
    ['an old browser', undefined],
    ['the browser inside of an app', IN_IPHONE_APP],
  ] as const)(
    '[MED-7] %s has no camera for pages: it is said, no tap is wasted, photos can be sent',
    async ([, userAgent]) => {
      const dashboard = await freshRoom(desktop(), proxy().url)
      const url = await scan(dashboard)
      const handheld = await startHandheld(userAgent === undefined ? {} : { context: { userAgent } })
      const phone = await handheld.context.newPage()
      await phone.addInitScript(() => {
        Object.defineProperty(navigator, 'mediaDevices', { value: undefined })
      })
      await phone.goto(url)
      await problem(phone, userAgent === undefined ? 'no-camera-api' : 'in-app').waitFor()
      await startButton(phone).waitFor({ state: 'detached' })
      await phone.getByRole('button', { name: 'Copy the address' }).waitFor()
      await phone.getByRole('button', { name: 'Send photos instead' }).tap()
      await phone.locator('[data-view="photos"]').waitFor()
      await tile(dashboard, 'waiting').waitFor()
    },
  )

  test('opened inside Instagram on Android: one button opens Chrome, and the address is there to copy', async () => {
    const { handheld, phone } = await scanned({ context: { userAgent: INSTAGRAM } })
    await problem(phone, 'in-app').getByText('It is open inside Instagram').waitFor()
    await phone.getByRole('button', { name: 'Open in Chrome' }).waitFor()
    await handheld.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: proxy().url })
    await phone.getByRole('button', { name: 'Copy the address' }).click()
    await phone.getByRole('button', { name: 'Copied' }).waitFor()
    // With the code: it is not used up, and Chrome takes it from here.
    expect(await phone.evaluate(() => navigator.clipboard.readText())).toBe(phone.url())
    expect(await startButton(phone).isEnabled()).toBe(true)
  })

  test('opened inside an app on an iPhone: it names Safari', async () => {
    const { phone } = await scanned({ context: { userAgent: IN_IPHONE_APP } })
    await phone.getByText('Open this page in Safari', { exact: true }).waitFor()
    await phone.getByRole('button', { name: 'Copy the address' }).waitFor()
    expect(await phone.getByRole('button', { name: 'Open in Chrome' }).count()).toBe(0)
  })

  test('the server is cut off: it is said, and goes with the fault', async () => {
    const { phone } = await scanned()
    await openList(phone)
    await check(phone, 'server', 'good').waitFor()
    proxy().refusing = true
    proxy().cut()
    await phone.getByRole('button', { name: 'Check again' }).click()
    await problem(phone, 'server-blocked').waitFor()
    await check(phone, 'direct', 'unknown').waitFor()
    proxy().refusing = false
    await problem(phone, 'server-blocked').getByRole('button', { name: 'Check again' }).click()
    await problem(phone, 'server-blocked').waitFor({ state: 'detached' })
  })

  test('a code that has run out leaves the check at hand', async () => {
    const handheld = await startHandheld()
    const phone = await handheld.open(`${proxy().url}/p#AAAAAAAAAAAAAAAAAAAAAA`)
    await phone.getByRole('heading', { name: 'This code has run out' }).waitFor()
    await openList(phone)
    await check(phone, 'server', 'good').waitFor()
    expect(await phone.locator('[data-problem]').count()).toBe(0)
  })
})

test('[MED-5] a page on the network without https says that the camera cannot work, and lists the rest', async () => {
  const port = await freePort()
  const base = `http://pairlens.test:${port}`
  const resolve = '--host-resolver-rules=MAP pairlens.test 127.0.0.1'
  const plain = await startServer({ ICE_SERVERS: '[]', PORT: String(port), PUBLIC_URL: base })
  const computer = await startDesktop({ flags: [resolve] })
  try {
    const url = await scan(await freshRoom(computer, base))
    const handheld = await startHandheld({ flags: [resolve] })
    const phone = await handheld.open(url)
    await phone.getByText('Browsers allow live video on secure pages only.').waitFor()
    expect(await startButton(phone).count()).toBe(0)
    expect(await phone.getByRole('button', { name: 'Send photos instead' }).isEnabled()).toBe(true)
    await openList(phone)
    await check(phone, 'page', 'bad').waitFor()
    await check(phone, 'server', 'good').waitFor()
    await check(phone, 'direct', 'good').waitFor()
  } finally {
    await computer.close()
    await plain.stop()
  }
})
