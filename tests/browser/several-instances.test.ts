/** Two instances with a shared store: pages land on either, restarts and outages pass by under live video. */
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { issueCode } from '../support/app.ts'
import { aroundAll } from '../support/around.ts'
import {
  freshRoom,
  hostToken,
  pictureMoves,
  scan,
  startCamera,
  startDesktop,
  startPhone,
  tile,
} from '../support/pages.ts'
import { startRedis } from '../support/redis-server.ts'
import { freePort, startServer, type ServerProcess } from '../support/server-process.ts'
import { createUpstashDouble } from '../support/upstash-double/index.ts'

const redis = aroundAll(() => startRedis())
const upstash = aroundAll(() => createUpstashDouble({ redis: redis() }))
const start = (port: number): Promise<ServerProcess> =>
  startServer({
    ICE_SERVERS: '[]',
    PORT: String(port),
    UPSTASH_REDIS_REST_URL: upstash().url,
    UPSTASH_REDIS_REST_TOKEN: upstash().token,
  })
/** Those that run now: `renew` puts another in the place of one. */
const servers = aroundAll(async () => {
  const running = [await start(await freePort()), await start(await freePort())]
  return { running, stop: () => Promise.all(running.map((server) => server.stop())) }
})
const desktop = aroundAll(() => startDesktop())
const other = aroundAll(() => startDesktop())
const handheld = aroundAll(() => startPhone())

const at = (index: number): ServerProcess => {
  const server = servers().running[index]
  if (server === undefined) throw new Error(`there is no instance ${index}`)
  return server
}

/** The same page of another instance, as a balancer would have led there. */
const moved = (url: string, to: ServerProcess): string => {
  const there = new URL(url)
  there.port = String(to.port)
  return there.href
}

/** Restarts an instance as a deploy does, on the address it had. */
async function renew(index: number): Promise<void> {
  const { port } = at(index)
  await at(index).stop()
  servers().running[index] = await start(port)
}

const says = (page: Page, words: string) => page.getByRole('button', { name: words }).first().waitFor()

test('[SYNC-1] [SESS-1] [STORE-4] [DRAIN-2] a phone and two dashboards on different instances live through an outage and a deploy', async () => {
  const dashboard = await freshRoom(desktop(), at(0).url)
  await says(dashboard, 'synced')
  const phone = await handheld().context.newPage()
  // The phone lands on the other instance than the dashboard that showed it the code.
  await startCamera(phone, moved(await scan(dashboard), at(1)))
  await tile(dashboard, 'live').waitFor()
  await phone.locator('[data-state="live"]').waitFor()
  expect(await pictureMoves(dashboard)).toBe(true)

  const invitation = await issueCode(at(0).url, await hostToken(dashboard), 'viewer')
  const viewer = await other().open(moved(invitation.url, at(1)))
  await viewer.getByRole('button', { name: 'Watch' }).click()
  await tile(viewer, 'live').waitFor()
  expect(await pictureMoves(viewer)).toBe(true)

  await upstash().refuse()
  await says(dashboard, 'not synced: pairing works on this server only')
  await says(viewer, 'not synced: pairing works on this server only')
  expect(await pictureMoves(dashboard)).toBe(true)
  expect(await pictureMoves(viewer)).toBe(true)
  expect(await tile(dashboard).count()).toBe(1)
  await upstash().accept()
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
