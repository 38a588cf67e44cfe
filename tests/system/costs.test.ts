/** What Upstash bills, and what it must not. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { call, claimCode, createRoom, issueCode, pair, secretOf } from '../support/app.ts'
import { enter, overBackends, type Cluster, type Entered } from './cluster.ts'

/** Milliseconds. */
const QUIET = 20_000

/** What was billed meanwhile, once nothing more comes. */
async function billOf(cluster: Cluster, task: () => Promise<unknown>): Promise<Record<string, number>> {
  await settledBill(cluster)
  cluster.resetBill()
  await task()
  await settledBill(cluster)
  const kinds: Record<string, number> = {}
  for (const double of cluster.doubles)
    for (const [kind, count] of Object.entries(double.billed())) kinds[kind] = (kinds[kind] ?? 0) + count
  return kinds
}
const total = (bill: Record<string, number>): number =>
  Object.values(bill).reduce((sum, count) => sum + count, 0)

/** Resolves when the bill has not grown for a while: what a task set off is over. */
async function settledBill(cluster: Cluster): Promise<void> {
  for (let before = -1, now = cluster.billed(); now !== before; now = cluster.billed()) {
    before = now
    await sleep(700)
  }
}

/** A host on the first instance. */
async function hosted(cluster: Cluster): Promise<Entered & { readonly token: string; readonly id: string }> {
  const { session } = await createRoom(cluster.url(0))
  return {
    token: session.token,
    id: session.id,
    ...(await enter(cluster.url(0), session.token, { attempt: 1 })),
  }
}

overBackends(
  'the bill',
  // Longer than the tests that count: instances that share a room ask each other for a sign of life.
  { PEER_TIMEOUT_SECONDS: '60' },
  (cluster) => {
    test('[SYNC-6] a scanned pairing takes eight commands at most: issued, previewed, claimed, joined, left', async () => {
      const host = await hosted(cluster())
      const url = cluster().url(0)
      const bill = await billOf(cluster(), async () => {
        const code = await issueCode(url, host.token)
        await call(url, 'POST', '/api/pairings/preview', { body: { secret: secretOf(code) } })
        const { session } = await claimCode(url, { secret: secretOf(code) })
        const phone = await enter(url, session.token, { attempt: 1 })
        await host.client.next('member-joined')
        phone.client.send({ type: 'leave' })
        await host.client.next('member-left')
      })
      expect(total(bill), JSON.stringify(bill)).toBeLessThanOrEqual(8)
      expect(bill).not.toHaveProperty('PUBLISH')
    })

    test('[SYNC-6] a typed pairing takes twelve commands at most, its approval among them', async () => {
      const host = await hosted(cluster())
      const url = cluster().url(0)
      const bill = await billOf(cluster(), async () => {
        const code = await issueCode(url, host.token)
        await call(url, 'POST', '/api/pairings/preview', { body: { code: code.code } })
        const { session, check } = await claimCode(url, { code: code.code })
        const phone = await enter(url, session.token, { attempt: 1 })
        await host.client.next('pairing-pending')
        expect(await host.client.ask({ type: 'approve', pairing: code.id, check })).toMatchObject({
          ok: true,
        })
        await phone.client.next('approved')
        phone.client.send({ type: 'leave' })
        await host.client.next('member-left')
      })
      expect(total(bill), JSON.stringify(bill)).toBeLessThanOrEqual(12)
    })

    test('[SYNC-6] an event costs one command on one instance, and one more for each further instance', async () => {
      const host = await hosted(cluster())
      const members = [host]
      for (const instances of [1, 2, 3]) {
        const { session } = await pair(cluster().url(0), host.token)
        const camera = await enter(cluster().url(instances - 1), session.token, { attempt: 1 })
        members.push({ ...session, ...camera })
        const bill = await billOf(cluster(), async () => {
          expect(await host.client.ask({ type: 'message', data: instances })).toMatchObject({ ok: true })
          for (const { client } of members.slice(1))
            await client.next('message', ({ data }) => data === instances)
        })
        expect(total(bill), `${instances}: ${JSON.stringify(bill)}`).toBe(instances)
      }
      await call(cluster().url(0), 'DELETE', '/api/room', { token: host.token })
    })

    test('[SYNC-6] state that a member on one instance reports costs nothing', async () => {
      const host = await hosted(cluster())
      const { session } = await pair(cluster().url(0), host.token)
      const camera = await enter(cluster().url(0), session.token, { attempt: 1 })
      const bill = await billOf(cluster(), async () => {
        for (let battery = 0; battery < 20; battery += 1)
          await camera.client.ask({ type: 'state', state: { battery } })
        await host.client.next('member-updated', ({ member }) => member.state['battery'] === 19)
      })
      expect(bill).toEqual({})
    })

    test('[SYNC-5] [SYNC-6] nobody connected, and a quiet pair that stays: no command in twenty seconds', async () => {
      const host = await hosted(cluster())
      const { session } = await pair(cluster().url(0), host.token)
      const camera = await enter(cluster().url(0), session.token, { attempt: 1 })
      await settledBill(cluster())
      cluster().resetBill()
      // What is measured is that nothing happens while time passes.
      await sleep(QUIET)
      expect(cluster().at(1).way.double?.billed()).toEqual({})
      expect(cluster().at(2).way.double?.billed()).toEqual({})
      expect(cluster().at(0).way.double?.billed()).toEqual({})
      expect((await camera.client.ask({ type: 'message', data: 1 })).ok).toBe(true)
    })

    test('[SYNC-5] a room whose members are all on one instance costs no publish, whatever they do', async () => {
      const host = await hosted(cluster())
      const url = cluster().url(0)
      const bill = await billOf(cluster(), async () => {
        const { session } = await pair(url, host.token)
        const camera = await enter(url, session.token, { attempt: 1 })
        for (let n = 0; n < 5; n += 1) {
          await camera.client.ask({ type: 'message', data: n })
          await host.client.ask({ type: 'signal', to: session.id, data: n })
          await camera.client.ask({ type: 'state', state: { n } })
        }
        camera.client.drop()
        await host.client.next('member-updated', ({ member }) => !member.connected)
        const back = await enter(url, session.token, { attempt: 2, resume: camera.welcome.at })
        expect(back.welcome.resumed).toBe(true)
        back.client.send({ type: 'leave' })
        await host.client.next('member-left')
      })
      expect(bill).not.toHaveProperty('PUBLISH')
    })
  },
  ['upstash'],
)
