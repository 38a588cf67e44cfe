import { describe, expect, test } from 'vitest'
import { Film, numbersOf, relayedOf } from '../support/film.ts'
import { connect } from '../support/client.ts'
import { call } from '../support/app.ts'
import { createTestClock } from '../support/clock.ts'
import {
  addHost,
  addMember,
  addPending,
  newRoom,
  pass,
  seat,
  stage,
  type Seated,
  type Stage,
} from './support.ts'

const watch = (who: Seated, camera: Seated, on = true) =>
  who.client.ask({ type: 'watch', camera: camera.id, on })

/** A viewer that watches, which the camera knows. */
async function watched(here: Stage): Promise<{ camera: Seated; viewer: Seated }> {
  const camera = await addMember(here)
  const viewer = await addMember(here, 'viewer')
  expect(await watch(viewer, camera)).toMatchObject({ ok: true })
  expect(await camera.client.next('relay')).toEqual({
    type: 'relay',
    watchers: 1,
    keyFrame: true,
    slow: false,
  })
  return { camera, viewer }
}

const send = (camera: Seated, pictures: readonly Buffer[]): void => {
  for (const picture of pictures) camera.client.raw(picture)
}

describe('one upload for all', () => {
  test('[MED-6] every watcher gets each picture byte for byte, behind the id of its camera', async () => {
    const here = await stage()
    const camera = await addMember(here)
    const other = await addMember(here)
    const watchers = [here.host, await addHost(here), await addMember(here, 'viewer')]
    for (const who of watchers) await watch(who, camera)
    await watch(here.host, other)
    const pictures = new Film({ keyBytes: 70_000 }).group(5)
    send(camera, pictures)
    const expected = pictures.map((picture) => relayedOf(camera.id, picture))
    for (const { client } of watchers.slice(1)) expect(await client.pictures(6)).toEqual(expected)
    const second = new Film({ stream: 2 }).key()
    await here.host.client.pictures(6)
    send(other, [second])
    expect((await here.host.client.pictures(7)).at(-1)).toEqual(relayedOf(other.id, second))
    for (const { client } of [...watchers, camera, other]) await client.settled()
    expect(camera.client.binary).toEqual([])
    expect(other.client.binary).toEqual([])
  })

  test('[MED-6] a watcher that comes late begins at a key picture, for which the camera is asked', async () => {
    const clock = createTestClock()
    const here = await stage({ clock })
    const { camera, viewer } = await watched(here)
    const film = new Film()
    send(camera, film.group(2))
    await viewer.client.pictures(3)
    clock.advance(1_000)
    await watch(here.host, camera)
    expect(await camera.client.next('relay')).toMatchObject({ watchers: 2, keyFrame: true })
    send(camera, [film.delta(), ...film.group(1)])
    expect(numbersOf(await here.host.client.pictures(2))).toEqual(['k4', '5'])
    expect(numbersOf(await viewer.client.pictures(6))).toEqual(['k0', '1', '2', '3', 'k4', '5'])
  })

  test('[MED-6] the camera learns how many watch, and that nobody does', async () => {
    const here = await stage()
    const { camera, viewer } = await watched(here)
    await watch(here.host, camera)
    expect(await camera.client.next('relay')).toMatchObject({ watchers: 2 })
    // Again is nothing new.
    await watch(here.host, camera)
    await watch(here.host, camera, false)
    expect(await camera.client.next('relay')).toMatchObject({ watchers: 1, keyFrame: false })
    viewer.client.drop()
    expect(await camera.client.next('relay')).toEqual({
      type: 'relay',
      watchers: 0,
      keyFrame: false,
      slow: false,
    })
    expect(camera.client.of('relay').map(({ watchers }) => watchers)).toEqual([1, 2, 1, 0])
    send(camera, new Film().group(1))
    await camera.client.settled()
    await here.host.client.settled()
    expect(here.host.client.binary).toEqual([])
  })

  test('[MED-6] a key picture is asked for at most once a second, and then still', async () => {
    const clock = createTestClock()
    const here = await stage({ clock })
    const { camera, viewer } = await watched(here)
    const ask = () => viewer.client.ask({ type: 'key-frame', camera: camera.id })
    for (let n = 0; n < 3; n += 1) expect(await ask()).toMatchObject({ ok: true })
    await camera.client.settled()
    expect(camera.client.of('relay')).toHaveLength(1)
    clock.advance(1_000)
    expect(await camera.client.next('relay')).toMatchObject({ keyFrame: true })
    await camera.client.settled()
    expect(camera.client.of('relay')).toHaveLength(2)
    expect(await here.host.client.ask({ type: 'key-frame', camera: camera.id })).toMatchObject({
      code: 'forbidden',
    })
  })

  test('[MED-6] a group with a hole goes on up to the hole; the next key picture goes on', async () => {
    const here = await stage()
    const { camera, viewer } = await watched(here)
    const film = new Film()
    send(camera, film.group(1))
    film.skip()
    send(camera, [film.delta(), film.delta(), ...film.group(1)])
    expect(numbersOf(await viewer.client.pictures(4))).toEqual(['k0', '1', 'k5', '6'])
    const anew = new Film({ stream: 9 })
    anew.skip()
    send(camera, [anew.delta(), ...anew.group(1)])
    expect(numbersOf(await viewer.client.pictures(6)).slice(4)).toEqual(['k2', '3'])
  })

  test('[MED-6] watchers are told whether pictures come', async () => {
    const clock = createTestClock()
    const here = await stage({ clock })
    const { camera, viewer } = await watched(here)
    expect(await viewer.client.next('relay-state')).toEqual({
      type: 'relay-state',
      camera: camera.id,
      state: 'waiting',
    })
    const film = new Film()
    send(camera, film.group(0))
    expect(await viewer.client.next('relay-state')).toMatchObject({ state: 'live' })
    clock.advance(1_999)
    send(camera, [film.delta()])
    await viewer.client.pictures(2)
    clock.advance(1_999)
    await viewer.client.settled()
    expect(viewer.client.of('relay-state')).toHaveLength(2)
    clock.advance(1)
    expect(await viewer.client.next('relay-state')).toMatchObject({ state: 'waiting' })
    send(camera, [film.delta()])
    expect(await viewer.client.next('relay-state')).toMatchObject({ state: 'live' })
  })

  test('[SEC-4] pictures that were sent and kept back are counted for operators', async () => {
    const here = await stage()
    const { camera, viewer } = await watched(here)
    send(camera, new Film().group(3))
    await viewer.client.pictures(4)
    const body = await (await fetch(`${here.app.url}/metrics`)).text()
    expect(body).toMatch(/pairlens_media_frames_total\{outcome="sent",[^}]*\} 4\n/)
    expect(body).toMatch(/pairlens_media_frames_total\{outcome="dropped",[^}]*\} 0\n/)
    expect(body).toMatch(/pairlens_media_bytes_total\{[^}]*\} [1-9]\d{2,}\n/)
  })
})

