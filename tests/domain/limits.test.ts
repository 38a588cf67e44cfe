import { BlockList, isIPv4 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { subscriberOf } from '../../server/domain/limits.ts'
import { Refusal } from '../../server/domain/refusal.ts'
import type { RoomId } from '../../server/protocol/ids.ts'
import { createMemoryStore } from '../../server/store/memory.ts'
import { createTestClock } from '../support/clock.ts'
import { createDomain, recorded, refusalOf, SECOND } from './support.ts'

const HERE = '203.0.113.7'
const THERE = '203.0.113.8'

/** What a bound says: nothing, or how long to wait. */
function refused(ask: () => void): number | undefined {
  try {
    ask()
    return undefined
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    expect(error.code).toBe('rate_limited')
    return error.retryAfterMs
  }
}

describe('[PAIR-6] unknown codes', () => {
  test('five from one address are followed by 429 until the window ends; another address goes on', async () => {
    const { limits, clock } = createDomain()
    for (let time = 0; time < 5; time += 1) {
      expect(refused(() => limits.admitTry(HERE, false))).toBeUndefined()
      await limits.unknownCode(HERE, false)
      clock.advance(10 * SECOND)
    }
    expect(refused(() => limits.admitTry(HERE, false))).toBe(70 * SECOND)
    expect(refused(() => limits.admitTry(HERE, true))).toBe(70 * SECOND)
    expect(refused(() => limits.admitTry(THERE, true))).toBeUndefined()
    clock.advance(69 * SECOND)
    expect(refused(() => limits.admitTry(HERE, false))).toBe(SECOND)
    clock.advance(2 * SECOND)
    expect(refused(() => limits.admitTry(HERE, false))).toBeUndefined()
  })

  test('after the window the count begins anew', async () => {
    const { limits, clock } = createDomain()
    for (let time = 0; time < 4; time += 1) await limits.unknownCode(HERE, false)
    clock.advance(121 * SECOND)
    for (let time = 0; time < 4; time += 1) await limits.unknownCode(HERE, false)
    expect(refused(() => limits.admitTry(HERE, false))).toBeUndefined()
    await limits.unknownCode(HERE, false)
    expect(refused(() => limits.admitTry(HERE, false))).toBeGreaterThan(0)
  })

  test('are counted over all instances; one that has not seen the address fail may admit one try more', async () => {
    const clock = createTestClock()
    const store = createMemoryStore({ now: () => clock.now() })
    const one = createDomain({ clock, store }).limits
    const two = createDomain({ clock, store }).limits
    for (let time = 0; time < 5; time += 1) await one.unknownCode(HERE, false)
    expect(refused(() => two.admitTry(HERE, false))).toBeUndefined()
    // Whether this one is told that it was unknown or that it was one too many is left open.
    expect(['nothing was refused', 'rate_limited']).toContain(await refusalOf(two.unknownCode(HERE, false)))
    expect(refused(() => two.admitTry(HERE, false))).toBeGreaterThan(0)
  })

  test('one IPv6 /64 counts as one address, its neighbour does not', async () => {
    const { limits } = createDomain()
    for (let time = 0; time < 5; time += 1) await limits.unknownCode(`2001:db8:1:2::${time}`, false)
    expect(refused(() => limits.admitTry('2001:db8:1:2:ffff:1:2:3', false))).toBeGreaterThan(0)
    expect(refused(() => limits.admitTry('2001:db8:1:3::1', false))).toBeUndefined()
  })

  test('an IPv4 address is the same whether a socket of both families gives it or one of its own', async () => {
    const { limits } = createDomain()
    for (let time = 0; time < 5; time += 1)
      await limits.unknownCode(time % 2 === 0 ? HERE : `::ffff:${HERE}`, false)
    expect(refused(() => limits.admitTry(`::ffff:${HERE}`, false))).toBeGreaterThan(0)
    expect(refused(() => limits.admitTry(`::ffff:${THERE}`, false))).toBeUndefined()
  })

  test('2,000 typed ones over all instances switch typed codes off for two minutes, scanned ones stay on', async () => {
    const clock = createTestClock()
    const store = createMemoryStore({ now: () => clock.now() })
    const instances = [createDomain({ clock, store }).limits, createDomain({ clock, store }).limits] as const
    for (let index = 0; index < 2_000; index += 1) {
      expect(refused(() => instances[0].admitTry(THERE, true))).toBeUndefined()
      await instances[index % 2 === 0 ? 1 : 0].unknownCode(`10.${index >> 8}.${index & 255}.1`, true)
    }
    // The other instance learns of it by the next one that it sees fail.
    await instances[1].unknownCode(HERE, true)
    for (const limits of instances) {
      expect(refused(() => limits.admitTry(THERE, true))).toBe(120 * SECOND)
      expect(refused(() => limits.admitTry(THERE, false))).toBeUndefined()
    }
    clock.advance(121 * SECOND)
    for (const limits of instances) expect(refused(() => limits.admitTry(THERE, true))).toBeUndefined()
  })

  test('that were typed and came over nearly two minutes switch typed codes off for two minutes all the same', async () => {
    const { limits, clock } = createDomain()
    for (let index = 0; index < 2_000; index += 1) {
      if (index === 1_000) clock.advance(119 * SECOND)
      await limits.unknownCode(`10.${index >> 8}.${index & 255}.1`, true)
    }
    clock.advance(60 * SECOND)
    expect(refused(() => limits.admitTry(THERE, true))).toBe(60 * SECOND)
    clock.advance(61 * SECOND)
    expect(refused(() => limits.admitTry(THERE, true))).toBeUndefined()
  })

  test('that were scanned never switch typed codes off', async () => {
    const { limits } = createDomain()
    for (let index = 0; index < 2_001; index += 1)
      await limits.unknownCode(`10.${index >> 8}.${index & 255}.1`, false)
    expect(refused(() => limits.admitTry(THERE, true))).toBeUndefined()
  })

  test('[PAIR-8] are counted under a keyed hash of the address', async () => {
    const { store, asked } = recorded(createMemoryStore())
    await createDomain({ store }).limits.unknownCode(HERE, true)
    expect(asked.join('\n')).toContain('hit')
    expect(asked.join('\n')).not.toContain(HERE)
  })

  test('cost the store nothing until somebody fails', () => {
    const { store, calls } = recorded(createMemoryStore())
    const { limits } = createDomain({ store })
    for (let index = 0; index < 20; index += 1) {
      limits.admitTry(HERE, index % 2 === 0)
      limits.room(HERE)
      limits.code('room' as RoomId)
      limits.socket(HERE)
    }
    expect(calls).toEqual([])
  })
})

describe('[SEC-7]', () => {
  const BOUNDS = [
    ['rooms of one address in ten minutes', 30, 600, 'room'],
    ['sockets of one address in a minute', 200, 60, 'socket'],
  ] as const
  test.each(BOUNDS)('%s: %i, then 429', (_what, most, seconds, name) => {
    const { limits, clock } = createDomain()
    const ask = (address: string) => refused(() => limits[name](address))
    for (let time = 0; time < most; time += 1) expect(ask(HERE)).toBeUndefined()
    expect(ask(HERE)).toBe(seconds * SECOND)
    expect(ask(`::ffff:${HERE}`)).toBe(seconds * SECOND)
    expect(ask(THERE)).toBeUndefined()
    clock.advance((seconds - 1) * SECOND)
    expect(ask(HERE)).toBe(SECOND)
    clock.advance(SECOND)
    for (let time = 0; time < most; time += 1) expect(ask(HERE)).toBeUndefined()
    expect(ask(HERE)).toBe(seconds * SECOND)
  })

  test('codes of one room in ten minutes: 30, then 429; another room goes on', () => {
    const { limits, clock } = createDomain()
    const ask = (room: string) => refused(() => limits.code(room as RoomId))
    for (let time = 0; time < 30; time += 1) expect(ask('one')).toBeUndefined()
    expect(ask('one')).toBe(600 * SECOND)
    expect(ask('two')).toBeUndefined()
    clock.advance(600 * SECOND)
    expect(ask('one')).toBeUndefined()
  })
})

test('RATE_LIMITS=off: nothing is bounded, and the store is not asked', async () => {
  const { store, calls } = recorded(createMemoryStore())
  const { limits } = createDomain({ store, rateLimits: false })
  for (let time = 0; time < 300; time += 1) {
    await limits.unknownCode(HERE, true)
    limits.admitTry(HERE, true)
    limits.room(HERE)
    limits.code('room' as RoomId)
    limits.socket(HERE)
  }
  expect(calls).toEqual([])
})

describe('subscriberOf', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:0db8:0000:0000::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
  ])('%s is %s', (address, subscriber) => {
    expect(subscriberOf(address)).toBe(subscriber)
  })

  test('[PAIR-6] two IPv6 addresses are one subscriber just where they share a /64', () => {
    // As the machine prints them: Node's own parser is the judge, URL the printer (RFC 5952).
    const printed = fc
      .ipV6()
      .map((address) => new URL(`http://[${address}]`).hostname.slice(1, -1))
      .filter((address) => !address.startsWith('::ffff:'))
    fc.assert(
      fc.property(printed, printed, fc.boolean(), (one, other, near) => {
        const [a = '', b = '', c = '', d = ''] = subscriberOf(one).split(':')
        const second = near ? `${a}:${b}:${c}:${d}:1:2:3:4` : other
        const network = new BlockList()
        network.addSubnet(one, 64, 'ipv6')
        expect(subscriberOf(one) === subscriberOf(second)).toBe(network.check(second, 'ipv6'))
      }),
      { numRuns: 500 },
    )
  })

  test('every IPv4 address is a subscriber of its own', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isIPv4(address)).toBe(true)
        expect(subscriberOf(address)).toBe(address)
        expect(subscriberOf(`::ffff:${address}`)).toBe(address)
      }),
    )
  })

  test('[SEC-6] what is no address is kept as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(typeof subscriberOf(text)).toBe('string')
      }),
    )
  })
})
