import { expect, test } from 'vitest'
import type { ServerMessage } from '../../server/protocol/messages.ts'
import { claimCode, issueCode, secretOf } from '../support/app.ts'
import type { TestClient } from '../support/client.ts'
import {
  addMember,
  addPending,
  dataOf,
  newRoom,
  only,
  pass,
  seat,
  stage,
  timedStage,
  type Seated,
  type Stage,
} from './support.ts'

const KIB = 1024

/** Drops a member and waits until its room knows. */
async function drop(here: Stage, member: Seated): Promise<string> {
  await member.client.settled()
  const at = member.client.of('pong').at(-1)?.at
  if (at === undefined) throw new Error('no place')
  member.client.drop()
  await here.host.client.next(
    'member-updated',
    (event) => event.member.id === member.id && !event.member.connected,
  )
  return at
}

/** What came right behind the welcome, up to now. */
async function replayed(client: TestClient): Promise<ServerMessage[]> {
  const all = await client.settled()
  expect(all[0]?.type).toBe('welcome')
  return all.slice(1).filter(({ type }) => type !== 'pong')
}

/** So many events of so many bytes of data, faster than a connection may send [SEC-3]. */
async function flood(from: TestClient, to: string, count: number, bytes: number): Promise<void> {
  for (let n = 0; n < count; n += 1) from.send({ type: 'signal', to, data: 'x'.repeat(bytes - 2) })
  await from.settled()
  expect(from.of('error')).toEqual([])
}

test('[RES-1] every kind of event missed comes in order, once, right after the welcome', async () => {
  const here = await stage()
  const { app, host } = here
  const camera = await addMember(here)
  const second = await addMember(here, 'viewer')
  const at = await drop(here, camera)
  const places: unknown[] = []
  for (const message of [
    { type: 'signal', to: camera.id, data: 'offer' },
    { type: 'message', to: camera.id, data: 'to you' },
    { type: 'message', to: second.id, data: 'not to you' },
    { type: 'message', data: 'to all' },
    { type: 'command', to: camera.id, name: 'torch' },
    { type: 'state', state: { presence: 'is not replayed' } },
  ]) {
    const reply = await host.client.ask(message)
    expect(reply.ok).toBe(true)
    if (reply.ok) places.push(reply.at)
  }
  const back = await seat(app, camera, { resume: at })
  expect(back.welcome).toMatchObject({ resumed: true, at })
  expect(back.welcome.members.find(({ id }) => id === host.id)?.state).toEqual({
    presence: 'is not replayed',
  })
  const missed = await replayed(back.client)
  expect(missed).toMatchObject([
    { type: 'signal', from: host.id, data: 'offer', at: places[0] },
    { type: 'message', from: host.id, data: 'to you', at: places[1] },
    { type: 'message', from: host.id, data: 'to all', at: places[3] },
    { type: 'command', from: host.id, name: 'torch', at: places[4] },
  ])
  await host.client.ask({ type: 'message', data: 'live again' })
  expect(await back.client.next('message', ({ data }) => data === 'live again')).toBeDefined()
})

test('[RES-1] a host gets the results and pairing events it missed', async () => {
  const here = await stage()
  const { app, host } = here
  const camera = await addMember(here)
  const viewer = await addMember(here, 'viewer')
  const code = await issueCode(app.url, host.token)
  const reply = await host.client.ask({ type: 'command', to: camera.id, name: 'torch' })
  const { ref } = (reply as unknown as { data: { ref: string } }).data
  const { at } = reply as unknown as { at: string }
  host.client.drop()
  await viewer.client.next('member-updated', ({ member }) => member.id === host.id && !member.connected)
  await camera.client.ask({ type: 'result', to: host.id, ref, ok: true })
  await claimCode(app.url, { secret: secretOf(code) })
  const pending = await addPending({ ...here, host })
  const back = await seat(app, host, { resume: at })
  expect(back.welcome.resumed).toBe(true)
  const missed = await replayed(back.client)
  expect(missed).toMatchObject([
    { type: 'result', ref, ok: true },
    { type: 'pairing-done', pairing: code.id, outcome: 'paired' },
    { type: 'pairing-pending', pairing: { id: pending.pairing } },
  ])
})

