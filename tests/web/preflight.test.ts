import { describe, expect, it } from 'vitest'
import { readBrowser, type Browser } from '../../web/lib/browser.ts'
import {
  CHECKS,
  findingOf,
  firstProblem,
  type CheckName,
  type Facts,
  type Finding,
} from '../../web/phone/preflight/findings.ts'
import { chromeLink, readInApp } from '../../web/phone/preflight/in-app.ts'
import { reportText } from '../../web/phone/preflight/report.ts'

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'
const WEBVIEW =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/AP2A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/129.0.0.0 Mobile Safari/537.36'

const ANDROID: Browser = { name: 'Chrome', os: 'Android' }
const IOS: Browser = { name: 'Safari', os: 'iOS' }

describe('browsers inside of other apps', () => {
  it.each([
    [`${IPHONE} Mobile/22B83 Instagram 354.0.0.22.89 (iPhone15,2; iOS 18_1; de_DE)`, 'Instagram'],
    [`${WEBVIEW} Instagram 354.0.0.0.1 Android`, 'Instagram'],
    [`${IPHONE} Mobile/22B83 Barcelona 354.0.0.22.89 (iPhone15,2)`, 'Threads'],
    [`${IPHONE} Mobile/22B83 [FBAN/FBIOS;FBAV/485.1.0.30.98;FBBV/1]`, 'Facebook'],
    [`${WEBVIEW} [FB_IAB/FB4A;FBAV/485.0.0.70.77;]`, 'Facebook'],
    [`${IPHONE} Mobile/22B83 [FBAN/MessengerForiOS;FBAV/480.0.0.1]`, 'Messenger'],
    [`${WEBVIEW} [FB_IAB/Orca-Android;FBAV/480.0.0.1]`, 'Messenger'],
    [`${IPHONE} Mobile/22B83 musical_ly_36.5.0 JsSdk/2.0 NetType/WIFI BytedanceWebview/d8a21c6`, 'TikTok'],
    [`${IPHONE} Mobile/22B83 MicroMessenger/8.0.53(0x18003531) NetType/WIFI Language/en`, 'WeChat'],
    [`${IPHONE} Mobile/22B83 Safari Line/14.17.0`, 'LINE'],
    [`${IPHONE} Mobile/22B83 Snapchat/13.13.0.40 (like Safari/8618)`, 'Snapchat'],
    [`${IPHONE} Mobile/22B83 [LinkedInApp]/9.30.2`, 'LinkedIn'],
    [`${IPHONE} Mobile/15E148 Twitter for iPhone/10.65`, 'X'],
    [`${IPHONE} GSA/342.0.693598186 Mobile/22B83 Safari/604.1`, 'the Google app'],
    [WEBVIEW, 'another app'],
    [`${IPHONE} Mobile/22B83`, 'another app'],
    // An app on an iPad that asks for desktop pages.
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)',
      'another app',
    ],
  ])('%s is %s', (userAgent, app) => {
    expect(readInApp(userAgent, readBrowser(userAgent, 5).os, false)).toBe(app)
  })

  it.each([
    `${IPHONE} Version/18.1 Mobile/15E148 Safari/604.1`,
    `${IPHONE} CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1`,
    `${IPHONE} FxiOS/132.0 Mobile/15E148 Safari/605.1.15`,
    `${IPHONE} EdgiOS/131.0.0.0 Version/18.0 Mobile/15E148 Safari/604.1`,
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36',
    'Mozilla/5.0 (Android 15; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0',
  ])('%s is a browser of its own', (userAgent) => {
    expect(readInApp(userAgent, readBrowser(userAgent, 5).os, false)).toBeUndefined()
  })

  it('does not take a page on the home screen for one in an app', () => {
    expect(readInApp(`${IPHONE} Mobile/22B83`, 'iOS', true)).toBeUndefined()
  })

  it('opens Chrome with the whole address, the code in its fragment too', () => {
    expect(chromeLink('https://pairlens.test/p?transport=relay#AbC-d_1')).toBe(
      'intent://pairlens.test/p?transport=relay#AbC-d_1#Intent;scheme=https;package=com.android.chrome;end',
    )
    expect(chromeLink('http://192.168.1.20:3000/p#x')).toBe(
      'intent://192.168.1.20:3000/p#x#Intent;scheme=http;package=com.android.chrome;end',
    )
  })
})

const GOOD: Facts = {
  page: 'secure',
  browser: { app: undefined, camera: true },
  permission: 'prompt',
  camera: 'found',
  server: 'open',
  direct: 'open',
}
const EVERY: readonly Finding[] = [ANDROID, IOS, { name: 'this browser', os: 'other' } as const].flatMap(
  (browser) => [
    ...(['secure', 'insecure'] as const).map((fact) => findingOf('page', fact, browser)),
    ...[undefined, 'Instagram', 'another app'].flatMap((app) =>
      [true, false].map((camera) => findingOf('browser', { app, camera }, browser)),
    ),
    ...(['granted', 'prompt', 'denied', 'unknown'] as const).map((fact) =>
      findingOf('permission', fact, browser),
    ),
    ...(['found', 'missing', 'unknown'] as const).map((fact) => findingOf('camera', fact, browser)),
    ...(['open', 'blocked'] as const).map((fact) => findingOf('server', fact, browser)),
    ...(['open', 'near', 'blocked', 'unsupported', 'unknown'] as const).map((fact) =>
      findingOf('direct', fact, browser),
    ),
  ],
)
/** What all checks find, in the order in which they are done: none is sure to be the first. */
const all = (
  facts: Partial<Facts>,
  browser = ANDROID,
  order: readonly CheckName[] = CHECKS,
): ReadonlyMap<CheckName, Finding> => {
  const found = { ...GOOD, ...facts }
  const of = <N extends CheckName>(name: N) => findingOf(name, found[name], browser)
  return new Map(order.map((name) => [name, of(name)]))
}

