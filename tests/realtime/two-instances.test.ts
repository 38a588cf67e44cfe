/** Two instances in one process over one store in memory: what they share, without the distance. */
import { afterEach, expect, test } from 'vitest'
import { BusUnavailable, type Bus, type Listener } from '../../server/bus/bus.ts'
import { createLocalBus } from '../../server/bus/local.ts'
import type { InstanceId } from '../../server/protocol/ids.ts'
import { createMemoryStore } from '../../server/store/memory.ts'
import { StoreUnavailable } from '../../server/store/store.ts'
import { call, claimCode, createRoom, issueCode, pair, testApp, type TestApp } from '../support/app.ts'
import { join, type TestClient } from '../support/client.ts'
import { wrappedStore, type Around } from '../support/wrapped-store.ts'

const UNLIMITED = { RATE_LIMITS: 'off' }

const HEALTHY = {
  health: { state: 'shared' as const },
  onHealth: () => () => undefined,
  check: () => undefined,
}

let running: TestApp[] = []
afterEach(async () => {
  for (const app of running) await app.close()
  running = []
})

async function instances(
  count: number,
  inboxes = new Map<InstanceId, Listener>(),
  around: Around = (_name, made) => made,
  wrapped = (bus: Bus): Bus => bus,
  env: Readonly<Record<string, string>> = {},
): Promise<TestApp[]> {
  const memory = createMemoryStore({
    publish(inbox, text) {
      const listener = inboxes.get(inbox)
      if (listener !== undefined) queueMicrotask(() => listener.deliver(text))
      return listener === undefined ? 0 : 1
    },
  })
  const store = wrappedStore(memory, around)
  for (let n = 0; n < count; n += 1) {
    running.push(
      await testApp({
        store,
        env,
        sharing: { bus: wrapped(createLocalBus(inboxes)), health: HEALTHY, peerTimeoutMs: 10_000 },
      }),
    )
  }
  return running
}

const names = (client: TestClient): unknown[] => client.of('member-joined').map(({ member }) => member.name)

test('[SYNC-1] members on two instances see each other, signal and talk', async () => {
  const [one, two] = (await instances(2)) as [TestApp, TestApp]
  const { session } = await createRoom(one.url, { deviceName: 'Laptop' })
  const host = await join(one.url, session.token, { attempt: 1 })
  const phone = await pair(two.url, session.token, 'camera', 'Phone')
  const camera = await join(two.url, phone.session.token, { attempt: 1 })
  expect(camera.welcome.members.map(({ name }) => name).sort()).toEqual(['Laptop', 'Phone'])
  expect((await host.client.next('member-joined')).member).toMatchObject({ name: 'Phone', connected: true })
  const sent = await camera.client.ask({ type: 'signal', to: session.id, data: { a: 1 } })
  expect(sent).toMatchObject({ ok: true })
  expect(await host.client.next('signal')).toMatchObject({ from: phone.session.id, data: { a: 1 } })
  await host.client.ask({ type: 'message', data: 'all' })
  expect(await camera.client.next('message')).toMatchObject({ from: session.id, data: 'all' })
  const { data } = await host.client
    .ask({ type: 'command', to: phone.session.id, name: 'zoom' })
    .then((reply) => {
      if (!reply.ok) throw new Error(reply.code)
      return reply as { data: { ref: string } }
    })
  const command = await camera.client.next('command')
  expect(command.ref).toBe(data.ref)
  expect(await camera.client.ask({ type: 'result', to: session.id, ref: data.ref, ok: true })).toMatchObject({
    ok: true,
  })
  expect(await host.client.next('result')).toMatchObject({ ref: data.ref, ok: true })
  await camera.client.ask({ type: 'state', state: { battery: 1 } })
  expect((await host.client.next('member-updated')).member.state).toEqual({ battery: 1 })
  camera.client.drop()
  expect((await host.client.next('member-updated')).member.connected).toBe(false)
  expect(names(host.client)).toEqual(['Phone'])
})

