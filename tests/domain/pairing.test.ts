import { describe, expect, test } from 'vitest'
import { CodeUsed } from '../../server/domain/pairing.ts'
import { createMemoryStore } from '../../server/store/memory.ts'
import { createTestClock } from '../support/clock.ts'
import {
  createDomain,
  createRoom,
  distant,
  full,
  issueCode,
  LAPTOP,
  refusalOf,
  roomy,
  scanned,
  SECOND,
  somebody,
  throughTime,
  typed,
} from './support.ts'

const KEY = 'k'.repeat(22)
const OTHER_KEY = 'o'.repeat(22)

describe('a code', () => {
  test('[PAIR-1] works at 119 s and not at 121 s, scanned or typed, previewed or claimed', async () => {
    for (const present of [scanned, typed]) {
      const early = createDomain()
      const issued = await issueCode(early)
      early.clock.advance(119 * SECOND)
      expect(await early.pairing.preview(present(issued.code), roomy)).toMatchObject({ expiresIn: SECOND })
      expect(await early.pairing.claim(present(issued.code), somebody, roomy)).toMatchObject({
        room: { id: issued.room.id },
      })

      const late = createDomain()
      const { code } = await issueCode(late)
      late.clock.advance(121 * SECOND)
      expect(await refusalOf(late.pairing.preview(present(code), roomy))).toBe('pairing_code_invalid')
      expect(await refusalOf(late.pairing.claim(present(code), somebody, roomy))).toBe('pairing_code_invalid')
    }
  })

  test.each([-3_600, 3_600])(
    '[PAIR-1] its life is measured by the store, though the clock of the instance is %i s off',
    async (seconds) => {
      const storeClock = createTestClock()
      const store = createMemoryStore({ now: () => storeClock.now() })
      const issuer = createDomain({ store, clock: createTestClock(storeClock.now()) })
      const claimer = createDomain({ store, clock: createTestClock(storeClock.now() + seconds * SECOND) })
      const first = await issueCode(issuer)
      const second = await issueCode(issuer)
      storeClock.advance(119 * SECOND)
      expect(await claimer.pairing.claim(scanned(first.code), somebody, roomy)).toMatchObject({
        session: { status: 'active' },
      })
      storeClock.advance(2 * SECOND)
      expect(await refusalOf(claimer.pairing.claim(scanned(second.code), somebody, roomy))).toBe(
        'pairing_code_invalid',
      )
    },
  )

  test('[PAIR-4] is issued with its secret, its typed form and its times', async () => {
    const domain = createDomain()
    const { code } = await issueCode(domain, 'viewer')
    expect(code).toEqual({
      id: expect.stringMatching(/^[\w-]{22}$/),
      role: 'viewer',
      secret: expect.stringMatching(/^[\w-]{22}$/),
      code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      issuedAt: domain.clock.now(),
      expiresAt: domain.clock.now() + 120 * SECOND,
    })
  })

  test('[PAIR-4] its typed form is read without regard to case, spaces and dash', async () => {
    const domain = createDomain()
    const { code } = await issueCode(domain)
    const [head = '', tail = ''] = code.code.split('-')
    const ways = [
      head + tail,
      `${head}-${tail}`.toLowerCase(),
      ` ${head} ${tail} `,
      [...(head + tail)].join(' '),
      `${head}\u2013${tail}`,
      `${head}\u00a0\u2014\t${tail}\n`,
      `${head.toLowerCase()}--${tail}`,
    ]
    for (const way of ways) {
      expect(await domain.pairing.preview({ code: way }, roomy)).toMatchObject({ id: code.id })
    }
  })

  test.each([
    ['another', 'BBBB-BBBB'],
    ['too short', 'BCDF-GHJ'],
    ['too long', 'BCDF-GHJKL'],
    ['with vowels', 'AEIO-UAEI'],
    ['empty', ''],
    ['no letters', '🔑🔑🔑🔑🔑🔑🔑🔑'],
    ['a key of the store', 'code:x'],
  ])('[PAIR-6] a typed form that is %s is an unknown code', async (_what, code) => {
    const domain = createDomain()
    await issueCode(domain)
    expect(await refusalOf(domain.pairing.claim({ code }, somebody, roomy))).toBe('pairing_code_invalid')
  })

  test('[PAIR-6] a secret that is not the one of the QR is an unknown code, also the typed form sent as a secret', async () => {
    const domain = createDomain()
    const { code } = await issueCode(domain)
    for (const secret of [
      `${code.secret}x`,
      code.secret.toLowerCase(),
      code.code,
      code.code.replace('-', ''),
      code.id,
      '',
    ]) {
      expect(await refusalOf(domain.pairing.claim({ secret }, somebody, roomy))).toBe('pairing_code_invalid')
    }
  })

  test('[PAIR-8] is stored under and as keyed hashes: another key finds nothing', async () => {
    const domain = createDomain()
    const { code } = await issueCode(domain)
    const stored = await domain.store.get(`code:${code.id}`)
    for (const secret of [code.secret, code.code, code.code.replace('-', '')])
      expect(stored).not.toContain(secret)
    expect(stored).toContain('"status":"open"')
  })
})

