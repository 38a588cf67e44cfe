import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { partsOf } from '../../server/domain/sessions.ts'
import type { RoomId, SessionId } from '../../server/protocol/ids.ts'
import { createMemoryStore } from '../../server/store/memory.ts'
import { createTestClock } from '../support/clock.ts'
import {
  createDomain,
  createRoom,
  DAY,
  distant,
  issueCode,
  LAPTOP,
  roomy,
  SECOND,
  somebody,
  typed,
  type Domain,
} from './support.ts'

/** A room where somebody waits for approval. */
async function waiting(domain: Domain) {
  const { room, host, code } = await issueCode(domain)
  const { session, check = '' } = await domain.pairing.claim(typed(code), somebody, roomy)
  const wrong = check === '55' ? '56' : '55'
  return { room, host, code, session, check, wrong }
}

describe('tokens', () => {
  test('section 3: a token is room, session and a secret of 128 bits, and says who its bearer is', async () => {
    const domain = createDomain()
    const { room, host } = await createRoom(domain)
    const [roomId, id, secret = ''] = host.token.split('.')
    expect([roomId, id]).toEqual([room.id, host.id])
    expect(Buffer.from(secret, 'base64url')).toHaveLength(16)
    expect(await domain.sessions.authenticate(host.token)).toMatchObject({
      roomId: room.id,
      id: host.id,
      record: { role: 'host', status: 'active', name: 'Laptop', device: LAPTOP },
    })
  })

  test('[PAIR-8] is stored as a keyed hash alone', async () => {
    const domain = createDomain()
    const { room, host } = await createRoom(domain)
    const row = await domain.store.row(`room:${room.id}:sessions`, host.id)
    expect(row).toContain('"tokenHash":"')
    expect(row).not.toContain(host.token)
    expect(row).not.toContain(host.token.split('.')[2])
  })

  test('[SESS-4] no part of a token can be exchanged for that of another', async () => {
    const domain = createDomain()
    const one = await createRoom(domain)
    const two = await createRoom(domain)
    const [room, id, secret] = one.host.token.split('.')
    const [otherRoom, otherId, otherSecret] = two.host.token.split('.')
    const made = [
      [otherRoom, id, secret],
      [room, otherId, secret],
      [room, id, otherSecret],
      [otherRoom, otherId, secret],
      [room, id, `${secret}A`],
      [room, id, secret?.slice(1)],
      [room, id, ''],
      [room, id],
      [room, id, secret, 'x'],
    ]
    for (const parts of made) expect(await domain.sessions.authenticate(parts.join('.'))).toBeUndefined()
  })

  test('[SEC-6] any text is refused that is no token, without harm', async () => {
    const { sessions } = createDomain()
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.string({ unit: 'grapheme' }),
          fc.array(fc.string()).map((a) => a.join('.')),
        ),
        async (text) => {
          expect(await sessions.authenticate(text)).toBeUndefined()
        },
      ),
    )
    for (const text of ['a.b.c\n', 'a..c', '..', 'a.b', `${'a'.repeat(65)}.b.c`, 'a.b.c d'])
      expect(partsOf(text)).toBeUndefined()
  })

  test('[PAIR-8] tokens of another key are worth nothing', async () => {
    const domain = createDomain()
    const { host } = await createRoom(domain)
    expect(await domain.sessions.authenticate(host.token)).toBeDefined()
    const [room = '', id = ''] = host.token.split('.')
    expect(
      await domain.sessions.authenticate(`${room}.${id}.${domain.secrets.hash('token', host.token)}`),
    ).toBeUndefined()
  })
})

