import { describe, expect, test } from 'vitest'
import { readStoredRoom, seatsKey, sessionsKey } from '../../server/domain/rooms.ts'
import type { RoomId, SessionId } from '../../server/protocol/ids.ts'
import { createMemoryStore } from '../../server/store/memory.ts'
import { createTestClock } from '../support/clock.ts'
import {
  createDomain,
  createRoom,
  DAY,
  issueCode,
  LAPTOP,
  recorded,
  refusalOf,
  roomy,
  scanned,
  SECOND,
  somebody,
  typed,
} from './support.ts'

/** A domain whose store keeps what it was asked, and another instance of the same store. */
function counted() {
  const clock = createTestClock()
  const shared = createMemoryStore({ now: () => clock.now() })
  const { store, asked, calls } = recorded(shared)
  return {
    clock,
    shared,
    asked,
    calls,
    domain: createDomain({ clock, store }),
    other: createDomain({ clock, store: shared }),
  }
}

describe('[SYNC-6] what a pairing asks of the store', () => {
  test('issued: one create; previewed: one read; claimed: one exchange, one row without a TTL', async () => {
    const { domain, calls, asked } = counted()
    const { room } = await createRoom(domain)
    const open = (id: RoomId) => (id === room.id ? room : undefined)
    calls.length = 0
    const code = await domain.pairing.issue(room.id, 'camera', LAPTOP)
    await domain.pairing.preview(scanned(code), () => Promise.resolve(false), open)
    const { session } = await domain.pairing.claim(scanned(code), somebody, roomy, open)
    expect(calls).toEqual(['create', 'get', 'exchange', 'putRow'])
    expect(JSON.parse(asked.at(-1) ?? '')).toEqual([
      'putRow',
      sessionsKey(room.id),
      session.id,
      expect.any(String),
      null,
    ])
    expect(await domain.sessions.preauthenticate(session.token)).toMatchObject({ id: session.id })
    expect(calls).toHaveLength(4)
    expect(await domain.sessions.authenticate(session.token)).toMatchObject({ id: session.id })
    expect(calls).toHaveLength(5)
  })

  test('a claim that was not previewed here reads the code first', async () => {
    const { domain, other, calls } = counted()
    const { code } = await issueCode(other)
    await domain.pairing.claim(typed(code), somebody, roomy)
    expect(calls).toEqual(['get', 'get', 'exchange', 'putRow'])
  })

  test('[PAIR-2] a code that is remembered as open and was used or revoked elsewhere is so here', async () => {
    const { domain, other } = counted()
    const { room, code } = await issueCode(domain)
    const revoked = await domain.pairing.issue(room.id, 'camera', LAPTOP)
    await other.pairing.claim(scanned(code), somebody, roomy)
    await other.pairing.revoke(room.id, revoked.id)
    expect(await refusalOf(domain.pairing.claim(scanned(code), somebody, roomy))).toBe('pairing_code_used')
    for (const { pairing } of [domain, other])
      expect(await refusalOf(pairing.claim(scanned(revoked), somebody, roomy))).toBe('pairing_code_invalid')
  })
})

describe('[SYNC-6] renewal', () => {
  test('room and table are renewed once a day at most, and the table of a new room counts as renewed', async () => {
    const { domain, calls, clock } = counted()
    const { room } = await createRoom(domain)
    expect(domain.rooms.isFresh(room.id)).toBe(true)
    calls.length = 0
    await domain.rooms.renew(room.id)
    expect(calls).toEqual([])
    clock.advance(DAY + SECOND)
    expect(domain.rooms.isFresh(room.id)).toBe(false)
    await domain.rooms.renew(room.id)
    await domain.rooms.renew(room.id)
    expect(calls).toEqual(['step'])
    expect(domain.rooms.isFresh(room.id)).toBe(true)
  })

  test('SESSION_TTL_SECONDS: a session made just before the next renewal lives its whole life', async () => {
    const { domain, clock } = counted()
    const { room, code: first } = await issueCode(domain)
    await domain.pairing.claim(scanned(first), somebody, roomy)
    clock.advance(DAY - SECOND)
    const code = await domain.pairing.issue(room.id, 'camera', LAPTOP)
    const { session } = await domain.pairing.claim(scanned(code), somebody, roomy)
    clock.advance(7 * DAY - SECOND)
    expect(await domain.sessions.authenticate(session.token)).toBeDefined()
  })

  test('[STORE-5] a session made in a room whose table this instance does not know gives the table an end', async () => {
    const { other, domain, clock, shared } = counted()
    const { code, room } = await issueCode(other)
    await shared.delete(sessionsKey(room.id))
    await domain.pairing.claim(scanned(code), somebody, roomy)
    clock.advance(9 * DAY)
    expect(await shared.rows(sessionsKey(room.id))).toEqual(new Map())
  })
})

