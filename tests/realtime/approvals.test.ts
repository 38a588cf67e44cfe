import { expect, test } from 'vitest'
import { call, claimCode, createRoom, issueCode, secretOf } from '../support/app.ts'
import { connect, join, type TestClient } from '../support/client.ts'
import {
  addHost,
  addMember,
  addPending,
  newRoom,
  seat,
  slowStore,
  stage,
  startApp,
  timedStage,
} from './support.ts'

/** Resolves when the server has read what a client sent, without taking the replies from those who wait for them. */
async function reached(client: TestClient): Promise<void> {
  const t = `reached-${Math.random()}`
  client.send({ type: 'ping', t })
  await expect.poll(() => client.of('pong').some((pong) => pong.t === t), { interval: 5 }).toBe(true)
}

const wrong = (check: string) => (check === '99' ? '10' : String(Number(check) + 1))

test.each(['host', 'camera', 'viewer'] as const)('[PAIR-5] approve lets a pending %s in', async (role) => {
  const here = await stage()
  const waiting = await addPending(here, role)
  const { pairing, ...rest } = await here.host.client.next('pairing-pending')
  expect(rest).toStrictEqual({ type: 'pairing-pending', at: expect.any(String) })
  expect(pairing).toStrictEqual({
    id: waiting.pairing,
    device: { kind: expect.any(String), browser: expect.any(String), os: expect.any(String) },
    name: expect.any(String),
    role: expect.stringMatching(/^(host|viewer|camera)$/),
    presented: expect.stringMatching(/^(scanned|typed)$/),
  })
  expect(waiting.check).toMatch(/^[1-9][0-9]$/)
  const reply = await here.host.client.ask({
    type: 'approve',
    pairing: waiting.pairing,
    check: waiting.check,
  })
  expect(reply).toMatchObject({ ok: true, at: expect.any(String) })
  const approved = await waiting.client.next('approved')
  expect(approved).toStrictEqual({
    type: 'approved',
    session: {
      id: waiting.id,
      role,
      name: expect.any(String),
      status: 'active',
      expiresAt: expect.any(String),
    },
    room: here.room,
    members: expect.any(Array),
    at: expect.any(String),
    iceServers: [],
  })
  expect(approved.members.map(({ id }) => id).sort()).toEqual([here.host.id, waiting.id].sort())
  expect(here.host.client.of('member-joined')).toMatchObject([
    { member: { id: waiting.id, role, connected: true } },
  ])
  await here.host.client.settled()
  expect(here.host.client.of('pairing-done')).toStrictEqual([
    {
      type: 'pairing-done',
      at: expect.any(String),
      pairing: waiting.pairing,
      memberId: waiting.id,
      outcome: 'paired',
    },
  ])
  expect(await waiting.client.ask({ type: 'message', data: 'in' })).toMatchObject({ ok: true })
  await here.host.client.next('message')
  expect(await here.host.client.ask({ type: 'deny', pairing: waiting.pairing })).toMatchObject({
    code: 'not_found',
  })
})

test('[PAIR-5] a wrong check is check_wrong, ends the claim and closes the phone with 4403', async () => {
  const here = await stage()
  const waiting = await addPending(here)
  const decide = (check: string) => here.host.client.ask({ type: 'approve', pairing: waiting.pairing, check })
  expect(await decide(wrong(waiting.check))).toMatchObject({ ok: false, code: 'check_wrong' })
  expect((await waiting.client.closed).code).toBe(4403)
  expect(await decide(waiting.check)).toMatchObject({ ok: false, code: 'not_found' })
  await here.host.client.settled()
  expect(here.host.client.of('pairing-done')).toMatchObject([{ pairing: waiting.pairing, outcome: 'denied' }])
  expect((await call(here.app.url, 'GET', '/api/session', { token: waiting.token })).status).toBe(401)
  expect(here.host.client.of('member-joined')).toEqual([])
})