describe('life', () => {
  test('SESSION_TTL_SECONDS: a session that nobody uses ends', async () => {
    const domain = createDomain()
    const { room, host } = await createRoom(domain)
    expect(Date.parse(host.expiresAt)).toBe(domain.clock.now() + 7 * DAY)
    domain.clock.advance(7 * DAY - SECOND)
    expect(await domain.sessions.authenticate(host.token)).toBeDefined()
    domain.clock.advance(2 * SECOND)
    expect(await domain.sessions.authenticate(host.token)).toBeUndefined()
    expect(await domain.sessions.list(room.id)).toEqual([])
    expect(await domain.sessions.find(room.id, host.id)).toBeUndefined()
  })

  test('SESSION_TTL_SECONDS: a session ends by itself though others keep the table of its room alive', async () => {
    const domain = createDomain()
    const { room, host } = await createRoom(domain)
    domain.clock.advance(5 * DAY)
    await domain.sessions.create(room.id, { role: 'viewer', ...somebody })
    domain.clock.advance(3 * DAY)
    expect(await domain.sessions.authenticate(host.token)).toBeUndefined()
    expect((await domain.sessions.list(room.id)).map(({ role }) => role)).toEqual(['viewer'])
  })

  test('[SYNC-6] a session is renewed once a day at most, and costs the store nothing in between', async () => {
    const domain = createDomain()
    const { host } = await createRoom(domain)
    const session = await domain.sessions.authenticate(host.token)
    if (session === undefined) throw new Error('the session should be there')
    domain.clock.advance(DAY - SECOND)
    expect((await domain.sessions.renew(session)).expiresAt).toBe(session.record.expiresAt)
    domain.clock.advance(2 * SECOND)
    expect((await domain.sessions.renew(session)).expiresAt).toBe(domain.clock.now() + 7 * DAY)
    expect((await domain.sessions.authenticate(host.token))?.record.expiresAt).toBe(
      domain.clock.now() + 7 * DAY,
    )
  })

  test('[SESS-3] renewal never brings back a session that was revoked meanwhile', async () => {
    const domain = createDomain()
    const { room, host } = await createRoom(domain)
    domain.clock.advance(2 * DAY)
    const session = await domain.sessions.authenticate(host.token)
    if (session === undefined) throw new Error('the session should be there')
    await domain.sessions.revoke(room.id, host.id)
    expect(await domain.sessions.renew(session)).toEqual(session.record)
    expect(await domain.sessions.authenticate(host.token)).toBeUndefined()
    expect(await domain.sessions.list(room.id)).toEqual([])
  })

  test('[PAIR-5] renewal does not prolong a pending session', async () => {
    const domain = createDomain()
    const { session } = await waiting(domain)
    domain.clock.advance(100 * SECOND)
    const found = await domain.sessions.authenticate(session.token)
    if (found === undefined) throw new Error('the session should be there')
    expect(await domain.sessions.renew(found)).toEqual(found.record)
    domain.clock.advance(21 * SECOND)
    expect(await domain.sessions.authenticate(session.token)).toBeUndefined()
  })

  test('[SESS-3] a revoked session is refused by all, and only that one', async () => {
    const domain = createDomain()
    const { room, host } = await createRoom(domain)
    const other = await domain.sessions.create(room.id, { role: 'camera', ...somebody })
    await domain.sessions.revoke(room.id, other.id)
    await domain.sessions.revoke(room.id, 'never' as SessionId)
    await domain.sessions.revoke('never' as RoomId, host.id)
    expect(await createDomain(domain).sessions.authenticate(other.token)).toBeUndefined()
    expect(await domain.sessions.find(room.id, other.id)).toBeUndefined()
    expect(await domain.sessions.authenticate(host.token)).toBeDefined()
  })
})