test('[RES-2] a member that comes back on the other instance resumes with what it missed', async () => {
  const [one, two] = (await instances(2)) as [TestApp, TestApp]
  const { session } = await createRoom(one.url)
  const host = await join(one.url, session.token, { attempt: 1 })
  const phone = await pair(one.url, session.token)
  const camera = await join(one.url, phone.session.token, { attempt: 1 })
  await camera.client.ask({ type: 'state', state: { lens: 2 } })
  await host.client.ask({ type: 'message', data: 0 })
  const { at } = await camera.client.next('message')
  camera.client.drop()
  await host.client.next('member-updated', ({ member }) => !member.connected)
  for (const data of [1, 2, 3]) await host.client.ask({ type: 'message', data })
  const back = await join(two.url, phone.session.token, { attempt: 2, resume: at })
  expect(back.welcome.resumed).toBe(true)
  expect(back.welcome.self.state).toEqual({ lens: 2 })
  await host.client.ask({ type: 'message', data: 4 })
  const got: unknown[] = []
  while (got.length < 4) got.push((await back.client.next('message')).data)
  expect(got).toEqual([1, 2, 3, 4])
  expect(host.client.of('member-updated').at(-1)?.member).toMatchObject({
    connected: true,
    state: { lens: 2 },
  })
  expect(host.client.of('member-left')).toEqual([])
  const again = await join(one.url, phone.session.token, { attempt: 3, resume: back.welcome.at })
  expect(again.welcome.resumed).toBe(true)
  expect((await back.client.closed).code).toBe(4409)
  const repeated: unknown[] = []
  while (repeated.length < 4) repeated.push((await again.client.next('message')).data)
  expect(repeated).toEqual([1, 2, 3, 4])
})

test('[RES-2] [SYNC-6] a room where much is said is not read again, and its places move on all the same', async () => {
  const calls = new Map<string, number>()
  const around: Around =
    (name, made) =>
    (...args) => {
      calls.set(name, (calls.get(name) ?? 0) + 1)
      return made(...args)
    }
  const [one, two] = (await instances(2, new Map(), around, undefined, UNLIMITED)) as [TestApp, TestApp]
  const { session } = await createRoom(one.url)
  const host = await join(one.url, session.token, { attempt: 1 })
  const phone = await pair(one.url, session.token)
  const camera = await join(two.url, phone.session.token, { attempt: 1 })
  await host.client.next('member-joined')
  calls.clear()
  const places: string[] = []
  for (let n = 0; n < 900; n += 1) {
    const speaker = n % 3 === 0 ? camera : host
    const listener = n % 3 === 0 ? host : camera
    await speaker.client.ask({ type: 'message', data: n })
    places.push((await listener.client.next('message')).at)
  }
  expect(calls.get('readLog')).toBeUndefined()
  expect(calls.get('logSpan')).toBeGreaterThan(2)
  expect(new Set(places.map((at) => at.split('.')[0])).size).toBeGreaterThan(2)
  // Who comes back from before that resumes with all of it, wherever.
  host.client.drop()
  const back = await join(two.url, session.token, { attempt: 2, resume: places[600] ?? '' })
  expect(back.welcome.resumed).toBe(true)
  const missed: unknown[] = []
  while (missed.length < 99) missed.push((await back.client.next('message')).data)
  expect(missed).toEqual(Array.from({ length: 299 }, (_, n) => 601 + n).filter((n) => n % 3 === 0))
})

test('[SYNC-2] an event that no hint brought is found, though nobody speaks after it', async () => {
  const inboxes = new Map<InstanceId, Listener>()
  let reads = 0
  const around: Around =
    (name, made) =>
    (...args) => {
      if (name === 'readLog') reads += 1
      return made(...args)
    }
  const [one, two] = (await instances(2, inboxes, around, undefined, UNLIMITED)) as [TestApp, TestApp]
  const { session } = await createRoom(one.url)
  const host = await join(one.url, session.token, { attempt: 1 })
  const phone = await pair(one.url, session.token)
  const camera = await join(two.url, phone.session.token, { attempt: 1 })
  await host.client.next('member-joined')
  reads = 0
  // The one that the host listens at hears nothing of the other's last event.
  const [name, inbox] = [...inboxes][0] ?? []
  if (name === undefined || inbox === undefined) throw new Error('there is no inbox')
  for (let n = 0; n < 390; n += 1) {
    await camera.client.ask({ type: 'message', data: n })
    await host.client.next('message')
  }
  inboxes.set(name, { ...inbox, deliver: () => undefined })
  await camera.client.ask({ type: 'message', data: 'unheard' })
  inboxes.set(name, inbox)
  for (let n = 0; n < 20; n += 1) await host.client.ask({ type: 'message', data: n })
  expect((await host.client.next('message')).data).toBe('unheard')
  expect(reads).toBe(1)
})

