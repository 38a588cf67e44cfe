/** Codes that several instances are asked for at once, and claims that wait on one for a host on another. */
import { expect, test } from 'vitest'
import type { CodeIssued, Paired } from '../../server/protocol/api.ts'
import { call, claimCode, createRoom, issueCode, secretOf } from '../support/app.ts'
import { enter, overBackends, type Cluster, type Entered } from './cluster.ts'

const CODES = 10
const CLAIMS = 30

/** A host on the third instance. */
async function hosted(cluster: Cluster): Promise<Entered & { readonly token: string }> {
  const { session } = await createRoom(cluster.url(0))
  return { token: session.token, ...(await enter(cluster.url(2), session.token, { attempt: 1 })) }
}

interface Waiting {
  readonly code: CodeIssued
  readonly paired: Paired
  readonly check: string
  readonly phone: Entered
}

/** A typed code that was issued on the third instance, is claimed on the first and waited for on the second. */
async function waiting(cluster: Cluster, host: Entered & { readonly token: string }): Promise<Waiting> {
  const code = await issueCode(cluster.url(2), host.token)
  const paired = await claimCode(cluster.url(0), { code: code.code, deviceName: 'Typed' })
  const { check } = paired
  if (check === undefined) throw new Error('a typed code is approved [PAIR-5]')
  const phone = await enter(cluster.url(1), paired.session.token, { attempt: 1 })
  expect(phone.welcome).toMatchObject({ self: { status: 'pending' }, members: [] })
  return { code, paired, check, phone }
}

overBackends('claims over three instances', {}, (cluster) => {
  test(`[PAIR-2] of ${CLAIMS} claims of one code at once over three instances one wins, for ${CODES} codes at once`, async () => {
    const { session } = await createRoom(cluster().url(0))
    const race = async (n: number): Promise<number> => {
      const code = await issueCode(cluster().url(n), session.token)
      // Some have seen it before, and believe that it is open.
      for (const url of cluster().urls.slice(0, n % 4))
        await call(url, 'POST', '/api/pairings/preview', { body: { secret: secretOf(code) } })
      const answers = await Promise.all(
        Array.from({ length: CLAIMS }, (_, claim) =>
          call<{ code?: string; session?: { token: string } }>(
            cluster().url(claim),
            'POST',
            '/api/pairings',
            {
              body: claim % 2 === 0 ? { secret: secretOf(code) } : { code: code.code },
            },
          ),
        ),
      )
      for (const { status, body } of answers)
        if (status !== 201)
          expect({ status, code: body.code }).toEqual({ status: 409, code: 'pairing_code_used' })
      return answers.filter(({ status }) => status === 201).length
    }
    expect(await Promise.all(Array.from({ length: CODES }, (_, n) => race(n)))).toEqual(Array(CODES).fill(1))
  })

  test('[PAIR-2] one claim key on three instances at once gets one session', async () => {
    const { session } = await createRoom(cluster().url(0))
    const code = await issueCode(cluster().url(1), session.token)
    const body = { secret: secretOf(code), claimKey: 'k'.repeat(22) }
    const answers = await Promise.all(cluster().urls.map((url) => claimCode(url, body)))
    expect(new Set(answers.map((paired) => paired.session.token)).size).toBe(1)
    const { body: listed } = await call<{ sessions: unknown[] }>(
      cluster().url(2),
      'GET',
      '/api/room/sessions',
      {
        token: session.token,
      },
    )
    expect(listed.sessions).toHaveLength(2)
  })

  test('[PAIR-7] hosts on another instance are told that somebody tried a used code', async () => {
    const host = await hosted(cluster())
    const code = await issueCode(cluster().url(2), host.token)
    await claimCode(cluster().url(0), { secret: secretOf(code) })
    const again = await call(cluster().url(1), 'POST', '/api/pairings', { body: { secret: secretOf(code) } })
    expect(again.status).toBe(409)
    expect(await host.client.next('pairing-done', ({ outcome }) => outcome === 'reused')).toMatchObject({
      pairing: code.id,
    })
  })

  test('[PAIR-5] a claim on one instance, its phone on another, approved by a host on a third', async () => {
    const host = await hosted(cluster())
    const { code, paired, check, phone } = await waiting(cluster(), host)
    const { pairing } = await host.client.next('pairing-pending')
    expect(pairing).toMatchObject({ id: code.id, name: 'Typed' })
    expect(JSON.stringify(host.client.received)).not.toContain(`"${check}"`)
    expect(await host.client.ask({ type: 'approve', pairing: code.id, check })).toMatchObject({ ok: true })
    const approved = await phone.client.next('approved')
    expect(approved.members.map(({ id }) => id)).toContain(paired.session.id)
    expect(await host.client.next('pairing-done')).toMatchObject({
      outcome: 'paired',
      memberId: paired.session.id,
    })
    // Its host may send to it once it is a member there [ROOM-1].
    await expect
      .poll(() => host.client.of('member-joined').map(({ member }) => member.id))
      .toContain(paired.session.id)
    expect(await host.client.ask({ type: 'message', to: paired.session.id, data: 'welcome' })).toMatchObject({
      ok: true,
    })
    expect(await phone.client.next('message')).toMatchObject({ data: 'welcome' })
    expect((await phone.client.ask({ type: 'message', data: 'thanks' })).ok).toBe(true)
    expect(await host.client.next('message')).toMatchObject({ from: paired.session.id, data: 'thanks' })
    expect(await host.client.ask({ type: 'deny', pairing: code.id })).toMatchObject({ code: 'not_found' })
    for (const url of cluster().urls)
      expect((await call(url, 'GET', '/api/room', { token: paired.session.token })).status).toBe(200)
  })

  test.each([
    [
      'a wrong check',
      (check: string) => ({ type: 'approve', check: check === '10' ? '11' : '10' }),
      'check_wrong',
    ],
    ['deny', () => ({ type: 'deny' }), undefined],
  ] as const)(
    '[PAIR-5] %s ends the claim on whichever instance its phone waits',
    async (_what, decision, refusal) => {
      const host = await hosted(cluster())
      const { code, paired, check, phone } = await waiting(cluster(), host)
      await host.client.next('pairing-pending')
      const reply = await host.client.ask({ ...decision(check), pairing: code.id })
      expect(reply).toMatchObject(refusal === undefined ? { ok: true } : { ok: false, code: refusal })
      expect((await phone.client.closed).code).toBe(4403)
      expect(await host.client.next('pairing-done')).toMatchObject({ pairing: code.id, outcome: 'denied' })
      expect(await host.client.ask({ type: 'approve', pairing: code.id, check })).toMatchObject({
        code: 'not_found',
      })
      expect(host.client.of('pairing-done')).toHaveLength(1)
      for (const url of cluster().urls)
        expect((await call(url, 'GET', '/api/session', { token: paired.session.token })).status).toBe(401)
    },
  )
})

