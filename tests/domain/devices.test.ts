import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deviceOf, nameOf } from '../../server/domain/devices.ts'
import { DEVICE_KINDS } from '../../server/protocol/models.ts'
import { MAX_NAME } from '../../server/protocol/limits.ts'

const UNKNOWN = { kind: 'unknown', browser: 'Unknown browser', os: 'unknown system' }
const AGENTS: [what: string, agent: string, device: object, name: string][] = [
  [
    'iPhone, Safari',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
    { kind: 'phone', browser: 'Safari', os: 'iOS' },
    'iPhone',
  ],
  [
    'iPhone, Chrome',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1',
    { kind: 'phone', browser: 'Chrome', os: 'iOS' },
    'iPhone',
  ],
  [
    'iPad',
    'Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1',
    { kind: 'tablet', browser: 'Safari', os: 'iOS' },
    'iPad',
  ],
  [
    'Pixel, Chrome',
    'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36',
    { kind: 'phone', browser: 'Chrome', os: 'Android' },
    'Chrome on Android',
  ],
  [
    'Android, Chrome as it hides the model',
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36',
    { kind: 'phone', browser: 'Chrome', os: 'Android' },
    'Chrome on Android',
  ],
  [
    'Samsung Internet',
    'Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36',
    { kind: 'phone', browser: 'Samsung Internet for Android', os: 'Android' },
    'Samsung Internet for Android on Android',
  ],
  [
    'Firefox on Windows',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0',
    { kind: 'desktop', browser: 'Firefox', os: 'Windows' },
    'Firefox on Windows',
  ],
  [
    'Safari on a Mac',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
    { kind: 'desktop', browser: 'Safari', os: 'macOS' },
    'Safari on macOS',
  ],
  [
    'Edge on Windows',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0',
    { kind: 'desktop', browser: 'Microsoft Edge', os: 'Windows' },
    'Microsoft Edge on Windows',
  ],
]

describe('deviceOf and nameOf', () => {
  test.each(AGENTS)('section 3: %s', (_what, agent, device, name) => {
    expect(deviceOf(agent)).toEqual(device)
    expect(nameOf(deviceOf(agent), agent)).toBe(name)
  })

  test.each([
    ['no header', undefined],
    ['an empty one', ''],
    ['a space', ' '],
    ['curl', 'curl/8.5.0'],
    ['one letter', 'x'],
    ['a slash', '/'],
    ['10 kB of nothing', 'A'.repeat(10_240)],
    ['10 kB of brackets', '('.repeat(10_240)],
  ])('section 3: of %s nothing is known, and it is said so', (_what, agent) => {
    expect(deviceOf(agent)).toEqual(UNKNOWN)
    expect(nameOf(deviceOf(agent), agent)).toBe('Unknown device')
  })

  test.each([
    `${'A'.repeat(400)}/1.0 (Windows NT 10.0; Win64; x64)`,
    `Mozilla/5.0 (Linux; Android 14; ${'B'.repeat(400)}) Chrome/131.0.0.0 Mobile Safari/537.36`,
    `${'C'.repeat(10_000)}/1 (iPhone; CPU iPhone OS 18_1 like Mac OS X)`,
  ])('section 3: a name holds 80 characters at most, whatever the header says: %#', (agent) => {
    const device = deviceOf(agent)
    expect([...nameOf(device, agent)].length).toBeLessThanOrEqual(MAX_NAME)
    expect([...device.browser].length).toBeLessThanOrEqual(MAX_NAME)
    expect([...device.os].length).toBeLessThanOrEqual(MAX_NAME)
  })

  test('[SEC-6] any header gives a device and a name of at least one letter, and soon', () => {
    const parts = fc.constantFrom(
      'Mozilla/5.0 ',
      '(iPhone; ',
      'Android 14; ',
      'Windows NT 10.0',
      ')',
      'Chrome/131 ',
      ';',
      '/',
      ' ',
      'AppleWebKit',
      'Mobile',
    )
    const agents = fc.oneof(
      fc.string({ maxLength: 600 }),
      fc
        .array(fc.oneof(parts, fc.string({ maxLength: 5 })), { maxLength: 60 })
        .map((texts) => texts.join('')),
    )
    const began = performance.now()
    fc.assert(
      fc.property(agents, (agent) => {
        const device = deviceOf(agent)
        expect(DEVICE_KINDS).toContain(device.kind)
        expect(device.os).not.toBe('')
        if (agent !== '') expect(nameOf(device, agent)).not.toBe('')
      }),
      { numRuns: 300 },
    )
    expect(performance.now() - began).toBeLessThan(5_000)
  })
})