describe('preview', () => {
  test('[PAIR-3] never uses a code up', async () => {
    const domain = createDomain()
    const { room, code } = await issueCode(domain)
    for (let time = 0; time < 20; time += 1) {
      expect(await domain.pairing.preview(time % 2 === 0 ? scanned(code) : typed(code), roomy)).toEqual({
        id: code.id,
        room,
        role: 'camera',
        host: LAPTOP,
        approvalNeeded: time % 2 === 1,
        expiresIn: 120 * SECOND,
      })
    }
    expect((await domain.pairing.claim(scanned(code), somebody, roomy)).repeated).toBe(false)
  })

  test('[PAIR-7] of a used code says so, as the claim would', async () => {
    const domain = createDomain()
    const { room, code } = await issueCode(domain)
    await domain.pairing.claim(scanned(code), somebody, roomy)
    const refused = await domain.pairing.preview(scanned(code), roomy).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(CodeUsed)
    expect(refused).toMatchObject({ code: 'pairing_code_used', roomId: room.id, id: code.id })
  })
})

describe('claim', () => {
  test('[PAIR-2] of 50 claims at once on two instances one wins, whether they send a claim key or not', async () => {
    for (const keyed of [false, true]) {
      const clock = createTestClock()
      const store = distant(createMemoryStore({ now: () => clock.now() }))
      const instances = [createDomain({ clock, store }), createDomain({ clock, store })] as const
      const { room, code } = await issueCode(instances[0])
      const claims = Array.from({ length: 50 }, (_, index) =>
        instances[index % 2 === 0 ? 0 : 1].pairing.claim(
          index % 3 === 0 ? typed(code) : scanned(code),
          { ...somebody, ...(keyed ? { claimKey: `${KEY}${index}` } : {}) },
          roomy,
        ),
      )
      const outcomes = await throughTime(clock, Promise.all(claims.map((claim) => refusalOf(claim))))
      expect(outcomes.filter((outcome) => outcome === 'nothing was refused')).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === 'pairing_code_used')).toHaveLength(49)
      const members = await instances[1].sessions.list(room.id)
      expect(members.map(({ role }) => role).sort()).toEqual(['camera', 'host'])
    }
  })

  test('[PAIR-2] the same claim twice at once is one session', async () => {
    const clock = createTestClock()
    const domain = createDomain({ clock, store: distant(createMemoryStore({ now: () => clock.now() })) })
    const { room, code } = await issueCode(domain)
    const claim = () => domain.pairing.claim(scanned(code), { ...somebody, claimKey: KEY }, roomy)
    const [first, second] = await throughTime(clock, Promise.all([claim(), claim()]))
    expect(first.session).toEqual(second.session)
    expect(first.repeated).not.toBe(second.repeated)
    expect(await domain.sessions.list(room.id)).toHaveLength(2)
  })

  test('[PAIR-7] of a used code is told apart from an unknown one until the code would have ended', async () => {
    const domain = createDomain()
    const { code } = await issueCode(domain)
    domain.clock.advance(60 * SECOND)
    await domain.pairing.claim(scanned(code), somebody, roomy)
    domain.clock.advance(59 * SECOND)
    expect(await refusalOf(domain.pairing.claim(scanned(code), somebody, roomy))).toBe('pairing_code_used')
    expect(await refusalOf(domain.pairing.claim(typed(code), somebody, roomy))).toBe('pairing_code_used')
    domain.clock.advance(2 * SECOND)
    expect(await refusalOf(domain.pairing.claim(scanned(code), somebody, roomy))).toBe('pairing_code_invalid')
  })

  const WAYS = [
    ['scanned', 'camera', 'typed', 'active'],
    ['scanned', 'viewer', 'typed', 'active'],
    ['scanned', 'host', 'typed', 'pending'],
    ['typed', 'camera', 'typed', 'pending'],
    ['typed', 'viewer', 'typed', 'pending'],
    ['typed', 'host', 'typed', 'pending'],
    ['scanned', 'camera', 'always', 'pending'],
    ['scanned', 'viewer', 'always', 'pending'],
    ['scanned', 'host', 'always', 'pending'],
    ['typed', 'camera', 'always', 'pending'],
    ['typed', 'viewer', 'always', 'pending'],
    ['typed', 'host', 'always', 'pending'],
  ] as const
  test.each(WAYS)(
    '[PAIR-5] %s, for a %s, in a room that approves %s: %s',
    async (form, role, approval, status) => {
      const domain = createDomain()
      const { code } = await issueCode(domain, role, approval)
      const presented = form === 'scanned' ? scanned(code) : typed(code)
      expect((await domain.pairing.preview(presented, roomy)).approvalNeeded).toBe(status === 'pending')
      const { session, check } = await domain.pairing.claim(presented, somebody, roomy)
      expect(session).toMatchObject({ role, status, name: somebody.name })
      if (status === 'active') expect(check).toBeUndefined()
      else expect(check).toMatch(/^[1-9]\d$/)
    },
  )

  test('[PAIR-5] the approval that counts is that of the room now, not when the code was made', async () => {
    const domain = createDomain()
    const { room, code } = await issueCode(domain)
    await domain.rooms.update(room.id, { approval: 'always' })
    expect((await domain.pairing.claim(scanned(code), somebody, roomy)).session.status).toBe('pending')
  })

  test('[PAIR-5] a pending session ends when its code would have', async () => {
    const domain = createDomain()
    const { code } = await issueCode(domain)
    domain.clock.advance(100 * SECOND)
    const { session } = await domain.pairing.claim(typed(code), somebody, roomy)
    expect(Date.parse(session.expiresAt)).toBe(code.expiresAt)
    domain.clock.advance(19 * SECOND)
    expect(await domain.sessions.authenticate(session.token)).toBeDefined()
    domain.clock.advance(2 * SECOND)
    expect(await domain.sessions.authenticate(session.token)).toBeUndefined()
  })

  test('section 3: with the same claim key again it is the same session and the same check number', async () => {
    for (const present of [scanned, typed]) {
      const domain = createDomain()
      const { room, code } = await issueCode(domain)
      const claim = () => domain.pairing.claim(present(code), { ...somebody, claimKey: KEY }, roomy)
      const first = await claim()
      domain.clock.advance(119 * SECOND)
      expect(await claim()).toEqual({ ...first, repeated: true })
      expect(await domain.sessions.list(room.id)).toHaveLength(2)
      domain.clock.advance(2 * SECOND)
      expect(await refusalOf(claim())).toBe('pairing_code_invalid')
    }
  })

  test('section 3: another claim key, or none, gets nothing of a used code', async () => {
    const domain = createDomain()
    const { room, code } = await issueCode(domain)
    await domain.pairing.claim(scanned(code), { ...somebody, claimKey: KEY }, roomy)
    const other = domain.pairing.claim(scanned(code), { ...somebody, claimKey: OTHER_KEY }, roomy)
    expect(await throughTime(domain.clock, refusalOf(other))).toBe('pairing_code_used')
    expect(await refusalOf(domain.pairing.claim(scanned(code), somebody, roomy))).toBe('pairing_code_used')
    expect(await domain.sessions.list(room.id)).toHaveLength(2)
  })

  test('section 3: a claim key is good for one code: the same key on another code is another session', async () => {
    const domain = createDomain()
    const { room, code } = await issueCode(domain)
    const another = await domain.pairing.issue(room.id, 'camera', LAPTOP)
    const first = await domain.pairing.claim(scanned(code), { ...somebody, claimKey: KEY }, roomy)
    const second = await domain.pairing.claim(scanned(another), { ...somebody, claimKey: KEY }, roomy)
    expect(second.session.id).not.toBe(first.session.id)
    expect(second.session.token).not.toBe(first.session.token)
  })

  test('[SESS-3] the same claim again never brings back a session that was revoked', async () => {
    const domain = createDomain()
    const { room, code } = await issueCode(domain)
    const { session } = await domain.pairing.claim(scanned(code), { ...somebody, claimKey: KEY }, roomy)
    await domain.sessions.revoke(room.id, session.id)
    const again = domain.pairing.claim(scanned(code), { ...somebody, claimKey: KEY }, roomy)
    expect(await throughTime(domain.clock, refusalOf(again))).toBe('pairing_code_used')
    expect(await domain.sessions.authenticate(session.token)).toBeUndefined()
  })

  test('section 3: a locked or full room uses nothing up', async () => {
    const domain = createDomain()
    const { room, code } = await issueCode(domain)
    await domain.rooms.update(room.id, { locked: true })
    for (const presented of [scanned(code), typed(code)]) {
      expect(await refusalOf(domain.pairing.preview(presented, roomy))).toBe('room_locked')
      expect(await refusalOf(domain.pairing.claim(presented, somebody, roomy))).toBe('room_locked')
    }
    await domain.rooms.update(room.id, { locked: false })
    expect(await refusalOf(domain.pairing.preview(scanned(code), full))).toBe('room_full')
    expect(await refusalOf(domain.pairing.claim(scanned(code), somebody, full))).toBe('room_full')
    expect(await domain.pairing.claim(scanned(code), somebody, roomy)).toMatchObject({
      repeated: false,
      session: { status: 'active' },
    })
  })

  test('section 3: the codes of a deleted room are gone with it', async () => {
    const domain = createDomain()
    const { room, code } = await issueCode(domain)
    await domain.rooms.delete(room.id)
    expect(await refusalOf(domain.pairing.preview(scanned(code), roomy))).toBe('pairing_code_invalid')
    expect(await refusalOf(domain.pairing.claim(scanned(code), somebody, roomy))).toBe('pairing_code_invalid')
  })
})