test('[RES-1] a drop in the middle of a replay can resume again', async () => {
  const here = await stage()
  const camera = await addMember(here)
  const at = await drop(here, camera)
  for (let n = 0; n < 20; n += 1) here.host.client.send({ type: 'message', data: n })
  await here.host.client.settled()
  const first = await seat(here.app, camera, { resume: at, attempt: 1 })
  const seventh = await first.client.next('message', ({ data }) => data === 6)
  first.client.drop()
  const second = await seat(here.app, camera, { resume: seventh.at, attempt: 2 })
  expect(second.welcome).toMatchObject({ resumed: true, at: seventh.at })
  expect(dataOf(await replayed(second.client))).toEqual(Array.from({ length: 13 }, (_, n) => n + 7))
  // The place of a welcome that resumed is a place as good as any.
  second.client.drop()
  const third = await seat(here.app, camera, { resume: second.welcome.at, attempt: 3 })
  expect(dataOf(await replayed(third.client))).toEqual(Array.from({ length: 13 }, (_, n) => n + 7))
})

test('[RES-1] a resume while the earlier connection still lives takes over from it', async () => {
  const here = await stage()
  const camera = await addMember(here)
  await here.host.client.ask({ type: 'message', data: 1 })
  const { at } = await camera.client.next('message')
  await here.host.client.ask({ type: 'message', data: 2 })
  const second = await seat(here.app, camera, { resume: at })
  expect(second.welcome.resumed).toBe(true)
  expect(dataOf(await replayed(second.client))).toEqual([2])
  expect((await camera.client.closed).code).toBe(4409)
})

test('[RES-1] nothing missed is resumed too', async () => {
  const here = await stage()
  const camera = await addMember(here)
  const at = await drop(here, camera)
  const back = await seat(here.app, camera, { resume: at })
  expect(back.welcome).toMatchObject({ resumed: true, at })
  expect(await replayed(back.client)).toEqual([])
})

test('[RES-1] after the window: resumed false, and nothing of what went by', async () => {
  const here = await timedStage()
  const camera = await addMember(here)
  const at = await drop(here, camera)
  await here.host.client.ask({ type: 'message', data: 1 })
  await pass(here.clock, 30_000, [here.host.client])
  const back = await seat(here.app, camera, { resume: at })
  expect(back.welcome.resumed).toBe(false)
  expect(back.welcome.at).not.toBe(at)
  expect(await replayed(back.client)).toEqual([])
})

test.each([
  ['no place at all', () => 'nonsense'],
  ['an empty text', () => ''],
  ['a place ahead of the room', (at: string) => `${at}zz`],
  ['a place of another opening', (at: string) => `AAAAAAAA${at.slice(8)}`],
  ['a place with more behind it', (at: string) => `${at}~1`],
  ['a long text', () => 'x'.repeat(4_096)],
])('[RES-1] %s: resumed false, the snapshot is the truth', async (_what, changed) => {
  const here = await stage()
  const camera = await addMember(here)
  const at = await drop(here, camera)
  await here.host.client.ask({ type: 'message', data: 1 })
  const back = await seat(here.app, camera, { resume: changed(at) })
  expect(back.welcome.resumed).toBe(false)
  expect(await replayed(back.client)).toEqual([])
})

test("[RES-1] another room's place: resumed false", async () => {
  const here = await stage()
  const other = await newRoom(here.app)
  const camera = await addMember(here)
  await drop(here, camera)
  const back = await seat(here.app, camera, { resume: other.host.welcome.at })
  expect(back.welcome.resumed).toBe(false)
})