describe('connections that come and go', () => {
  test('[MED-6] a camera that comes back is told behind its welcome that it is watched', async () => {
    const here = await stage()
    const { camera, viewer } = await watched(here)
    send(camera, new Film().group(1))
    await viewer.client.pictures(2)
    camera.client.drop()
    await viewer.client.next('member-updated', ({ member }) => !member.connected)
    expect(await viewer.client.next('relay-state')).toMatchObject({ state: 'waiting' })
    const back = await seat(here.app, camera, { attempt: 1 })
    expect(await back.client.next('relay')).toEqual({
      type: 'relay',
      watchers: 1,
      keyFrame: true,
      slow: false,
    })
    expect(back.client.received.map(({ type }) => type)).toEqual(['welcome', 'relay'])
    const film = new Film({ stream: 2 })
    // What goes on with the group of before is no beginning.
    send(back, [film.delta(), ...film.group(1)])
    expect(numbersOf(await viewer.client.pictures(4)).slice(2)).toEqual(['k1', '2'])
  })

  test('[SESS-2] [MED-6] pictures of a connection that was superseded go nowhere, those of its successor do', async () => {
    const here = await stage()
    const { camera, viewer } = await watched(here)
    const later = await seat(here.app, camera, { attempt: 1 })
    expect((await camera.client.closed).code).toBe(4409)
    expect(await later.client.next('relay')).toMatchObject({ watchers: 1, keyFrame: true })
    send(later, new Film().group(0))
    await viewer.client.pictures(1)
  })

  test('[MED-6] a viewer that comes back watches again when it says so', async () => {
    const here = await stage()
    const { camera, viewer } = await watched(here)
    viewer.client.drop()
    expect(await camera.client.next('relay')).toMatchObject({ watchers: 0 })
    const back = await seat(here.app, viewer, { attempt: 1 })
    const film = new Film()
    send(camera, film.group(0))
    await camera.client.settled()
    await back.client.settled()
    expect(back.client.binary).toEqual([])
    await watch(back, camera)
    expect(await camera.client.next('relay')).toMatchObject({ watchers: 1 })
    send(camera, film.group(1))
    expect(numbersOf(await back.client.pictures(2))).toEqual(['k1', '2'])
  })

  test('[ROOM-4] nothing reaches a viewer that was kicked, or has left', async () => {
    const here = await stage()
    const { camera, viewer } = await watched(here)
    const leaver = await addMember(here, 'viewer')
    await watch(leaver, camera)
    const film = new Film()
    send(camera, film.group(0))
    await viewer.client.pictures(1)
    await leaver.client.pictures(1)
    leaver.client.send({ type: 'leave' })
    expect((await leaver.client.closed).code).toBe(1000)
    await call(here.app.url, 'DELETE', `/api/room/members/${viewer.id}`, { token: here.host.token })
    send(camera, [film.delta(), film.delta()])
    expect((await viewer.client.closed).code).toBe(4403)
    expect(await camera.client.next('relay', ({ watchers }) => watchers === 0)).toBeDefined()
    await camera.client.settled()
    expect(numbersOf(viewer.client.binary)).toEqual(['k0'])
    expect(numbersOf(leaver.client.binary)).toEqual(['k0'])
  })

  test('[ROOM-4] a watch ends when its camera leaves; its room may be deleted at any time', async () => {
    const here = await stage()
    const { camera, viewer } = await watched(here)
    camera.client.send({ type: 'leave' })
    await viewer.client.next('member-left')
    expect(await watch(viewer, camera)).toMatchObject({ code: 'not_found' })
    expect(await watch(viewer, camera, false)).toMatchObject({ ok: true })
    const back = await seat(here.app, camera, { attempt: 1 })
    send(back, new Film().group(1))
    await back.client.settled()
    await viewer.client.settled()
    expect(viewer.client.binary).toEqual([])
    expect(back.client.of('relay')).toEqual([])
    await watch(viewer, back)
    await back.client.next('relay')
    await call(here.app.url, 'DELETE', '/api/room', { token: here.host.token })
    expect((await back.client.closed).code).toBe(4404)
    expect((await viewer.client.closed).code).toBe(4404)
    const other = await newRoom(here.app)
    await watched(other)
  })

  test('[SESS-4] a camera of another room is not there to be watched', async () => {
    const here = await stage()
    const { camera } = await watched(await newRoom(here.app))
    expect(await watch(here.host, camera)).toMatchObject({ code: 'not_found' })
    send(camera, new Film().group(0))
    await camera.client.settled()
    await here.host.client.settled()
    expect(here.host.client.binary).toEqual([])
  })
})