describe('[MED-5] findings in words', () => {
  it('are plain, and each problem says what to do', () => {
    for (const { words, verdict, mend, problem } of EVERY) {
      expect(words).toMatch(/^[A-Z][^!]{5,90}$/)
      expect(words).not.toMatch(/\b(ICE|STUN|TURN|SDP|socket|WebSocket|WebRTC|undefined)\b/i)
      expect(mend !== undefined).toBe(verdict === 'bad')
      if (mend === undefined) continue
      expect(mend).toMatch(/^[A-Z].{8,220}\.$/)
      expect(mend).not.toMatch(/\b(ICE|STUN|TURN|socket|undefined)\b|!/)
      if (!problem) continue
      expect(problem.mend).toBe(mend)
      expect(problem.title).toMatch(/^[A-Z][^.!]{4,50}$/)
      expect(problem.title).not.toMatch(/\b(ICE|STUN|TURN|socket|undefined)\b|!/)
    }
  })

  it('are no problem to say before the tap where the page has no https: that has its own screen', () => {
    const { verdict, mend, problem } = findingOf('page', 'insecure', ANDROID)
    expect([verdict, problem]).toEqual(['bad', undefined])
    expect(mend).toContain('https')
  })

  it('say nothing where nothing stops the camera, be the way direct or not', () => {
    for (const direct of ['open', 'near', 'blocked', 'unsupported', 'unknown'] as const)
      expect(firstProblem(all({ direct }))).toBeUndefined()
    for (const permission of ['granted', 'unknown'] as const)
      expect(firstProblem(all({ permission, camera: 'unknown' }))).toBeUndefined()
  })

  it('say first what often is the cause of the rest, whichever check was quicker', () => {
    const backwards = [...CHECKS].reverse()
    for (const order of [CHECKS, backwards]) {
      const first = (facts: Partial<Facts>) => firstProblem(all(facts, ANDROID, order))?.kind
      expect(first({ browser: { app: 'TikTok', camera: true }, permission: 'denied' })).toBe('in-app')
      expect(first({ permission: 'denied', camera: 'missing' })).toBe('denied')
      expect(first({ camera: 'missing', server: 'blocked' })).toBe('missing')
      expect(first({ server: 'blocked' })).toBe('server-blocked')
    }
  })

  it('say for certain that the camera cannot start where the browser has none for pages, and only there', () => {
    const stopped = EVERY.filter(({ problem }) => problem?.stops)
    expect(new Set(stopped.map(({ problem }) => problem?.kind))).toEqual(new Set(['no-camera-api', 'in-app']))
    for (const app of [undefined, 'Instagram']) {
      for (const camera of [true, false]) {
        const problem = firstProblem(all({ browser: { app, camera } }))
        expect(problem?.stops).toBe(camera ? undefined : true)
        if (app !== undefined) expect(problem?.mend).toContain(camera ? 'often does not' : 'cannot start')
      }
    }
  })

  it('name the browser to open instead, and the place of the permission', () => {
    const inApp = (browser: Browser) =>
      firstProblem(all({ browser: { app: 'Instagram', camera: true } }, browser))
    expect(inApp(IOS)?.title).toBe('Open this page in Safari')
    expect(inApp(IOS)?.mend).toContain('Instagram')
    expect(inApp(ANDROID)?.title).toBe('Open this page in Chrome')
    expect(firstProblem(all({ permission: 'denied' }, IOS))?.mend).toContain('Website Settings')
  })
})

describe('the text for support', () => {
  const SECRET = 'Zs3cretZs3cretZs3cret1'
  const text = (findings: ReadonlyMap<CheckName, Finding>) =>
    reportText({
      findings,
      href: `https://pairlens.test/p?transport=relay#${SECRET}`,
      userAgent: `${IPHONE} Version/18.1 Mobile/15E148 Safari/604.1`,
      at: new Date('2026-11-28T03:04:05.678Z'),
    })

  it('holds every finding, the page, the browser and the time', () => {
    const lines = text(all({ camera: 'missing', direct: 'blocked' })).split('\n')
    expect(lines).toEqual([
      'Pairlens, check of a phone',
      '✓ This page is secure',
      '✓ Chrome can use the camera',
      '✓ The browser will ask for the camera',
      '✗ No camera found',
      '✓ The server is reached',
      '– This network may block direct video: then the picture goes through the server',
      'Page: https://pairlens.test/p',
      `Browser: ${IPHONE} Version/18.1 Mobile/15E148 Safari/604.1`,
      'Time: 2026-11-28T03:04:05.678Z',
    ])
  })

  it('says what is not finished', () => {
    expect(text(all({}, ANDROID, CHECKS.slice(0, 4)))).toContain('– server: not finished')
  })

  it('[PAIR-8] holds no secret: neither the code nor what stands behind the address', () => {
    for (const finding of EVERY) expect(text(new Map([[finding.name, finding]]))).not.toContain(SECRET)
    expect(text(all({ browser: { app: 'Instagram', camera: false } }))).not.toMatch(/[#?]|transport/)
  })
})