test('[PAIR-5] deny ends the claim and closes the phone with 4403', async () => {
  const here = await stage()
  const waiting = await addPending(here)
  const deny = () => here.host.client.ask({ type: 'deny', pairing: waiting.pairing })
  expect(await deny()).toMatchObject({ ok: true })
  expect((await waiting.client.closed).code).toBe(4403)
  expect(await deny()).toMatchObject({ ok: false, code: 'not_found' })
  await here.host.client.settled()
  expect(here.host.client.of('pairing-done')).toMatchObject([{ pairing: waiting.pairing, outcome: 'denied' }])
  const again = await connect(here.app.url)
  again.send({ type: 'hello', token: waiting.token })
  expect((await again.closed).code).toBe(4401)
})

test('[PAIR-5] a claim that nobody decides ends when its code would have: expired, 4401', async () => {
  const here = await timedStage()
  const code = await issueCode(here.app.url, here.host.token, 'host')
  here.clock.advance(5_000)
  await here.host.client.settled()
  const { session } = await claimCode(here.app.url, { secret: secretOf(code) })
  // Not connected meanwhile: two minutes without an answered ping would end the connection first.
  here.clock.advance(114_000)
  const waiting = await seat(here.app, session)
  const host = await seat(here.app, here.host)
  here.clock.advance(999)
  await waiting.client.settled()
  here.clock.advance(1)
  expect((await waiting.client.closed).code).toBe(4401)
  expect(await host.client.next('pairing-done')).toMatchObject({ pairing: code.id, outcome: 'expired' })
  expect(await host.client.ask({ type: 'deny', pairing: code.id })).toMatchObject({ code: 'not_found' })
  expect((await call(here.app.url, 'GET', '/api/session', { token: session.token })).status).toBe(401)
})

test('[PAIR-5] two hosts decide at once: one does, once', async () => {
  const slow = slowStore()
  const here = await stage({ store: slow.store })
  const second = await addHost(here)
  const waiting = await addPending(here, 'camera')
  const approve = { type: 'approve', pairing: waiting.pairing, check: waiting.check }
  const { asked, release } = slow.hold('rows')
  const replies = Promise.all([here.host.client.ask(approve), second.client.ask(approve)])
  await asked
  // Both have asked before either is answered.
  await Promise.all([here.host.client, second.client].map((client) => reached(client)))
  release()
  expect((await replies).map((reply) => (reply.ok ? 'ok' : reply.code)).sort()).toEqual(['not_found', 'ok'])
  await waiting.client.settled()
  expect(waiting.client.of('approved')).toHaveLength(1)
  await here.host.client.settled()
  expect(
    here.host.client.of('pairing-done').filter(({ pairing }) => pairing === waiting.pairing),
  ).toMatchObject([{ outcome: 'paired' }])
})

test('[PAIR-5] the check number is in nothing that hosts are sent', async () => {
  const here = await stage()
  const waiting = await addPending(here)
  await here.host.client.next('pairing-pending')
  const told = here.host.client
    .of('pairing-pending')
    .map(({ pairing }) => JSON.stringify({ ...pairing, id: '' }))
  expect(told).toHaveLength(1)
  expect(told[0]).not.toContain('check')
  expect(told[0]).not.toContain(`"${waiting.check}"`)
})

test('[PAIR-5] viewers and cameras hear nothing of pairings', async () => {
  const here = await stage()
  const others = [await addMember(here), await addMember(here, 'viewer')]
  const counts = others.map(({ client }) => client.received.length)
  const waiting = await addPending(here)
  await here.host.client.ask({ type: 'deny', pairing: waiting.pairing })
  await issueCode(here.app.url, here.host.token)
  for (const [index, { client }] of others.entries()) {
    const types = (await client.settled()).slice(counts[index]).map(({ type }) => type)
    expect(types.filter((type) => type.startsWith('pairing'))).toEqual([])
  }
})

