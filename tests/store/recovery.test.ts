import { describe, expect, test } from 'vitest'
import {
  createDomain,
  createRoom,
  issueCode,
  LAPTOP,
  refusalOf,
  roomy,
  scanned,
  somebody,
} from '../domain/support.ts'
import { createShared, cutOff, outcomeOf, restored, type Instance, type Shared } from './support.ts'

const MINUTE = 60_000

const domainOf = ({ clock }: Shared, { store }: Instance) => createDomain({ clock, store })

function two() {
  const shared = createShared()
  const [a, b] = [shared.instance(), shared.instance()]
  return { shared, a, b, domains: [domainOf(shared, a), domainOf(shared, b)] as const }
}

describe('[STORE-4] when the store is back', () => {
  test('facts are written first, then changes by comparison, then what is new where nothing is', async () => {
    const shared = createShared()
    const instance = shared.instance()
    const { store, link } = instance
    await store.create('code', 'open', MINUTE)
    await store.create('room', 'name', MINUTE)
    await cutOff(shared, instance)
    await store.create('new', '1', MINUTE)
    await store.putRow('table', 'row', '1', MINUTE)
    await store.replace('room', 'name', 'other name')
    await store.exchange('code', 'used')
    link.done.length = 0
    await restored(shared, instance)
    expect(link.done.map(([name]) => name)).toEqual(['hit', 'step', 'replace', 'create', 'createRow'])
    expect(await Promise.all(['code', 'room', 'new'].map((key) => shared.primary.get(key)))).toEqual([
      'used',
      'other name',
      '1',
    ])
    expect(await shared.primary.row('table', 'row')).toBe('1')
  })

  test('[STORE-5] values keep what is left of their life, and what ended meanwhile is not written', async () => {
    const shared = createShared()
    const instance = shared.instance()
    const { store, link } = instance
    await cutOff(shared, instance)
    await store.create('short', '1', 10_000)
    await store.create('long', '1', MINUTE)
    await shared.pass(20_000)
    await restored(shared, instance)
    expect(link.done.filter(([name]) => name === 'create').map(([, key]) => key)).toEqual(['long'])
    shared.clock.advance(MINUTE - 20_000 - 4_000 - 1)
    expect(await shared.primary.get('long')).toBe('1')
    shared.clock.advance(2)
    expect(await shared.primary.get('long')).toBeUndefined()
  })

  test('what was made elsewhere meanwhile stays, and what was ended there stays ended', async () => {
    const { shared, a, b } = two()
    await a.store.putRow('sessions', 's', 'live', MINUTE)
    await a.store.create('room', 'name', MINUTE)
    await cutOff(shared, a)
    await a.store.replaceRow('sessions', 's', 'live', 'renewed')
    await a.store.replace('room', 'name', 'other name')
    await a.store.create('taken', 'by a', MINUTE)
    await b.store.step([{ put: 'rows', table: 'sessions', rows: new Map([['s', 'gone']]) }])
    await b.store.exchange('room', 'gone')
    await b.store.create('taken', 'by b', MINUTE)
    await restored(shared, a)
    for (const { store } of [a, b]) {
      expect(await store.row('sessions', 's')).toBe('gone')
      expect(await store.get('room')).toBe('gone')
      expect(await store.get('taken')).toBe('by b')
    }
  })

  test('a recovery that fails loses nothing, whether its writes were done or not', async () => {
    const shared = createShared()
    const instance = shared.instance()
    const { store, link } = instance
    await store.create('room', '0', MINUTE)
    await cutOff(shared, instance)
    await store.create('new', '0', MINUTE)
    for (let round = 0; round < 6; round += 1) {
      await store.replace('room', String(round), String(round + 1))
      await store.replace('new', String(round), String(round + 1))
      // The probe succeeds, and the writes behind it are done without an answer, or not at all.
      link.weather = 'fine'
      while (link.done.at(-1)?.[0] !== 'hit') await shared.pass(100)
      link.weather = round % 2 === 0 ? 'answerless' : 'cut'
      await shared.pass(3_000)
      expect(store.health.state).toBe('degraded')
      link.done.length = 0
    }
    await restored(shared, instance)
    expect(store.health.state).toBe('shared')
    expect([await shared.primary.get('room'), await shared.primary.get('new')]).toEqual(['6', '6'])
  })

  test('what is changed while it writes is written too, and state is shared only after that', async () => {
    const shared = createShared()
    const instance = shared.instance()
    const { store, link } = instance
    await cutOff(shared, instance)
    for (let index = 0; index < 200; index += 1) await store.create(`key ${index}`, '0', MINUTE)
    link.weather = 'fine'
    let more = 0
    const left = store.onHealth(({ state }) => {
      expect(state).toBe('shared')
    })
    for (let time = 0; time < 200 && store.health.state === 'degraded'; time += 1) {
      await store.create(`more ${more}`, '0', MINUTE)
      await store.exchange(`key ${time}`, '1')
      more += 1
      await shared.pass(20)
    }
    left()
    expect(store.health.state).toBe('shared')
    for (let index = 0; index < more; index += 1) {
      expect(await shared.primary.get(`more ${index}`)).toBe('0')
      expect(await shared.primary.get(`key ${index}`)).toBe('1')
    }
    expect(await shared.primary.get('key 199')).toBe('0')
  })

  test('a large journal of many instances is written within five seconds', async () => {
    const shared = createShared()
    const instances = Array.from({ length: 4 }, () => shared.instance())
    for (const [at, instance] of instances.entries()) {
      await cutOff(shared, instance)
      for (let index = 0; index < 300; index += 1) await instance.store.create(`${at} ${index}`, 'v', MINUTE)
    }
    for (const { link } of instances) link.weather = 'fine'
    await shared.pass(5_000)
    for (const { store } of instances) expect(store.health.state).toBe('shared')
  })
})

