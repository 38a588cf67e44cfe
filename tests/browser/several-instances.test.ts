/** Two instances with a shared store: pages land on either, restarts and outages pass by under live video. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { issueCode } from '../support/app.ts'
import type { Chromium } from '../support/chromium.ts'
import {
  freshRoom,
  hostToken,
  pictureMoves,
  scan,
  startButton,
  startDesktop,
  startPhone,
  tile,
} from '../support/pages.ts'
import { startRedis, type RedisServer } from '../support/redis-server.ts'
import { freePort, startServer, type ServerProcess } from '../support/server-process.ts'
import { createUpstashDouble, type UpstashDouble } from '../support/upstash-double/index.ts'

let redis: RedisServer
let upstash: UpstashDouble
const servers: ServerProcess[] = []
let desktop: Chromium
let other: Chromium
let handheld: Chromium

const start = (port: number): Promise<ServerProcess> =>
  startServer({
    ICE_SERVERS: '[]',
    PORT: String(port),
    UPSTASH_REDIS_REST_URL: upstash.url,
    UPSTASH_REDIS_REST_TOKEN: upstash.token,
  })

const at = (index: number): ServerProcess => {
  const server = servers[index]
  if (server === undefined) throw new Error(`there is no instance ${index}`)
  return server
}

/** The same page of another instance, as a balancer would have led there. */
const moved = (url: string, to: ServerProcess): string => {
  const there = new URL(url)
  there.port = String(to.port)
  return there.href
}

beforeAll(async () => {
  redis = await startRedis()
  upstash = await createUpstashDouble({ redis })
  for (let count = 0; count < 2; count += 1) servers.push(await start(await freePort()))
  desktop = await startDesktop()
  other = await startDesktop()
  handheld = await startPhone()
})
afterAll(async () => {
  for (const browser of [handheld, other, desktop]) await browser.close()
  await Promise.all(servers.map((server) => server.stop()))
  await upstash.close()
  await redis.stop()
})

/** Restarts an instance as a deploy does, on the address it had. */
async function renew(index: number): Promise<void> {
  const { port } = at(index)
  await at(index).stop()
  servers[index] = await start(port)
}

const says = (page: Page, words: string) => page.getByRole('button', { name: words }).first().waitFor()

test('[SYNC-1] [SESS-1] [STORE-4] [DRAIN-2] a phone and two dashboards on different instances live through an outage and a deploy', async () => {
  const dashboard = await freshRoom(desktop, at(0).url)
  await says(dashboard, 'synced')
  const phone = await handheld.context.newPage()
  // The phone lands on the other instance than the dashboard that showed it the code.
  await phone.goto(moved(await scan(dashboard), at(1)))
  await startButton(phone).tap()
  await tile(dashboard, 'live').waitFor()
  await phone.locator('[data-state="live"]').waitFor()
  expect(await pictureMoves(dashboard)).toBe(true)

  const invitation = await issueCode(at(0).url, await hostToken(dashboard), 'viewer')
  const viewer = await other.open(moved(invitation.url, at(1)))
  await viewer.getByRole('button', { name: 'Watch' }).click()
  await tile(viewer, 'live').waitFor()
  expect(await pictureMoves(viewer)).toBe(true)

  await upstash.refuse()
  await says(dashboard, 'not synced: pairing works on this server only')
  await says(viewer, 'not synced: pairing works on this server only')
  expect(await pictureMoves(dashboard)).toBe(true)
  expect(await pictureMoves(viewer)).toBe(true)
  expect(await tile(dashboard).count()).toBe(1)
  await upstash.accept()
  await says(dashboard, 'synced')
  await says(viewer, 'synced')

  const id = (await tile(dashboard).getAttribute('data-camera')) ?? ''
  await renew(1)
  await says(viewer, 'synced')
  expect(await pictureMoves(dashboard)).toBe(true)
  await renew(0)
  await says(dashboard, 'synced')
  await tile(dashboard, 'live', id).waitFor()
  await tile(viewer, 'live', id).waitFor()
  expect(await pictureMoves(dashboard, id)).toBe(true)
  expect(await pictureMoves(viewer, id)).toBe(true)
  await phone.locator('[data-state="live"]').waitFor()
  expect(await tile(dashboard).count()).toBe(1)

  // A reload of each finds its way back too.
  await phone.reload()
  await dashboard.reload()
  await tile(dashboard, 'live', id).waitFor()
  expect(await pictureMoves(dashboard, id)).toBe(true)
}, 300_000)
