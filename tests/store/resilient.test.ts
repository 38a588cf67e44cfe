import { describe, expect, test } from 'vitest'
import { createShared, cutOff, outcomeOf, restored } from './support.ts'

const MINUTE = 60_000

describe('[STORE-4] losing the store', () => {
  test('a failed call is handed on as it is and tried once; one that fails alone is no outage', async () => {
    const shared = createShared()
    const { store, link, told } = shared.instance()
    link.failing = { create: 1 }
    expect(await outcomeOf(store.create('a', '1', MINUTE))).toBe('unavailable')
    await shared.pass(5_000)
    expect(link.done.map(([name]) => name)).toEqual(['hit'])
    expect(store.health).toEqual({ state: 'shared' })
    expect(told).toEqual([])
    expect(await store.create('a', '1', MINUTE)).toBe(true)
  })

  test('many isolated failures in a row do not make it flap', async () => {
    const shared = createShared()
    const { store, link, told } = shared.instance()
    for (let time = 0; time < 20; time += 1) {
      link.failing = { get: 1 }
      expect(await outcomeOf(store.get('a'))).toBe('unavailable')
      await shared.pass(300)
    }
    expect(told).toEqual([])
  })

  test.each([
    ['network', /reached|runs/],
    ['timeout', /overloaded|paused/],
    ['auth', /token/],
    ['quota', /plan|limit/],
    ['server', /log/],
  ] as const)(
    'a failed probe makes it degraded at once, with a reason to act on: %s',
    async (fault, mend) => {
      const shared = createShared()
      const { store, link, told, log } = shared.instance()
      link.fault = fault
      link.weather = 'cut'
      expect(await outcomeOf(store.get('a'))).toBe('unavailable')
      await shared.settle()
      expect(store.health).toEqual({ state: 'degraded', reason: expect.stringMatching(mend) })
      expect(told).toEqual(['degraded'])
      expect(log).toEqual([expect.stringContaining(store.health.reason ?? 'no reason')])
    },
  )

  test('a store that only reads is found out too', async () => {
    const shared = createShared()
    const { store, link } = shared.instance()
    link.failing = { create: 1, hit: 1 }
    await outcomeOf(store.create('a', '1', MINUTE))
    await shared.settle()
    expect(store.health.state).toBe('degraded')
  })

  test('check probes, also before anything has failed', async () => {
    const shared = createShared()
    const { store, link } = shared.instance()
    store.check()
    await shared.settle()
    expect(store.health.state).toBe('shared')
    await cutOff(shared, { store, link, log: [], told: [] })
    expect(store.health.state).toBe('degraded')
  })

  test('a call that is under way when the store is lost is done here', async () => {
    const shared = createShared()
    const { store, link } = shared.instance()
    link.held = []
    const created = store.create('a', '1', MINUTE)
    store.check()
    await shared.settle()
    const [call, probe] = link.held.splice(0)
    link.weather = 'cut'
    probe?.()
    await shared.settle()
    expect(store.health.state).toBe('degraded')
    call?.()
    expect(await created).toBe(true)
    expect(await store.get('a')).toBe('1')
  })

  test('it probes after 0.5 s, 1 s, then every 2 s at most, and is back by itself', async () => {
    const shared = createShared()
    const instance = shared.instance()
    await cutOff(shared, instance)
    let probes = 0
    const { store, link, told } = instance
    await shared.pass(30_000)
    link.weather = 'fine'
    const before = shared.clock.now()
    while (store.health.state === 'degraded') await shared.pass(100)
    expect(shared.clock.now() - before).toBeLessThanOrEqual(2_600)
    probes = link.done.filter(([name]) => name === 'hit').length
    expect(probes).toBe(1)
    expect(told).toEqual(['degraded', 'shared'])
    await shared.pass(60_000)
    expect(link.done.filter(([name]) => name === 'hit')).toHaveLength(probes)
  })

  test('at the start: verified says what the check found, and does not wait for ever', async () => {
    const shared = createShared()
    const good = shared.instance()
    expect(await good.store.verified(3_000)).toEqual({ state: 'shared' })
    const bad = shared.instance()
    bad.link.weather = 'cut'
    bad.link.fault = 'auth'
    expect(await bad.store.verified(3_000)).toMatchObject({ state: 'degraded' })
    const slow = shared.instance()
    slow.link.held = []
    const checked = slow.store.verified(3_000)
    await shared.pass(3_000)
    expect(await checked).toEqual({ state: 'degraded', reason: expect.stringContaining('3000 ms') })
    for (const release of slow.link.held.splice(0)) release()
    slow.link.held = undefined
    await shared.pass(1_000)
    expect(slow.store.health).toEqual({ state: 'shared' })
  })

  test('nothing is left running after close', async () => {
    const shared = createShared()
    const instance = shared.instance()
    await cutOff(shared, instance)
    await instance.store.close()
    expect(shared.clock.pending).toBe(0)
    instance.store.check()
    await shared.pass(5_000)
    expect(instance.link.done).toEqual([])
  })
})