describe('[STORE-4] rooms, sessions and codes over an outage', () => {
  test.each([
    ['the one that revoked comes back first', [0, 1]],
    ['the one that revoked comes back last', [1, 0]],
  ])('[SESS-3] a session revoked on one instance is gone on all: %s', async (_order, order) => {
    const { shared, a, b, domains } = two()
    const { room, host } = await createRoom(domains[0])
    expect(await domains[1].sessions.authenticate(host.token)).toBeDefined()
    shared.clock.advance(2 * 86_400_000)
    for (const instance of [a, b]) await cutOff(shared, instance)
    // The other one holds it as valid, and even prolongs it.
    await domains[0].sessions.revoke(room.id, host.id)
    const there = await domains[1].sessions.authenticate(host.token)
    if (there === undefined) throw new Error('the other instance knows it')
    await domains[1].sessions.renew(there)
    for (const index of order) {
      const instance = [a, b][index]
      if (instance !== undefined) await restored(shared, instance)
    }
    for (const domain of domains) {
      expect(await domain.sessions.authenticate(host.token)).toBeUndefined()
      expect(await domain.sessions.list(room.id)).toEqual([])
    }
  })

  test('[SESS-3] a session that was made and revoked in one outage never appears', async () => {
    const { shared, a, domains } = two()
    const { room, code } = await issueCode(domains[0])
    await cutOff(shared, a)
    const { session } = await domains[0].pairing.claim(scanned(code), somebody, roomy)
    await domains[0].sessions.revoke(room.id, session.id)
    await restored(shared, a)
    for (const domain of domains) expect(await domain.sessions.authenticate(session.token)).toBeUndefined()
  })

  test('[PAIR-7] a code used in an outage stays used, and its session is there for all', async () => {
    const { shared, a, domains } = two()
    const { code } = await issueCode(domains[0])
    await cutOff(shared, a)
    const { session } = await domains[0].pairing.claim(scanned(code), somebody, roomy)
    await restored(shared, a)
    for (const domain of domains) {
      expect(await refusalOf(domain.pairing.claim(scanned(code), somebody, roomy))).toBe('pairing_code_used')
      expect(await domain.sessions.authenticate(session.token)).toBeDefined()
    }
  })

  test('a room made in an outage works at once, and for all when the store is back', async () => {
    const { shared, a, b, domains } = two()
    await cutOff(shared, a)
    await cutOff(shared, b)
    const { room, host, code } = await issueCode(domains[0])
    const { session } = await domains[0].pairing.claim(scanned(code), somebody, roomy)
    expect(await domains[0].rooms.update(room.id, { name: 'b' })).toMatchObject({ room: { name: 'b' } })
    expect(await outcomeOf(domains[1].sessions.authenticate(host.token))).toBe('unavailable')
    await restored(shared, b, a)
    for (const { token } of [host, session])
      expect(await domains[1].sessions.authenticate(token)).toBeDefined()
    expect(await domains[1].rooms.find(room.id)).toMatchObject({ name: 'b' })
  })

  test('a room deleted elsewhere stays deleted, whatever was done to it here', async () => {
    const { shared, a, domains } = two()
    const { room, host } = await createRoom(domains[0])
    await cutOff(shared, a)
    await domains[0].rooms.update(room.id, { name: 'b' })
    const code = await domains[0].pairing.issue(room.id, 'camera', LAPTOP)
    await domains[1].rooms.delete(room.id)
    await restored(shared, a)
    for (const domain of domains) {
      expect(await domain.rooms.look(room.id)).toBe('deleted')
      expect(await domain.sessions.authenticate(host.token)).toBeUndefined()
      expect(await refusalOf(domain.pairing.claim(scanned(code), somebody, roomy))).toBe(
        'pairing_code_invalid',
      )
    }
  })

  test('a room deleted here in an outage is deleted for all', async () => {
    const { shared, a, domains } = two()
    const { room, host } = await createRoom(domains[0])
    await cutOff(shared, a)
    await domains[0].rooms.delete(room.id)
    await restored(shared, a)
    for (const domain of domains) {
      expect(await domain.rooms.look(room.id)).toBe('deleted')
      expect(await domain.sessions.authenticate(host.token)).toBeUndefined()
    }
  })
})