overBackends('claims that nobody decides', { PAIRING_TTL_SECONDS: '3' }, (cluster) => {
  test('[PAIR-5] a claim that waits ends with its code, on all instances, and hosts are told once', async () => {
    const host = await hosted(cluster())
    const { code, paired, phone } = await waiting(cluster(), host)
    await host.client.next('pairing-pending')
    expect((await phone.client.closed).code).toBe(4401)
    expect(await host.client.next('pairing-done')).toMatchObject({ pairing: code.id, outcome: 'expired' })
    for (const url of cluster().urls)
      expect((await call(url, 'GET', '/api/session', { token: paired.session.token })).status).toBe(401)
    // The instance of the claim says so at once, the others a while later on their own if it does not.
    const later = await issueCode(cluster().url(0), host.token)
    await claimCode(cluster().url(1), { code: later.code })
    await host.client.next('pairing-done', ({ pairing }) => pairing === later.id)
    await host.client.settled()
    expect(host.client.of('pairing-done').filter(({ pairing }) => pairing === code.id)).toHaveLength(1)
  })

  test('[PAIR-1] [PAIR-2] a code that has ended is ended on all instances', async () => {
    const { session } = await createRoom(cluster().url(0))
    const code = await issueCode(cluster().url(0), session.token)
    const statuses = async () =>
      (
        await Promise.all(
          cluster().urls.map((url) =>
            call(url, 'POST', '/api/pairings/preview', { body: { secret: secretOf(code) } }),
          ),
        )
      ).map(({ status }) => status)
    expect(await statuses()).toEqual([200, 200, 200])
    await expect.poll(statuses, { timeout: 4_000 }).toEqual([404, 404, 404])
  })
})
