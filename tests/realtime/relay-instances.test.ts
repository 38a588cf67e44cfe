/** A camera on one instance and its watchers on others, in one process over one store in memory. */
import { afterEach, expect, test } from 'vitest'
import { createLocalBus } from '../../server/bus/local.ts'
import type { Listener } from '../../server/bus/bus.ts'
import type { InstanceId, SessionId } from '../../server/protocol/ids.ts'
import { encodeStill } from '../../server/protocol/still-frames.ts'
import { createMemoryStore } from '../../server/store/memory.ts'
import { createRoom, pair, testApp, type TestApp } from '../support/app.ts'
import { join, type TestClient } from '../support/client.ts'
import { startCutProxy, type CutProxy } from '../support/cut-proxy.ts'
import { Film, numbersOf, relayedOf } from '../support/film.ts'

const HEALTHY = {
  health: { state: 'shared' as const },
  onHealth: () => () => undefined,
  check: () => undefined,
}

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface InstanceOptions {
  /** What it tells of itself, where that is not its address. */
  readonly url?: (own: string) => string | undefined
}

/** Instances over one store. */
async function instances(...options: InstanceOptions[]): Promise<TestApp[]> {
  const inboxes = new Map<InstanceId, Listener>()
  const store = createMemoryStore({
    publish(inbox, text) {
      const listener = inboxes.get(inbox)
      if (listener !== undefined) queueMicrotask(() => listener.deliver(text))
      return listener === undefined ? 0 : 1
    },
  })
  const apps: TestApp[] = []
  for (const { url = (own: string) => own } of options) {
    const app: TestApp = await testApp({
      store,
      sharing: {
        bus: createLocalBus(inboxes),
        health: HEALTHY,
        peerTimeoutMs: 10_000,
        internalUrl: () => url(app.url),
      },
    })
    apps.push(app)
    closers.push(() => app.close())
  }
  return apps
}

interface Pair {
  readonly hostToken: string
  readonly token: string
  readonly id: string
  readonly camera: TestClient
  readonly host: TestClient
}

/** A camera on the second instance and a host on the first. */
async function across([one, two]: readonly TestApp[]): Promise<Pair> {
  if (one === undefined || two === undefined) throw new Error('two instances are needed')
  const { session } = await createRoom(one.url)
  const phone = await pair(one.url, session.token)
  const { client: host } = await join(one.url, session.token, { attempt: 1 })
  const { client: camera } = await join(two.url, phone.session.token, { attempt: 1 })
  await host.next('member-joined')
  return { hostToken: session.token, token: phone.session.token, id: phone.session.id, camera, host }
}

const watch = (client: TestClient, camera: string, on = true) => client.ask({ type: 'watch', camera, on })

test('[MED-6] a camera on one instance is uploaded once and watched on another, byte for byte', async () => {
  const apps = await instances({}, {})
  const { id, camera, host, hostToken } = await across(apps)
  const viewer = await pair(apps[0]?.url ?? '', hostToken, 'viewer')
  const second = await join(apps[0]?.url ?? '', viewer.session.token, { attempt: 1 })
  const third = await join(
    apps[1]?.url ?? '',
    (await pair(apps[0]?.url ?? '', hostToken, 'viewer')).session.token,
  )
  expect(await watch(host, id)).toMatchObject({ ok: true })
  expect(await camera.next('relay')).toEqual({ type: 'relay', watchers: 1, keyFrame: true, slow: false })
  await watch(second.client, id)
  await camera.next('relay', ({ watchers }) => watchers === 2)
  await watch(third.client, id)
  await camera.next('relay', ({ watchers }) => watchers === 3)
  const pictures = new Film({ keyBytes: 70_000 }).group(4)
  for (const picture of pictures) camera.raw(picture)
  const expected = pictures.map((picture) => relayedOf(id, picture))
  for (const client of [host, second.client, third.client]) expect(await client.pictures(5)).toEqual(expected)
  expect(await host.next('relay-state', ({ state }) => state === 'live')).toMatchObject({ camera: id })
  await watch(host, id, false)
  await camera.next('relay', ({ watchers }) => watchers === 2)
  second.client.drop()
  await camera.next('relay', ({ watchers }) => watchers === 1)
  await watch(third.client, id, false)
  await camera.next('relay', ({ watchers }) => watchers === 0)
})

test('[MED-6] a key picture is asked for across instances', async () => {
  const apps = await instances({}, {})
  const { id, camera, host } = await across(apps)
  await watch(host, id)
  await camera.next('relay', ({ keyFrame }) => keyFrame)
  await host.ask({ type: 'key-frame', camera: id })
  await camera.next('relay', ({ keyFrame }) => keyFrame)
})

test('[MED-6] a camera that moves to the instance of its watchers, and away again, is seen all the time', async () => {
  const apps = await instances({}, {})
  const { id, camera, host, token } = await across(apps)
  await watch(host, id)
  await camera.next('relay')
  camera.raw(new Film({ stream: 1 }).key())
  await host.pictures(1)
  const here = await join(apps[0]?.url ?? '', token, { attempt: 2 })
  expect((await camera.closed).code).toBe(4409)
  expect(await here.client.next('relay')).toMatchObject({ watchers: 1, keyFrame: true })
  here.client.raw(new Film({ stream: 2 }).key())
  await host.pictures(2)
  const there = await join(apps[1]?.url ?? '', token, { attempt: 3 })
  expect(await there.client.next('relay')).toMatchObject({ watchers: 1, keyFrame: true })
  there.client.raw(new Film({ stream: 3 }).key())
  expect(numbersOf(await host.pictures(3))).toEqual(['k0', 'k0', 'k0'])
  expect(host.of('relay-state').map(({ state }) => state)).not.toContain('unreachable')
})

