/** Pictures through the server where phone and dashboard are on different instances. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Chromium } from '../support/chromium.ts'
import { canvasMoves, freshRoom, scan, startButton, startDesktop, startPhone } from '../support/pages.ts'
import { startRedis, type RedisServer } from '../support/redis-server.ts'
import { freePort, startServer, type ServerProcess } from '../support/server-process.ts'

let redis: RedisServer
const servers: ServerProcess[] = []
let desktop: Chromium
let handheld: Chromium

beforeAll(async () => {
  redis = await startRedis()
  for (let count = 0; count < 2; count += 1) {
    const port = String(await freePort())
    servers.push(
      await startServer({
        ICE_SERVERS: '[]',
        PORT: port,
        REDIS_URL: redis.url,
        INTERNAL_URL: `http://127.0.0.1:${port}`,
      }),
    )
  }
  desktop = await startDesktop()
  handheld = await startPhone()
})
afterAll(async () => {
  for (const browser of [handheld, desktop]) await browser.close()
  await Promise.all(servers.map((server) => server.stop()))
  await redis.stop()
})

test('[MED-6] a phone on another instance is live through both', async () => {
  const [near, far] = servers
  if (near === undefined || far === undefined) throw new Error('two instances are needed')
  const dashboard = await freshRoom(desktop, `${near.url}/?transport=relay`)
  const phone = await handheld.context.newPage()
  const there = new URL(await scan(dashboard))
  there.port = String(far.port)
  await phone.goto(there.href)
  await startButton(phone).tap()
  const relayed = dashboard.locator('[data-camera][data-state="live"][data-transport="relay"]')
  await relayed.waitFor()
  expect(await canvasMoves(dashboard)).toBe(true)
  await phone.locator('[data-state="live"]').waitFor()
}, 120_000)