describe('[SESS-3] preauthenticate', () => {
  test('never lets in what was revoked here, and nobody with another token', async () => {
    const { domain } = counted()
    const { room, host } = await createRoom(domain)
    expect(await domain.sessions.preauthenticate(`${host.token.slice(0, -1)}_`)).toBeUndefined()
    expect(await domain.sessions.preauthenticate('no token')).toBeUndefined()
    await domain.sessions.revoke(room.id, host.id)
    expect(await domain.sessions.preauthenticate(host.token)).toBeUndefined()
  })

  test('asks the store once a session is no longer new', async () => {
    const { domain, other, clock } = counted()
    const { room, host } = await createRoom(domain)
    await other.sessions.revoke(room.id, host.id)
    clock.advance(121 * SECOND)
    expect(await domain.sessions.preauthenticate(host.token)).toBeUndefined()
  })
})

describe('[STORE-4] tombstones', () => {
  test('a revoked session leaves one, which is absent to all who ask, and the seats are told', async () => {
    const { domain, shared, calls } = counted()
    const { room, host } = await createRoom(domain)
    await shared.putRow(seatsKey(room.id), 'seat', 'here', DAY)
    calls.length = 0
    expect(await domain.sessions.revoke(room.id, host.id)).toEqual(new Map([['seat', 'here']]))
    expect(calls).toEqual(['step'])
    expect(JSON.parse((await shared.row(sessionsKey(room.id), host.id)) ?? '')).toEqual({
      v: 1,
      gone: true,
      expiresAt: domain.clock.now() + 7 * DAY,
    })
    expect(await domain.sessions.authenticate(host.token)).toBeUndefined()
    expect(await domain.sessions.list(room.id)).toEqual([])
    expect(await domain.sessions.find(room.id, host.id)).toBeUndefined()
    expect(domain.warnings).toEqual([])
  })

  test('a deleted room tells its seats, and leaves a table with an end for a session that is just being made', async () => {
    const { domain, other, shared, clock } = counted()
    const { room, host } = await createRoom(domain)
    await shared.putRow(seatsKey(room.id), 'seat', 'here', DAY)
    expect(await other.rooms.delete(room.id)).toEqual(new Map([['seat', 'here']]))
    expect(await shared.rows(seatsKey(room.id))).toEqual(new Map())
    expect(await domain.sessions.list(room.id)).toEqual([])
    expect(await domain.sessions.authenticate(host.token)).toBeUndefined()
    // This instance still takes the table for fresh, and gives it no TTL.
    await domain.sessions.create(room.id, { role: 'camera', ...somebody })
    clock.advance(8 * DAY)
    expect(await shared.rows(sessionsKey(room.id))).toEqual(new Map())
  })

  test('the value of a room is read wherever it was found', async () => {
    const { domain, shared } = counted()
    const { room } = await createRoom(domain)
    const warnings: string[] = []
    const read = (text?: string) => readStoredRoom(room.id, text, (what) => warnings.push(what))
    expect(read(await shared.get(`room:${room.id}`))).toEqual({ room, rev: 0 })
    await domain.rooms.delete(room.id)
    expect(read(await shared.get(`room:${room.id}`))).toBe('deleted')
    expect([read(), warnings]).toEqual([undefined, []])
    expect(read('{}')).toBeUndefined()
    expect(warnings).toHaveLength(1)
    expect(await domain.sessions.find(room.id, 'never' as SessionId)).toBeUndefined()
  })
})