test('[ROOM-4] [MED-6] a link ends with the watcher that is kicked', async () => {
  const apps = await instances({}, {})
  const { id, camera, hostToken } = await across(apps)
  const url = apps[0]?.url ?? ''
  const viewer = await pair(url, hostToken, 'viewer')
  const { client } = await join(url, viewer.session.token)
  await watch(client, id)
  await camera.next('relay')
  camera.raw(new Film().key())
  await client.pictures(1)
  await fetch(`${url}/api/room/members/${viewer.session.id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${hostToken}` },
  })
  expect((await client.closed).code).toBe(4403)
  expect(await camera.next('relay', ({ watchers }) => watchers === 0)).toBeDefined()
})

test('[MED-6] a link that is cut is opened again', async () => {
  const proxies: CutProxy[] = []
  const apps = await instances({}, { url: () => `http://127.0.0.1:${proxies[0]?.port ?? 0}` })
  const target = Number(new URL(apps[1]?.url ?? '').port)
  const proxy = await startCutProxy(() => target)
  proxies.push(proxy)
  closers.push(() => proxy.close())
  const { id, camera, host } = await across(apps)
  await watch(host, id)
  await camera.next('relay')
  const film = new Film()
  camera.raw(film.key())
  await host.pictures(1)
  proxy.cut()
  await camera.next('relay', ({ watchers }) => watchers === 0)
  expect(await camera.next('relay', ({ watchers }) => watchers === 1)).toMatchObject({ keyFrame: true })
  camera.raw(film.key())
  expect(numbersOf(await host.pictures(2))).toEqual(['k0', 'k1'])
  proxy.refusing = true
  proxy.cut()
  expect(await host.next('relay-state', ({ state }) => state === 'unreachable')).toMatchObject({ camera: id })
  proxy.refusing = false
  await camera.next('relay', ({ watchers }) => watchers === 1)
  camera.raw(film.key())
  await host.pictures(3)
  expect(host.of('relay-state').at(-1)).toMatchObject({ state: 'live' })
})

test.each([
  ['has a public address', () => 'http://203.0.113.7:3000', /outside the private/],
  ['has a name that leads nowhere', () => 'http://nobody.invalid:3000', /ENOTFOUND|EAI_AGAIN/],
  ['has not said its address', () => undefined, /has not said/],
  ['is another than it should be', (apps: readonly TestApp[]) => apps[0]?.url, /another instance answers/],
])('[SEC-4] [MED-6] an instance that %s is not reached, and watchers are told', async (_what, url, why) => {
  const apps: TestApp[] = []
  apps.push(...(await instances({}, { url: () => url(apps) })))
  const { id, camera, host } = await across(apps)
  await watch(host, id)
  expect(await host.next('relay-state', ({ state }) => state === 'unreachable')).toMatchObject({
    reason: expect.stringMatching(why) as string,
  })
  camera.raw(new Film().key())
  await camera.settled()
  await host.settled()
  expect(host.binary).toEqual([])
  expect(camera.of('relay')).toEqual([])
})

/** A packet of a photo: to this member as it is sent, from it as it comes. */
const still = (member: string, text: string) =>
  Buffer.from(encodeStill(member as SessionId, Buffer.from(text)))

test('[MED-7] packets of photos cross instances in both directions', async () => {
  const apps = await instances({}, {})
  const { id, camera, host, hostToken } = await across(apps)
  const hostId = (
    (await (
      await fetch(`${apps[0]?.url}/api/session`, { headers: { authorization: `Bearer ${hostToken}` } })
    ).json()) as { session: { id: string } }
  ).session.id
  for (let count = 1; count <= 5; count += 1) camera.raw(still(hostId, `chunk ${count}`))
  expect(await host.pictures(5)).toEqual([1, 2, 3, 4, 5].map((count) => still(id, `chunk ${count}`)))
  host.raw(still(id, 'got it'))
  expect(await camera.pictures(1)).toEqual([still(hostId, 'got it')])
})

test('[MED-7] [SEC-4] a way to another instance that is cut is opened again for what is sent again', async () => {
  const proxies: CutProxy[] = []
  const apps = await instances({ url: () => `http://127.0.0.1:${proxies[0]?.port ?? 0}` }, {})
  const proxy = await startCutProxy(() => Number(new URL(apps[0]?.url ?? '').port))
  proxies.push(proxy)
  closers.push(() => proxy.close())
  const { id, camera, host, hostToken } = await across(apps)
  const { session } = (await (
    await fetch(`${apps[0]?.url}/api/session`, { headers: { authorization: `Bearer ${hostToken}` } })
  ).json()) as { session: { id: string } }
  camera.raw(still(session.id, 'before'))
  await host.pictures(1)
  proxy.cut()
  // As a page does, until it is answered.
  const again = setInterval(() => camera.raw(still(session.id, 'after')), 200)
  await host.pictures(2)
  clearInterval(again)
  expect(host.binary[1]).toEqual(still(id, 'after'))
})