test.each([
  [1_000, true],
  [1_001, false],
])('[RES-1] %i events of the room missed: resumed %s, never partly', async (count, resumed) => {
  const here = await stage({ env: { RATE_LIMITS: 'off' } })
  const camera = await addMember(here)
  const viewer = await addMember(here, 'viewer')
  const at = await drop(here, camera)
  // All but one are for somebody else: events of the room count.
  await flood(here.host.client, viewer.id, count - 1, 10)
  await here.host.client.ask({ type: 'message', to: camera.id, data: 'last' })
  const back = await seat(here.app, camera, { resume: at })
  expect(back.welcome.resumed).toBe(resumed)
  expect(dataOf(await replayed(back.client))).toEqual(resumed ? ['last'] : [])
})

test.each([
  [31, true],
  [33, false],
])('[RES-1] %i times 32 KiB missed: resumed %s, never partly', async (count, resumed) => {
  const here = await stage({ env: { RATE_LIMITS: 'off' } })
  const camera = await addMember(here)
  const at = await drop(here, camera)
  await flood(here.host.client, camera.id, count, 32 * KIB)
  const back = await seat(here.app, camera, { resume: at })
  expect(back.welcome.resumed).toBe(resumed)
  expect(await replayed(back.client)).toHaveLength(resumed ? count : 0)
})

test('[RES-1] a replay of nearly 1 MiB reaches a prompt reader whole', async () => {
  const here = await stage({ env: { RATE_LIMITS: 'off' } })
  const camera = await addMember(here)
  const at = await drop(here, camera)
  // What an event weighs besides its data is known from the first.
  await flood(here.host.client, camera.id, 1, 1_000)
  const probe = await seat(here.app, camera, { resume: at })
  const weight = Buffer.byteLength(JSON.stringify(await probe.client.next('signal')))
  await drop(here, probe)
  // A margin for places that grow by a digit.
  const each = Math.floor((1024 * KIB) / 999) - 4 - (weight - 1_000)
  await flood(here.host.client, camera.id, 998, each)
  const back = await seat(here.app, camera, { resume: probe.client.of('signal')[0]?.at ?? '' })
  expect(back.welcome.resumed).toBe(true)
  expect(await replayed(back.client)).toHaveLength(998)
})

test('[RES-1] nothing from before the approval, whatever place is named', async () => {
  const here = await stage()
  const start = here.host.welcome.at
  await here.host.client.ask({ type: 'message', data: 'before the claim' })
  const waiting = await addPending(here, 'camera')
  await here.host.client.ask({ type: 'message', data: 'before the approval' })
  await here.host.client.ask({ type: 'approve', pairing: waiting.pairing, check: waiting.check })
  await waiting.client.next('approved')
  await here.host.client.ask({ type: 'message', data: 'after' })
  await waiting.client.next('message')
  for (const resume of [start, waiting.welcome.at]) {
    const back = await seat(here.app, waiting, { resume })
    expect(dataOf(await replayed(back.client)).filter((data) => data !== 'after')).toEqual([])
  }
})

test('[RES-1] nothing from before a member came, whatever place it names', async () => {
  const here = await stage()
  const start = here.host.welcome.at
  await here.host.client.ask({ type: 'message', data: 'before it came' })
  const camera = await addMember(here)
  await here.host.client.ask({ type: 'message', data: 'after' })
  await camera.client.next('message')
  const back = await seat(here.app, camera, { resume: start })
  expect(dataOf(await replayed(back.client)).filter((data) => data !== 'after')).toEqual([])
})

test('[ROOM-4] nothing from between a leave and the return, whatever place is named', async () => {
  const here = await stage()
  const camera = await addMember(here)
  camera.client.send({ type: 'leave' })
  await camera.client.closed
  await here.host.client.ask({ type: 'message', data: 'while it was no member' })
  const back = await seat(here.app, camera)
  const again = await seat(here.app, back, { resume: camera.welcome.at })
  expect(dataOf(await replayed(again.client))).toEqual([])
})

test('[RES-1] after resumed false the welcome tells a host of claims that wait', async () => {
  const here = await stage()
  const waiting = await addPending(here)
  const back = await seat(here.app, here.host, { resume: 'nonsense' })
  expect(only(await replayed(back.client), 'pairing-pending')).toMatchObject([
    { pairing: { id: waiting.pairing } },
  ])
})