describe('revoke', () => {
  test('ends a code of the own room, and of no other', async () => {
    const domain = createDomain()
    const { room, code } = await issueCode(domain)
    const { room: other } = await createRoom(domain)
    expect(await domain.pairing.revoke(other.id, code.id)).toBe(false)
    expect(await domain.pairing.preview(scanned(code), roomy)).toMatchObject({ id: code.id })
    expect(await domain.pairing.revoke(room.id, code.id)).toBe(true)
    expect(await refusalOf(domain.pairing.claim(scanned(code), somebody, roomy))).toBe('pairing_code_invalid')
    expect(await domain.pairing.revoke(room.id, code.id)).toBe(false)
  })

  test('[PAIR-7] leaves a used code told apart from an unknown one', async () => {
    const domain = createDomain()
    const { room, code } = await issueCode(domain)
    await domain.pairing.claim(scanned(code), somebody, roomy)
    expect(await domain.pairing.revoke(room.id, code.id)).toBe(true)
    expect(await refusalOf(domain.pairing.claim(scanned(code), somebody, roomy))).toBe('pairing_code_used')
  })

  test('[PAIR-7] that meets a claim on its way leaves what the claim left: a used code, repeatable by its key', async () => {
    for (let lead = 0; lead < 8; lead += 1) {
      const clock = createTestClock()
      const domain = createDomain({ clock, store: distant(createMemoryStore({ now: () => clock.now() })) })
      const { room, code } = await issueCode(domain)
      const claim = () => domain.pairing.claim(scanned(code), { ...somebody, claimKey: KEY }, roomy)
      const claimed = claim().then(
        (done) => done.session.id,
        () => undefined,
      )
      for (let step = 0; step < lead; step += 1) await new Promise((resolve) => setImmediate(resolve))
      await domain.pairing.revoke(room.id, code.id)
      const won = await throughTime(clock, claimed)
      const again = await throughTime(
        clock,
        claim().then(
          ({ session }) => session.id,
          () => undefined,
        ),
      )
      expect(again, `the claim had a lead of ${lead} steps`).toBe(won)
    }
  })
})