test('[PAIR-5] a phone on one instance is approved by a host on the other', async () => {
  const [one, two] = (await instances(2)) as [TestApp, TestApp]
  const { session } = await createRoom(one.url)
  const host = await join(one.url, session.token, { attempt: 1 })
  const code = await issueCode(one.url, session.token)
  const { session: pending, check } = await claimCode(two.url, { code: code.code })
  const { pairing } = await host.client.next('pairing-pending')
  const phone = await join(two.url, pending.token, { attempt: 1 })
  expect(phone.welcome.self.status).toBe('pending')
  expect(await host.client.ask({ type: 'approve', id: 1, pairing: pairing.id, check })).toMatchObject({
    ok: true,
  })
  expect((await phone.client.next('approved')).members).toHaveLength(2)
  await host.client.settled()
  expect(host.client.of('pairing-done')).toMatchObject([{ outcome: 'paired', memberId: pending.id }])
  await host.client.ask({ type: 'message', data: 'hi', to: pending.id })
  expect(await phone.client.next('message')).toMatchObject({ data: 'hi' })
})

test('[SESS-3] a member is kicked, and a room deleted, from another instance', async () => {
  const [one, two] = (await instances(2)) as [TestApp, TestApp]
  const { session } = await createRoom(one.url)
  const host = await join(one.url, session.token, { attempt: 1 })
  const phone = await pair(one.url, session.token)
  const camera = await join(two.url, phone.session.token, { attempt: 1 })
  expect(
    (await call(one.url, 'DELETE', `/api/room/members/${phone.session.id}`, { token: session.token })).status,
  ).toBe(204)
  expect((await camera.client.closed).code).toBe(4403)
  expect(await host.client.next('member-left')).toMatchObject({ reason: 'kicked' })
  const other = await pair(one.url, session.token)
  const second = await join(two.url, other.session.token, { attempt: 1 })
  expect(
    (await call(two.url, 'PATCH', '/api/room', { token: session.token, body: { name: 'New' } })).status,
  ).toBe(200)
  expect((await host.client.next('room-updated')).room.name).toBe('New')
  expect((await call(one.url, 'DELETE', '/api/room', { token: session.token })).status).toBe(204)
  expect((await second.client.closed).code).toBe(4404)
  expect((await host.client.closed).code).toBe(4404)
})

test('[SYNC-1] [ROOM-1] an instance that has nobody in the room gives the same members over HTTP', async () => {
  const [one, two] = (await instances(2)) as [TestApp, TestApp]
  const { session } = await createRoom(one.url)
  const host = await join(one.url, session.token, { attempt: 1 })
  const phone = await pair(one.url, session.token)
  const camera = await join(one.url, phone.session.token, { attempt: 1 })
  await camera.client.ask({ type: 'state', state: { lens: 1 } })
  camera.client.drop()
  await host.client.next('member-updated', ({ member }) => !member.connected)
  const here = await call<{ members: unknown[] }>(one.url, 'GET', '/api/room', { token: session.token })
  const there = await call<{ members: unknown[] }>(two.url, 'GET', '/api/room', { token: session.token })
  expect(there.body.members).toHaveLength(2)
  expect(there.body).toEqual(here.body)
})

test('[SYNC-1] what was told while the way out of letters alone was lost is told when it is back', async () => {
  let refused = 0
  let isLost = false
  const [one, two] = (await instances(2, new Map(), undefined, (bus) => ({
    ...bus,
    send(to, text) {
      if (!isLost) return bus.send(to, text)
      refused += 1
      return Promise.reject(new BusUnavailable('the connection is lost'))
    },
  }))) as [TestApp, TestApp]
  const { session } = await createRoom(one.url)
  const host = await join(one.url, session.token, { attempt: 1 })
  const phone = await pair(one.url, session.token)
  const camera = await join(two.url, phone.session.token, { attempt: 1 })
  await host.client.next('member-joined')
  isLost = true
  await camera.client.ask({ type: 'state', state: { battery: 1 } })
  expect(refused).toBe(1)
  isLost = false
  expect((await host.client.next('member-updated')).member.state).toEqual({ battery: 1 })
})

