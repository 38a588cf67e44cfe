/** Pages opened inside of other apps: their built-in browsers often keep the camera from pages. */
import type { Browser } from '../../lib/browser.ts'

/** Told by a word of its own in the user agent; the first that fits counts. */
const APPS: readonly (readonly [RegExp, string])[] = [
  [/Instagram/, 'Instagram'],
  [/Barcelona/, 'Threads'],
  [/MessengerForiOS|FBAN\/Messenger|Orca-Android|FB_IAB\/MESSENGER/, 'Messenger'],
  [/FBAN|FBAV|FB_IAB/, 'Facebook'],
  [/musical_ly|BytedanceWebview|TikTok|trill_/i, 'TikTok'],
  [/MicroMessenger/, 'WeChat'],
  [/\bLine\//, 'LINE'],
  [/KAKAOTALK/i, 'KakaoTalk'],
  [/NAVER\(/, 'Naver'],
  [/Snapchat/, 'Snapchat'],
  [/LinkedInApp/, 'LinkedIn'],
  [/Twitter for|TwitterAndroid/, 'X'],
  [/Pinterest/, 'Pinterest'],
  [/Teams(Mobile)?-|TeamsMobile/, 'Teams'],
  [/Slack/, 'Slack'],
  [/\bQQ\//, 'QQ'],
  [/Weibo/, 'Weibo'],
  [/AlipayClient/, 'Alipay'],
  // Gmail's links on iPhones open in it too.
  [/\bGSA\//, 'the Google app'],
]

/**
 * Name of the app whose built-in browser this is, `another app` where it does not say, undefined for a browser of
 * its own. `installed`: the page was started from the home screen, where iOS leaves out Safari's name.
 */
export const readInApp = (userAgent: string, os: Browser['os'], installed: boolean): string | undefined => {
  const app = APPS.find(([pattern]) => pattern.test(userAgent))?.[1]
  if (app !== undefined) return app
  if (installed) return undefined
  if (os === 'Android') return /; wv\)/.test(userAgent) ? 'another app' : undefined
  const isOwn = /Safari\/|CriOS|FxiOS|EdgiOS|OPT\//.test(userAgent)
  return os === 'iOS' && /AppleWebKit/.test(userAgent) && !isOwn ? 'another app' : undefined
}

/** Browser that the page is to be opened in instead. */
export const properBrowser = (os: Browser['os']): string =>
  os === 'iOS' ? 'Safari' : os === 'Android' ? 'Chrome' : 'your browser'

/** What opens this page in Chrome on Android from inside of another app, code and all. */
export const chromeLink = (href: string): string => {
  const { protocol, host, pathname, search, hash } = new URL(href)
  const scheme = protocol.slice(0, -1)
  // The part behind the last # is Android's own (Intent.parseUri), so the code's stays what it is.
  return `intent://${host}${pathname}${search}${hash}#Intent;scheme=${scheme};package=com.android.chrome;end`
}
