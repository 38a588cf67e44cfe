/** Pictures through a real TURN server (coturn), with credentials that the server makes for each member. */
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { aroundAll, closePagesAfterEach } from '../support/around.ts'
import type { Chromium } from '../support/chromium.ts'
import {
  blockDirect,
  canvasMoves,
  freshRoom,
  liveBy,
  pictureMoves,
  scan,
  startCamera,
  startDesktop,
  startPhone,
} from '../support/pages.ts'
import { startServer } from '../support/server-process.ts'
import { startTurn } from '../support/turn-server.ts'

const SECRET = 'over-the-hills-and-far-away'

/** Its network lets nothing through but what goes to the TURN server. */
const blocked = async (starting: Promise<Chromium>): Promise<Chromium> => {
  const browser = await starting
  await browser.context.addInitScript(blockDirect)
  return browser
}
const turn = aroundAll(() => startTurn(SECRET))
const server = aroundAll(() => startServer({ ICE_SERVERS: '[]', TURN_URLS: turn().url, TURN_SECRET: SECRET }))
const desktop = aroundAll(() => blocked(startDesktop()))
const handheld = aroundAll(() => blocked(startPhone()))
closePagesAfterEach(handheld, desktop)

const pair = async (url: string): Promise<{ dashboard: Page; phone: Page }> => {
  const dashboard = await freshRoom(desktop(), url)
  const phone = await handheld().context.newPage()
  await startCamera(phone, await scan(dashboard))
  return { dashboard, phone }
}
/** Ways that the TURN server has opened so far: one for each page that is connected through it. */
const allocations = () => turn().logs().split('ALLOCATE processed, success').length - 1

const bothSay = async (both: readonly Page[], text: string) => {
  for (const page of both) await page.getByText(text).waitFor({ timeout: 45_000 })
}

test('[MED-1] [MED-5] [MED-6] through TURN, through this server while TURN is away, and back', async () => {
  const { dashboard, phone } = await pair(server().url)
  await liveBy(dashboard, 'turn').waitFor()
  expect(await pictureMoves(dashboard)).toBe(true)
  await bothSay([dashboard, phone], 'Your network blocks direct video, so it goes through the server.')
  expect(allocations()).toBeGreaterThanOrEqual(2)

  await turn().kill()
  await liveBy(dashboard, 'relay').waitFor({ timeout: 45_000 })
  expect(await canvasMoves(dashboard)).toBe(true)
  await bothSay([dashboard, phone], 'Direct video broke off, so it goes through the server.')

  await turn().start()
  await liveBy(dashboard, 'turn').waitFor({ timeout: 90_000 })
  expect(await pictureMoves(dashboard)).toBe(true)
  expect(await dashboard.locator('[data-camera] canvas').count()).toBe(0)
  await bothSay([dashboard, phone], 'Your network blocks direct video, so it goes through the server.')
}, 240_000)

test('[MED-1] through TURN over TCP, where a network lets out no UDP at all', async () => {
  const before = turn().logs().length
  const byTcp = await startServer({
    ICE_SERVERS: '[]',
    TURN_URLS: turn().url.replace('transport=udp', 'transport=tcp'),
    TURN_SECRET: SECRET,
  })
  try {
    const { dashboard, phone } = await pair(byTcp.url)
    await liveBy(dashboard, 'turn').waitFor()
    expect(await pictureMoves(dashboard)).toBe(true)
    await bothSay([dashboard, phone], 'Your network blocks direct video, so it goes through the server.')
    expect(turn().logs().slice(before)).toContain('tcp or tls connected to: 127.0.0.1')
  } finally {
    await byTcp.stop()
  }
}, 120_000)

test('[MED-5] [MED-6] a TURN server that refuses the credentials: through this server', async () => {
  const before = allocations()
  const other = await startServer({ ICE_SERVERS: '[]', TURN_URLS: turn().url, TURN_SECRET: 'another-secret' })
  try {
    const { dashboard, phone } = await pair(other.url)
    await liveBy(dashboard, 'relay').waitFor()
    expect(await canvasMoves(dashboard)).toBe(true)
    await bothSay([dashboard, phone], 'Your network blocks direct video, so it goes through the server.')
    expect(turn().logs()).toContain('Cannot find credentials of user')
    expect(allocations()).toBe(before)
  } finally {
    await other.stop()
  }
}, 120_000)