test('[RES-1] who leaves an instance whose inbox is lost resumes nowhere, though others came meanwhile', async () => {
  const inboxes = new Map<InstanceId, Listener>()
  const [one, two] = (await instances(2, inboxes)) as [TestApp, TestApp]
  const { session } = await createRoom(one.url)
  const host = await join(one.url, session.token, { attempt: 1 })
  const phone = await pair(one.url, session.token)
  const camera = await join(one.url, phone.session.token, { attempt: 1 })
  const [name, inbox] = [...inboxes][0] ?? []
  if (name === undefined) throw new Error('there is no inbox')
  inboxes.delete(name)
  inbox?.cut('for the test')
  const other = await pair(one.url, session.token)
  const second = await join(two.url, other.session.token, { attempt: 1 })
  expect(second.welcome.members).toHaveLength(3)
  camera.client.send({ type: 'leave' })
  expect((await camera.client.closed).code).toBe(1000)
  expect(await second.client.next('member-left')).toMatchObject({ memberId: phone.session.id })
  await host.client.ask({ type: 'message', data: 1 })
  const back = await join(two.url, phone.session.token, { attempt: 2, resume: camera.welcome.at })
  expect(back.welcome.resumed).toBe(false)
})

test('[SYNC-4] the row of who left goes, though the store fails once', async () => {
  let failures = 1
  const around: Around =
    (name, made) =>
    async (...args) => {
      if (name === 'deleteRows' && failures > 0) {
        failures -= 1
        throw new StoreUnavailable('for the test')
      }
      return made(...args)
    }
  const [one] = (await instances(1, new Map(), around)) as [TestApp]
  const { room, session } = await createRoom(one.url)
  await join(one.url, session.token, { attempt: 1 })
  const phone = await pair(one.url, session.token)
  const camera = await join(one.url, phone.session.token, { attempt: 1 })
  const rows = async () => (await one.store.rows(`room:${room.id}:seats`)).size
  expect(await rows()).toBe(2)
  camera.client.send({ type: 'leave' })
  await expect.poll(rows).toBe(1)
  expect(failures).toBe(0)
})

test('[ROOM-1] what comes late of an earlier opening of the room takes nobody out of it', async () => {
  const inboxes = new Map<InstanceId, Listener>()
  const [one, two] = (await instances(2, inboxes)) as [TestApp, TestApp]
  const { session } = await createRoom(one.url)
  await join(one.url, session.token, { attempt: 1 })
  const [name, inbox] = [...inboxes][0] ?? []
  if (name === undefined || inbox === undefined) throw new Error('there is no inbox')
  const heard: string[] = []
  inboxes.set(name, {
    ...inbox,
    deliver: (text) => {
      heard.push(text)
      inbox.deliver(text)
    },
  })
  const phone = await pair(one.url, session.token)
  const idsHere = async () =>
    (
      await call<{ members: { id: string }[] }>(one.url, 'GET', '/api/room', { token: session.token })
    ).body.members.map(({ id }) => id)
  const camera = await join(two.url, phone.session.token, { attempt: 1 })
  await expect.poll(idsHere).toContain(phone.session.id)
  camera.client.send({ type: 'leave' })
  await expect.poll(idsHere).not.toContain(phone.session.id)
  const early = heard.filter((text) => /"t":"(greet|answer|bye)"/.test(text))
  expect(early.length).toBeGreaterThan(0)
  await join(two.url, phone.session.token, { attempt: 2 })
  await expect.poll(idsHere).toContain(phone.session.id)
  for (const text of early) inbox.deliver(text)
  expect(await idsHere()).toContain(phone.session.id)
})

test('[PAIR-5] hosts learn that a device that waits was thrown out, by an instance that knows nothing of its claim', async () => {
  const [one, two, three] = (await instances(3)) as [TestApp, TestApp, TestApp]
  const { session } = await createRoom(one.url)
  const host = await join(one.url, session.token, { attempt: 1 })
  const code = await issueCode(one.url, session.token)
  const { session: pending } = await claimCode(two.url, { code: code.code })
  const { pairing } = await host.client.next('pairing-pending')
  const path = `/api/room/members/${pending.id}`
  expect((await call(three.url, 'DELETE', path, { token: session.token })).status).toBe(204)
  expect(await host.client.next('pairing-done')).toMatchObject({ pairing: pairing.id, outcome: 'denied' })
})
