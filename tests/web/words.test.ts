import { describe, expect, it } from 'vitest'
import { CLOSES, isFinalClose } from '../../server/protocol/closes.ts'
import { PROBLEMS, type ProblemCode } from '../../server/protocol/problems.ts'
import { ApiError } from '../../web/lib/api.ts'
import { readBrowser, type Browser } from '../../web/lib/browser.ts'
import type { ClosedReason } from '../../web/lib/client.ts'
import {
  cameraFailure,
  cameraFault,
  closedFailure,
  pairingFailure,
  pictureFailure,
  type CameraFault,
  type Failure,
} from '../../web/lib/failures.ts'
import { readTypedCode } from '../../web/lib/typed-code.ts'

const ANDROID: Browser = { name: 'Chrome', os: 'Android' }
const problem = (code: ProblemCode, wait?: number) =>
  new ApiError(PROBLEMS[code].status, code, 'detail', wait)

/** [MED-5]: words a person can act on. */
const expectActionable = (failure: Failure) => {
  expect(failure.title).toMatch(/^[A-Z][^.!]{4,50}$/)
  expect(failure.mend).toMatch(/^[A-Z].{8,180}\.$/)
  expect(failure.mend + failure.title).not.toMatch(/\b(ICE|SDP|socket|WebRTC|token|undefined)\b|!/)
  expect(failure.label === undefined).toBe(failure.action === 'none')
}

describe('[MED-5] failures in words', () => {
  it.each<[string, CameraFault]>([
    ['NotAllowedError', 'denied'],
    ['SecurityError', 'denied'],
    ['NotFoundError', 'missing'],
    ['OverconstrainedError', 'missing'],
    ['NotReadableError', 'in-use'],
    ['AbortError', 'in-use'],
    ['TypeError', 'error'],
  ])('sorts %s', (name, fault) => {
    expect(cameraFault(Object.assign(new Error('x'), { name }))).toBe(fault)
    expectActionable(cameraFailure(fault, ANDROID))
  })

  it('names the browser and the place of its permission', () => {
    const mend = (name: string, os: Browser['os']) => cameraFailure('denied', { name, os }).mend
    expect(mend('Chrome', 'Android')).toContain('beside the address in Chrome')
    expect(mend('Safari', 'iOS')).toContain('Website Settings')
    expect(mend('Chrome', 'iOS')).toContain('Settings app, tap Apps, then Chrome')
    expect(mend('Firefox', 'Android')).toContain('lock')
    expect(mend('this browser', 'other')).not.toContain('this browser and')
  })

  it('says to use https where a page may not use the camera', () => {
    const failure = cameraFailure('insecure', ANDROID)
    expect(failure).toMatchObject({ stage: 'camera', action: 'none' })
    expect(failure.mend).toContain('https')
    expectActionable(failure)
  })

  it.each(Object.keys(PROBLEMS) as ProblemCode[])('has words for a claim refused with %s', (code) => {
    const failure = pairingFailure(problem(code))
    expect(failure.stage).toBe('pairing')
    expectActionable(failure)
  })

  it('tells a wrong typed code from an expired scanned one', () => {
    expect(pairingFailure(problem('pairing_code_invalid'), 'scanned').title).toBe('This code has run out')
    expect(pairingFailure(problem('pairing_code_invalid'), 'typed').title).toBe('That code does not work')
  })

  it('lets what may pass by itself be tried again with the same code', () => {
    for (const code of [
      'room_full',
      'room_locked',
      'rate_limited',
      'store_unavailable',
      'draining',
    ] as const) {
      expect(pairingFailure(problem(code)).action).toBe('retry')
    }
    expect(pairingFailure(new ApiError(0, 'unreachable', 'x'))).toMatchObject({
      action: 'retry',
      kind: 'unreachable',
    })
  })

  it('says how long to wait', () => {
    expect(pairingFailure(problem('rate_limited', 42_000)).mend).toContain('Wait 42 seconds')
    expect(pairingFailure(problem('rate_limited', 119_500)).mend).toContain('Wait 2 minutes')
    expect(pairingFailure(problem('rate_limited')).mend).toContain('Wait two minutes')
  })

  it('has words for every final close, and for a declined or forgotten claim', () => {
    const reasons: ClosedReason[] = [
      'left',
      'invalid_message',
      'session_invalid',
      'kicked',
      'room_gone',
      'connected_elsewhere',
      'protocol',
    ]
    for (const reason of reasons) expectActionable(closedFailure(reason))
    expect(
      Object.entries(CLOSES)
        .filter(([, code]) => isFinalClose(code))
        .map(([reason]) => reason)
        .sort(),
    ).toEqual(reasons.filter((reason) => reason !== 'protocol').sort())
    expect(closedFailure('kicked', true)).toMatchObject({ kind: 'denied', stage: 'pairing' })
    expect(closedFailure('session_invalid', true)).toMatchObject({ kind: 'expired', stage: 'pairing' })
    expect(closedFailure('connected_elsewhere')).toMatchObject({ action: 'use-here', label: 'Use here' })
  })

  it.each(['answer', 'path', 'picture'] as const)('has words for a picture that fails at: %s', (stage) => {
    expectActionable(pictureFailure(stage))
  })
})

describe('browsers', () => {
  it.each([
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1',
      5,
      'Safari',
      'iOS',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15',
      5,
      'Safari',
      'iOS',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15',
      0,
      'Safari',
      'other',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 CriOS/140.0 Mobile/15E148 Safari/604.1',
      5,
      'Chrome',
      'iOS',
    ],
    [
      'Mozilla/5.0 (Linux; Android 14; Pixel 9) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36',
      5,
      'Chrome',
      'Android',
    ],
    [
      'Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36',
      5,
      'Samsung Internet',
      'Android',
    ],
    ['Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0', 5, 'Firefox', 'Android'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
      0,
      'Edge',
      'other',
    ],
    ['curl/8', 0, 'this browser', 'other'],
  ])('reads %s (%i touch points)', (userAgent, touch, name, os) => {
    expect(readBrowser(userAgent, touch)).toEqual({ name, os })
  })
})

describe('[PAIR-4] typed codes', () => {
  it.each([
    ['BCDF-GHJK', 'BCDFGHJK'],
    ['bcdf ghjk', 'BCDFGHJK'],
    [' b c d f – g h j k \n', 'BCDFGHJK'],
    ['BCDFGHJKLM', 'BCDFGHJK'],
    ['AEIOU123', ''],
    ['', ''],
  ])('reads %j as %j', (typed, code) => {
    expect(readTypedCode(typed)).toBe(code)
  })
})