describe('hostile senders', () => {
  const picture = new Film().key()

  test.each([
    ['unsound', Buffer.from([1, 2, 3])],
    ['empty', Buffer.alloc(0)],
    ['of a watcher', relayedOf('someone', picture)],
  ])('[SEC-6] binary frames that are %s are invalid, the tenth ends the connection', async (_what, bytes) => {
    const here = await stage()
    const { camera, viewer } = await watched(here)
    for (let n = 0; n < 10; n += 1) camera.client.raw(bytes)
    expect((await camera.client.closed).code).toBe(4400)
    expect(camera.client.of('error').map(({ code }) => code)).toEqual(Array(10).fill('invalid_message'))
    await viewer.client.settled()
    expect(viewer.client.binary).toEqual([])
  })

  test('[SESS-4] pictures of hosts, viewers and who waits for approval are invalid', async () => {
    const here = await stage()
    const senders = [here.host, await addMember(here, 'viewer'), await addPending(here, 'camera')]
    for (const { client } of senders) {
      client.raw(picture)
      expect(await client.next('error')).toMatchObject({ code: 'invalid_message' })
    }
    const early = await connect(here.app.url)
    early.raw(picture)
    expect((await early.closed).code).toBe(4400)
  })

  test('[SEC-3] a camera may upload 6 MiB a second, twice that at once; more is kept back up to a key picture', async () => {
    const clock = createTestClock()
    const here = await stage({ clock })
    const { camera, viewer } = await watched(here)
    const film = new Film({ keyBytes: 500_000, deltaBytes: 500_000 })
    // 25 of them are 12.5 MB of the 12.58 that may come at once. A reader that keeps up gets them one by one.
    for (let n = 0; n < 25; n += 1) {
      send(camera, [film.shoot(n === 0)])
      await viewer.client.pictures(n + 1)
    }
    send(camera, [film.delta()])
    expect(await camera.client.next('relay', ({ slow }) => slow)).toMatchObject({ watchers: 1 })
    await pass(clock, 1_000, [camera.client, viewer.client, here.host.client])
    send(camera, [film.delta(), film.key()])
    expect(numbersOf(await viewer.client.pictures(26)).at(-1)).toBe('k27')
    await pass(clock, 1_000, [camera.client, viewer.client, here.host.client])
    expect(camera.client.of('relay').at(-1)).toMatchObject({ watchers: 1, slow: false })
  })
})