describe('approval', () => {
  test('[PAIR-5] the right number makes a session active, with the life of one', async () => {
    const domain = createDomain()
    const { room, session, check } = await waiting(domain)
    domain.clock.advance(60 * SECOND)
    const decision = await domain.sessions.approve(room.id, session.id, check)
    expect(decision).toMatchObject({
      kind: 'approved',
      record: { status: 'active', expiresAt: domain.clock.now() + 7 * DAY },
    })
    domain.clock.advance(6 * DAY)
    const found = await domain.sessions.authenticate(session.token)
    expect(found?.record).toMatchObject({ role: 'camera', status: 'active', name: somebody.name })
    expect(found?.text).not.toContain('checkHash')
  })

  test('[PAIR-5] a wrong number destroys the claim: the right one comes too late', async () => {
    const domain = createDomain()
    const { room, session, check, wrong } = await waiting(domain)
    expect(await domain.sessions.approve(room.id, session.id, wrong)).toMatchObject({ kind: 'check_wrong' })
    expect(await domain.sessions.approve(room.id, session.id, check)).toEqual({ kind: 'gone' })
    expect(await domain.sessions.authenticate(session.token)).toBeUndefined()
  })

  test.each(['', ' ', '0', '1234', 'ab', '\u0661\u0662'])(
    '[PAIR-5] the number %j is wrong, whatever the right one is',
    async (check) => {
      const domain = createDomain()
      const { room, session } = await waiting(domain)
      expect(await domain.sessions.approve(room.id, session.id, check)).toMatchObject({ kind: 'check_wrong' })
    },
  )

  test('[PAIR-5] the number of one claim is not that of another', async () => {
    const domain = createDomain()
    const { room, host } = await createRoom(domain)
    expect(host.status).toBe('active')
    let told = 0
    for (let index = 0; index < 40; index += 1) {
      const code = await domain.pairing.issue(room.id, 'camera', LAPTOP)
      const { session, check = '' } = await domain.pairing.claim(typed(code), somebody, roomy)
      const row = await domain.store.row(`room:${room.id}:sessions`, session.id)
      expect(row).not.toContain(`"${check}"`)
      if (check !== '42') told += 1
    }
    expect(told).toBeGreaterThan(35)
  })

  test('[PAIR-5] after the code would have ended there is nothing to approve', async () => {
    const domain = createDomain()
    const { room, session, check } = await waiting(domain)
    domain.clock.advance(121 * SECOND)
    expect(await domain.sessions.approve(room.id, session.id, check)).toEqual({ kind: 'gone' })
    expect(await domain.sessions.authenticate(session.token)).toBeUndefined()
  })

  test('[SESS-4] an active session, an unknown one and one of another room cannot be approved', async () => {
    const domain = createDomain()
    const { room, host, session, check } = await waiting(domain)
    const other = await createRoom(domain)
    expect(await domain.sessions.approve(room.id, host.id, check)).toEqual({ kind: 'gone' })
    expect(await domain.sessions.approve(room.id, 'never' as SessionId, check)).toEqual({ kind: 'gone' })
    expect(await domain.sessions.approve(other.room.id, session.id, check)).toEqual({ kind: 'gone' })
    expect(await domain.sessions.authenticate(host.token)).toBeDefined()
    expect(await domain.sessions.approve(room.id, session.id, check)).toMatchObject({ kind: 'approved' })
  })

  test('[PAIR-5] of two approvals at once one decides', async () => {
    const clock = createTestClock()
    const domain = createDomain({ clock, store: distant(createMemoryStore({ now: () => clock.now() })) })
    const { room, session, check } = await waiting(domain)
    const decisions = await Promise.all(
      [1, 2, 3].map(() => domain.sessions.approve(room.id, session.id, check)),
    )
    expect(decisions.map(({ kind }) => kind).sort()).toEqual(['approved', 'gone', 'gone'])
  })

  test('[SESS-3] an approval that meets a revocation on its way never brings the session back', async () => {
    for (let lead = 0; lead < 6; lead += 1) {
      const clock = createTestClock()
      const domain = createDomain({ clock, store: distant(createMemoryStore({ now: () => clock.now() })) })
      const { room, session, check } = await waiting(domain)
      const approved = domain.sessions.approve(room.id, session.id, check)
      for (let step = 0; step < lead; step += 1) await new Promise((resolve) => setImmediate(resolve))
      await domain.sessions.revoke(room.id, session.id)
      await approved
      expect(await domain.sessions.authenticate(session.token)).toBeUndefined()
    }
  })

  test('[PAIR-5] a wrong number that meets the right one on its way: either decides, never both', async () => {
    for (let lead = 0; lead < 6; lead += 1) {
      const clock = createTestClock()
      const domain = createDomain({ clock, store: distant(createMemoryStore({ now: () => clock.now() })) })
      const { room, session, check, wrong } = await waiting(domain)
      const right = domain.sessions.approve(room.id, session.id, check)
      for (let step = 0; step < lead; step += 1) await new Promise((resolve) => setImmediate(resolve))
      const kinds = [(await domain.sessions.approve(room.id, session.id, wrong)).kind, (await right).kind]
      const left = (await domain.sessions.authenticate(session.token)) !== undefined
      expect(kinds.includes('approved'), `${kinds.join(' and ')} with a lead of ${lead} steps`).toBe(left)
    }
  })
})
