import { expect, test } from 'vitest'
import type { RoomId } from '../../server/protocol/ids.ts'
import { createMemoryStore } from '../../server/store/memory.ts'
import { createTestClock } from '../support/clock.ts'
import {
  createDomain,
  createRoom,
  DAY,
  distant,
  issueCode,
  refusalOf,
  roomy,
  scanned,
  somebody,
} from './support.ts'

const far = () => {
  const clock = createTestClock()
  return createDomain({ clock, store: distant(createMemoryStore({ now: () => clock.now() })) })
}

test('section 3: a room is made as it was asked for, unlocked, and found again', async () => {
  const domain = createDomain()
  const room = await domain.rooms.create({ name: 'Küche 🎥', approval: 'always' })
  expect(room).toEqual({
    id: expect.stringMatching(/^[\w-]{16}$/),
    name: 'Küche 🎥',
    approval: 'always',
    locked: false,
    createdAt: new Date(domain.clock.now()).toISOString(),
  })
  expect(await domain.rooms.find(room.id)).toEqual(room)
  expect(await domain.rooms.look(room.id)).toEqual(room)
})

test('a room that never was is not found, changed or deleted', async () => {
  const { rooms } = createDomain()
  const never = 'never' as RoomId
  expect(await rooms.find(never)).toBeUndefined()
  expect(await rooms.look(never)).toBeUndefined()
  expect(await rooms.update(never, { name: 'x' })).toBeUndefined()
  await rooms.delete(never)
  expect(await rooms.look(never)).toBeUndefined()
})

test('section 3: a change touches what it names and nothing else', async () => {
  const { rooms } = createDomain()
  const room = await rooms.create({ name: 'a', approval: 'typed' })
  expect(await rooms.read(room.id)).toEqual({ room, rev: 0 })
  expect(await rooms.update(room.id, {})).toEqual({ room, rev: 1 })
  expect(await rooms.update(room.id, { name: 'b' })).toEqual({ room: { ...room, name: 'b' }, rev: 2 })
  expect(await rooms.update(room.id, { locked: true })).toEqual({
    room: { ...room, name: 'b', locked: true },
    rev: 3,
  })
  const last = { room: { ...room, name: 'b', approval: 'always' }, rev: 4 }
  expect(await rooms.update(room.id, { approval: 'always', locked: false })).toEqual(last)
  expect(await rooms.read(room.id)).toEqual(last)
  expect(await rooms.find(room.id)).toEqual(last.room)
})

test('[SYNC-1] of two changes at once to different fields both last', async () => {
  const { rooms } = far()
  const room = await rooms.create({ name: 'a', approval: 'typed' })
  await Promise.all([rooms.update(room.id, { name: 'b' }), rooms.update(room.id, { locked: true })])
  expect(await rooms.find(room.id)).toEqual({ ...room, name: 'b', locked: true })
})

test('[SYNC-1] of many changes at once to one field one lasts, and the others last too', async () => {
  const { rooms } = far()
  const room = await rooms.create({ name: 'a', approval: 'typed' })
  const names = Array.from({ length: 8 }, (_, index) => `name ${index}`)
  await Promise.all([
    ...names.map((name) => rooms.update(room.id, { name })),
    rooms.update(room.id, { approval: 'always' }),
  ])
  const after = await rooms.find(room.id)
  expect(after).toMatchObject({ approval: 'always', locked: false })
  expect(names).toContain(after?.name)
})

test('section 3: a deleted room is told from one that never was, and its sessions are gone', async () => {
  const domain = createDomain()
  const { room, host } = await createRoom(domain)
  await domain.rooms.delete(room.id)
  expect(await domain.rooms.find(room.id)).toBeUndefined()
  expect(await domain.rooms.look(room.id)).toBe('deleted')
  expect(await domain.rooms.update(room.id, { name: 'again' })).toBeUndefined()
  expect(await domain.rooms.look(room.id)).toBe('deleted')
  expect(await domain.sessions.authenticate(host.token)).toBeUndefined()
  expect(await domain.sessions.list(room.id)).toEqual([])
})

test('[STORE-4] a change that meets a deletion on its way never brings the room back', async () => {
  for (let lead = 0; lead < 6; lead += 1) {
    const { rooms } = far()
    const room = await rooms.create({ name: 'a', approval: 'typed' })
    const changed = rooms.update(room.id, { name: 'b' })
    for (let step = 0; step < lead; step += 1) await new Promise((resolve) => setImmediate(resolve))
    await rooms.delete(room.id)
    await changed
    expect(await rooms.look(room.id), `the change had a lead of ${lead} steps`).toBe('deleted')
  }
})

test('SESSION_TTL_SECONDS: room and sessions live so long after the last renewal, a change aside', async () => {
  const domain = createDomain()
  const { room, host } = await createRoom(domain)
  domain.clock.advance(6 * DAY)
  await domain.rooms.renew(room.id)
  domain.clock.advance(0.9 * DAY)
  expect(await domain.sessions.authenticate(host.token)).toBeDefined()
  domain.clock.advance(5.9 * DAY)
  expect(await domain.rooms.find(room.id)).toEqual(room)
  expect(await domain.rooms.update(room.id, { name: 'b' })).toMatchObject({ room: { name: 'b' } })
  domain.clock.advance(0.3 * DAY)
  expect(await domain.rooms.look(room.id)).toBeUndefined()
})

test('renewal brings back neither a deleted room nor its sessions', async () => {
  const domain = createDomain()
  const { room, host, code } = await issueCode(domain)
  await domain.rooms.delete(room.id)
  await domain.rooms.renew(room.id)
  expect(await domain.rooms.look(room.id)).toBe('deleted')
  expect(await domain.sessions.authenticate(host.token)).toBeUndefined()
  expect(await refusalOf(domain.pairing.claim(scanned(code), somebody, roomy))).toBe('pairing_code_invalid')
})