test('section 4: a scanned claim is told to hosts as paired', async () => {
  const here = await stage()
  const code = await issueCode(here.app.url, here.host.token)
  const { session } = await claimCode(here.app.url, { secret: secretOf(code) })
  expect(await here.host.client.next('pairing-done')).toStrictEqual({
    type: 'pairing-done',
    at: expect.any(String),
    pairing: code.id,
    memberId: session.id,
    outcome: 'paired',
  })
})

test('[PAIR-7] a claim of a used code tells the hosts: reused', async () => {
  const here = await stage()
  const code = await issueCode(here.app.url, here.host.token)
  await claimCode(here.app.url, { secret: secretOf(code) })
  const again = await call(here.app.url, 'POST', '/api/pairings', { body: { secret: secretOf(code) } })
  expect(again).toMatchObject({ status: 409, body: { code: 'pairing_code_used' } })
  expect(await here.host.client.next('pairing-done', ({ outcome }) => outcome === 'reused')).toStrictEqual({
    type: 'pairing-done',
    at: expect.any(String),
    pairing: code.id,
    outcome: 'reused',
  })
})

test('[SESS-4] a pairing of another room is not_found, and waits on', async () => {
  const mine = await stage()
  const theirs = await newRoom(mine.app)
  const waiting = await addPending(theirs)
  const { pairing, check } = waiting
  expect(await mine.host.client.ask({ type: 'approve', pairing, check })).toMatchObject({ code: 'not_found' })
  expect(await mine.host.client.ask({ type: 'deny', pairing })).toMatchObject({ code: 'not_found' })
  expect(await theirs.host.client.ask({ type: 'approve', pairing, check })).toMatchObject({ ok: true })
})

test('[PAIR-5] a host that was away when a claim came in is told when it is back', async () => {
  const app = await startApp()
  const { session } = await createRoom(app.url)
  const code = await issueCode(app.url, session.token, 'host')
  await claimCode(app.url, { secret: secretOf(code) })
  const host = await seat(app, session)
  expect(await host.client.next('pairing-pending')).toMatchObject({ pairing: { id: code.id } })
})

test('[PAIR-5] a host that was let in is told of the claims that wait', async () => {
  const here = await stage()
  const [first, second] = [await addPending(here), await addPending(here, 'camera')]
  const approve = { type: 'approve', pairing: first.pairing, check: first.check }
  expect(await here.host.client.ask(approve)).toMatchObject({ ok: true })
  await first.client.next('approved')
  await first.client.settled()
  expect(first.client.of('pairing-pending').map(({ pairing }) => pairing.id)).toContain(second.pairing)
})

test('[PAIR-5] a phone that was away while it was approved is active when it is back', async () => {
  const here = await stage()
  const waiting = await addPending(here, 'camera')
  waiting.client.drop()
  const approve = { type: 'approve', pairing: waiting.pairing, check: waiting.check }
  expect(await here.host.client.ask(approve)).toMatchObject({ ok: true })
  const { welcome } = await join(here.app.url, waiting.token, { resume: waiting.welcome.at })
  expect(welcome.self.status).toBe('active')
  expect(welcome.members).toHaveLength(2)
})

test('[PAIR-5] a phone whose hello is under way while it is approved is let in', async () => {
  const slow = slowStore()
  const here = await stage({ store: slow.store })
  const code = await issueCode(here.app.url, here.host.token)
  const { session, check } = await claimCode(here.app.url, { code: code.code })
  const { asked, release } = slow.hold('values')
  const client = await connect(here.app.url)
  client.send({ type: 'hello', token: session.token })
  await asked
  const approve = { type: 'approve', pairing: code.id, check }
  expect(await here.host.client.ask(approve)).toMatchObject({ ok: true })
  release()
  await client.next('welcome')
  await client.settled()
  const statuses = client.received.flatMap((message) =>
    message.type === 'welcome'
      ? [message.self.status]
      : message.type === 'approved'
        ? [message.session.status]
        : [],
  )
  expect(statuses.at(-1)).toBe('active')
  expect(await client.ask({ type: 'message', data: 1 })).toMatchObject({ ok: true })
})
