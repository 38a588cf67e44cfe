import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import type { IceServer } from '../../server/protocol/models.ts'
import { createTestClock, type TestClock } from '../support/clock.ts'
import { addMember, addPending, pass, stage, type Seated, type Stage } from './support.ts'

const SECRET = 'north-and-south'
const URLS = ['turn:turn.example.com:3478', 'turns:turn.example.com:5349']
const ENV = {
  ICE_SERVERS: '[{"urls":"stun:stun.example.com:3478"}]',
  TURN_URLS: URLS.join(','),
  TURN_SECRET: SECRET,
}
const HOUR = 3_600_000

async function timed(): Promise<Stage & { clock: TestClock }> {
  const clock = createTestClock()
  return { ...(await stage({ clock, env: ENV })), clock }
}

/** Checks a list as a TURN server would (draft-uberti-behave-turn-rest, section 2.2) and gives its expiry in ms. */
function expiryOf(servers: readonly IceServer[] | undefined, id: string): number {
  expect(servers).toHaveLength(2)
  expect(servers?.[0]).toEqual({ urls: 'stun:stun.example.com:3478' })
  const { urls, username = '', credential } = servers?.[1] ?? {}
  expect(urls).toEqual(URLS)
  const [, expiry, member] = /^(\d+):(.+)$/.exec(username) ?? []
  expect(member).toBe(id)
  expect(credential).toBe(createHmac('sha1', SECRET).update(username).digest('base64'))
  return Number(expiry) * 1000
}

/** Lets 59 minutes pass and expects credentials that outlive the first ones, sent before those end. */
async function expectFresh(clock: TestClock, here: Stage, member: Seated, firstEnd: number): Promise<void> {
  await pass(clock, firstEnd - clock.now() - 60_000, [here.host.client, member.client])
  const fresh = member.client.of('ice-servers').at(-1)
  expect(expiryOf(fresh?.iceServers, member.id)).toBeGreaterThan(firstEnd)
}

test('section 2: TURN credentials in the welcome are of the member and live one hour', async () => {
  const here = await timed()
  const camera = await addMember(here)
  expect(expiryOf(camera.welcome.iceServers, camera.id)).toBe(here.clock.now() + HOUR)
  expect(expiryOf(here.host.welcome.iceServers, here.host.id)).toBe(here.clock.now() + HOUR)
  expect(here.host.welcome.iceServers).not.toEqual(camera.welcome.iceServers)
})

test('section 4: ice-servers brings fresh TURN credentials before the old ones end, again and again', async () => {
  const here = await timed()
  const camera = await addMember(here)
  const first = here.clock.now() + HOUR
  await expectFresh(here.clock, here, camera, first)
  const second = expiryOf(camera.client.of('ice-servers').at(-1)?.iceServers, camera.id)
  await expectFresh(here.clock, here, camera, second)
}, 30_000)

test('section 4: a session that was approved gets TURN credentials, and fresh ones before they end', async () => {
  const here = await timed()
  const waiting = await addPending(here, 'camera')
  expect(waiting.welcome).not.toHaveProperty('iceServers')
  await here.host.client.ask({ type: 'approve', pairing: waiting.pairing, check: waiting.check })
  const { iceServers } = await waiting.client.next('approved')
  const end = expiryOf(iceServers, waiting.id)
  expect(end).toBe(here.clock.now() + HOUR)
  await expectFresh(here.clock, here, waiting, end)
}, 30_000)

test('section 2: without TURN no ice-servers are sent', async () => {
  const clock = createTestClock()
  const here = await stage({ clock })
  expect(here.host.welcome.iceServers).toEqual([])
  await pass(clock, HOUR, [here.host.client])
  expect(here.host.client.of('ice-servers')).toEqual([])
})

test('[PAIR-8] the TURN secret is in no log and no message', async () => {
  const here = await timed()
  await addMember(here)
  expect(here.app.logs() + JSON.stringify(here.host.client.received)).not.toContain(SECRET)
})