describe('[STORE-4] while the store is away', () => {
  test('what was written and read here is known, and what is not known may exist', async () => {
    const shared = createShared()
    await shared.primary.create('elsewhere', '2', MINUTE)
    await shared.primary.create('unread', '3', MINUTE)
    await shared.primary.putRow('table', 'theirs', 't', MINUTE)
    const instance = shared.instance()
    const { store } = instance
    await store.create('own', '1', MINUTE)
    await store.get('elsewhere')
    await store.putRow('table', 'mine', 'm', MINUTE)
    await cutOff(shared, instance)
    expect(await store.get('own')).toBe('1')
    expect(await store.get('elsewhere')).toBe('2')
    expect(await outcomeOf(store.get('unread'))).toBe('unavailable')
    expect(await outcomeOf(store.get('never'))).toBe('unavailable')
    expect(await store.row('table', 'mine')).toBe('m')
    expect(await outcomeOf(store.row('table', 'theirs'))).toBe('unavailable')
    expect(await store.rows('table')).toEqual(new Map([['mine', 'm']]))
    expect(await outcomeOf(store.rows('never'))).toBe('unavailable')
  })

  test('what is known ends when it would have [PAIR-1]', async () => {
    const shared = createShared()
    const instance = shared.instance()
    await instance.store.create('own', '1', MINUTE)
    await cutOff(shared, instance)
    shared.clock.advance(MINUTE + 1)
    expect(await instance.store.get('own')).toBeUndefined()
    expect(await instance.store.exchange('own', 'used')).toBeUndefined()
  })

  test('[PAIR-2] only what was made here is used up here, and once', async () => {
    const shared = createShared()
    await shared.primary.create('theirs', 'open', MINUTE)
    const instance = shared.instance()
    const { store } = instance
    await store.get('theirs')
    await store.create('before', 'open', MINUTE)
    await cutOff(shared, instance)
    await store.create('meanwhile', 'open', MINUTE)
    for (const key of ['before', 'meanwhile']) {
      expect(await store.exchange(key, 'used')).toBe('open')
      expect(await store.exchange(key, 'used')).toBe('used')
    }
    expect(await outcomeOf(store.exchange('theirs', 'used'))).toBe('unavailable')
    expect(await outcomeOf(store.replace('theirs', 'open', 'used'))).toBe('unavailable')
    expect(await outcomeOf(store.exchange('never', 'used'))).toBe('unavailable')
  })

  test('[PAIR-2] what is being used up at the store is not used up here as well', async () => {
    const shared = createShared()
    const instance = shared.instance()
    const { store, link } = instance
    await store.create('code', 'open', MINUTE)
    link.held = []
    const first = store.exchange('code', 'used')
    store.check()
    await shared.settle()
    const [exchange, probe] = link.held
    link.held = undefined
    link.weather = 'cut'
    probe?.()
    await shared.settle()
    expect(store.health.state).toBe('degraded')
    expect(await outcomeOf(store.exchange('code', 'used'))).toBe('unavailable')
    link.weather = 'fine'
    exchange?.()
    expect(await first).toBe('open')
    expect(await store.exchange('code', 'used')).toBe('used')
  })

  test('rows are made, changed by comparison and deleted here', async () => {
    const shared = createShared()
    const instance = shared.instance()
    const { store } = instance
    await store.putRow('table', 'a', '1', MINUTE)
    await cutOff(shared, instance)
    expect(await store.createRow('table', 'a', '2', MINUTE)).toBe(false)
    expect(await store.createRow('table', 'b', '2', MINUTE)).toBe(true)
    expect(await store.replaceRow('table', 'a', 'other', '3')).toBe(false)
    expect(await store.replaceRow('table', 'a', '1', '3')).toBe(true)
    expect(await outcomeOf(store.replaceRow('table', 'unknown', '1', '2'))).toBe('unavailable')
    await store.deleteRows('table', 'b')
    expect(await store.rows('table')).toEqual(new Map([['a', '3']]))
    expect(await store.row('table', 'b')).toBeUndefined()
  })

  test('counts go on here, and logs wait', async () => {
    const shared = createShared()
    const instance = shared.instance()
    const { store } = instance
    await cutOff(shared, instance)
    expect([await store.hit('h', MINUTE), await store.hit('h', MINUTE)]).toEqual([1, 2])
    expect(await outcomeOf(store.append('log', 'x', { keep: 10, inboxes: [] }))).toBe('unavailable')
    expect(await outcomeOf(store.readLog('log'))).toBe('unavailable')
  })

  test('a step writes, leaves entries of logs out, and finds no rows in tables that are not known', async () => {
    const shared = createShared()
    const instance = shared.instance()
    const { store } = instance
    await store.putRow('sessions', 's', 'live', MINUTE)
    await cutOff(shared, instance)
    const found = await store.step(
      [
        { put: 'rows', table: 'seats', rows: new Map([['me', 'here']]), ttlMs: MINUTE },
        { put: 'entry', log: 'log', text: 'x', keep: 10 },
      ],
      { row: { table: 'sessions', row: 's' }, tables: ['seats', 'never'], log: { key: 'log' } },
    )
    expect(found).toEqual({ row: 'live', tables: [new Map([['me', 'here']]), new Map()], log: [] })
    await restored(shared, instance)
    expect(await shared.primary.rows('seats')).toEqual(new Map([['me', 'here']]))
    expect(await shared.primary.readLog('log')).toEqual([])
  })

  test('a step that asks for what is not known writes nothing', async () => {
    const shared = createShared()
    const instance = shared.instance()
    const { store } = instance
    await cutOff(shared, instance)
    const step = store.step([{ put: 'value', key: 'a', value: '1', ttlMs: MINUTE }], {
      row: { table: 'sessions', row: 's' },
    })
    expect(await outcomeOf(step)).toBe('unavailable')
    await restored(shared, instance)
    expect(await shared.primary.get('a')).toBeUndefined()
  })

  test('what is remembered is bounded, and what is still to be written is never forgotten', async () => {
    const shared = createShared()
    const instance = shared.instance({ remembered: 10 })
    const { store } = instance
    for (let index = 0; index < 50; index += 1) await store.create(`before ${index}`, 'v', MINUTE)
    await cutOff(shared, instance)
    expect(await outcomeOf(store.get('before 0'))).toBe('unavailable')
    expect(await store.get('before 49')).toBe('v')
    for (let index = 0; index < 50; index += 1) await store.create(`new ${index}`, 'v', MINUTE)
    for (let index = 0; index < 50; index += 1) expect(await store.get(`new ${index}`)).toBe('v')
    await restored(shared, instance)
    for (let index = 0; index < 50; index += 1) expect(await shared.primary.get(`new ${index}`)).toBe('v')
  })
})
