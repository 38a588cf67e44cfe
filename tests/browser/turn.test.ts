/** Pictures through a real TURN server (coturn), with credentials that the server makes for each member. */
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Chromium } from '../support/chromium.ts'
import {
  blockDirect,
  canvasMoves,
  freshRoom,
  pictureMoves,
  scan,
  startButton,
  startDesktop,
  startPhone,
} from '../support/pages.ts'
import { startServer, type ServerProcess } from '../support/server-process.ts'
import { startTurn, type TurnServer } from '../support/turn-server.ts'

const SECRET = 'over-the-hills-and-far-away'

let turn: TurnServer
let server: ServerProcess
let desktop: Chromium
let handheld: Chromium
const pages: Page[] = []

beforeAll(async () => {
  turn = await startTurn(SECRET)
  server = await startServer({ ICE_SERVERS: '[]', TURN_URLS: turn.url, TURN_SECRET: SECRET })
  desktop = await startDesktop()
  handheld = await startPhone()
  // Both networks let nothing through but what goes to the TURN server.
  for (const { context } of [desktop, handheld]) await context.addInitScript(blockDirect)
}, 120_000)
afterAll(async () => {
  for (const browser of [handheld, desktop]) await browser.close()
  await server.stop()
  await turn.close()
})
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close()
})

const live = (page: Page, transport: string) =>
  page.locator(`[data-camera][data-state="live"][data-transport="${transport}"]`)

const pair = async (url: string): Promise<{ dashboard: Page; phone: Page }> => {
  const dashboard = await freshRoom(desktop, url)
  const phone = await handheld.context.newPage()
  pages.push(phone, dashboard)
  await phone.goto(await scan(dashboard))
  await startButton(phone).tap()
  return { dashboard, phone }
}
/** Ways that the TURN server has opened so far: one for each page that is connected through it. */
const allocations = () => turn.logs().split('ALLOCATE processed, success').length - 1

const bothSay = async (both: readonly Page[], text: string) => {
  for (const page of both) await page.getByText(text).waitFor({ timeout: 45_000 })
}

test('[MED-1] [MED-5] [MED-6] through TURN, through this server while TURN is away, and back', async () => {
  const { dashboard, phone } = await pair(server.url)
  await live(dashboard, 'turn').waitFor()
  expect(await pictureMoves(dashboard)).toBe(true)
  await bothSay([dashboard, phone], 'Your network blocks direct video, so it goes through the server.')
  expect(allocations()).toBeGreaterThanOrEqual(2)

  await turn.kill()
  await live(dashboard, 'relay').waitFor({ timeout: 45_000 })
  expect(await canvasMoves(dashboard)).toBe(true)
  await bothSay([dashboard, phone], 'Direct video broke off, so it goes through the server.')

  await turn.start()
  await live(dashboard, 'turn').waitFor({ timeout: 90_000 })
  expect(await pictureMoves(dashboard)).toBe(true)
  expect(await dashboard.locator('[data-camera] canvas').count()).toBe(0)
  await bothSay([dashboard, phone], 'Your network blocks direct video, so it goes through the server.')
}, 240_000)

test('[MED-1] through TURN over TCP, where a network lets out no UDP at all', async () => {
  const before = turn.logs().length
  const byTcp = await startServer({
    ICE_SERVERS: '[]',
    TURN_URLS: turn.url.replace('transport=udp', 'transport=tcp'),
    TURN_SECRET: SECRET,
  })
  try {
    const { dashboard, phone } = await pair(byTcp.url)
    await live(dashboard, 'turn').waitFor()
    expect(await pictureMoves(dashboard)).toBe(true)
    await bothSay([dashboard, phone], 'Your network blocks direct video, so it goes through the server.')
    expect(turn.logs().slice(before)).toContain('tcp or tls connected to: 127.0.0.1')
  } finally {
    await byTcp.stop()
  }
}, 120_000)

test('[MED-5] [MED-6] a TURN server that refuses the credentials: through this server', async () => {
  const before = allocations()
  const other = await startServer({ ICE_SERVERS: '[]', TURN_URLS: turn.url, TURN_SECRET: 'another-secret' })
  try {
    const { dashboard, phone } = await pair(other.url)
    await live(dashboard, 'relay').waitFor()
    expect(await canvasMoves(dashboard)).toBe(true)
    await bothSay([dashboard, phone], 'Your network blocks direct video, so it goes through the server.')
    expect(turn.logs()).toContain('Cannot find credentials of user')
    expect(allocations()).toBe(before)
  } finally {
    await other.stop()
  }
}, 120_000)
