/** What the checks before the tap find, in plain words, and which of it stops the camera. */
import type { Browser } from '../../lib/browser.ts'
import { cameraFailure } from '../../lib/failures.ts'
import { properBrowser } from './in-app.ts'

/** What each check can find. */
export interface Facts {
  readonly page: 'secure' | 'insecure'
  /** Name of the app that it is opened inside of. */
  readonly browser: { readonly app: string | undefined; readonly camera: boolean }
  readonly permission: 'granted' | 'prompt' | 'denied' | 'unknown'
  readonly camera: 'found' | 'missing' | 'unknown'
  readonly server: 'open' | 'blocked'
  /** `near`: no way out of the network was to be looked for. */
  readonly direct: 'open' | 'near' | 'blocked' | 'unsupported' | 'unknown'
}
export type CheckName = keyof Facts

/** Something that will stop the camera from starting, or likely; said before the tap. */
export interface Problem {
  readonly kind: string
  readonly title: string
  readonly mend: string
  /** The camera cannot start here, whatever the person allows. */
  readonly stops?: true
  readonly action: 'again' | 'elsewhere'
}

/** `fair`: it works, though not the best way; `unknown`: the browser does not tell. */
export type Verdict = 'good' | 'fair' | 'bad' | 'unknown'

export interface Finding {
  readonly name: CheckName
  readonly verdict: Verdict
  readonly words: string
  /** What mends it, in the list. */
  readonly mend?: string
  /** Absent where it stops nothing, and of a page without https: that has a screen of its own. */
  readonly problem?: Problem
}

const cameraProblem = (fault: 'denied' | 'missing', browser: Browser): Problem => {
  const { title, mend } = cameraFailure(fault, browser)
  return { kind: fault, title, mend: mend.replace(' Then try again.', ''), action: 'again' }
}

const elsewhere = (app: string, camera: boolean, { os }: Browser): Problem => {
  const better = properBrowser(os)
  const how =
    os === 'Android'
      ? 'If the button does nothing, copy the address and paste it there.'
      : `Choose “Open in ${better}” in this app’s menu, or copy the address and paste it there.`
  return {
    kind: 'in-app',
    title: `Open this page in ${better}`,
    mend: `It is open inside ${app}, where the camera ${camera ? 'often does not start' : 'cannot start'}. ${how}`,
    ...(camera ? {} : { stops: true }),
    action: 'elsewhere',
  }
}

const THROUGH_SERVER = 'the picture goes through the server'

type Read<N extends CheckName> = (fact: Facts[N], browser: Browser) => Omit<Finding, 'name'>

const READ: { readonly [N in CheckName]: Read<N> } = {
  page: (fact, browser) =>
    fact === 'secure'
      ? { verdict: 'good', words: 'This page is secure' }
      : {
          verdict: 'bad',
          words: 'This page is not secure, so its browser gives it no camera',
          mend: cameraFailure('insecure', browser).mend,
        },
  browser: ({ app, camera }, browser) => {
    if (app !== undefined) {
      return { verdict: 'bad', words: `Opened inside ${app}`, problem: elsewhere(app, camera, browser) }
    }
    const name = browser.name === 'this browser' ? 'This browser' : browser.name
    if (camera) return { verdict: 'good', words: `${name} can use the camera` }
    return {
      verdict: 'bad',
      words: `${name} has no camera for pages`,
      problem: {
        kind: 'no-camera-api',
        title: 'This browser has no camera for pages',
        mend: `Update it, or open this page in ${properBrowser(browser.os)}.`,
        stops: true,
        action: 'elsewhere',
      },
    }
  },
  permission: (fact, browser) => {
    switch (fact) {
      case 'granted':
        return { verdict: 'good', words: 'The camera is allowed' }
      case 'prompt':
        return { verdict: 'good', words: 'The browser will ask for the camera' }
      case 'denied':
        return {
          verdict: 'bad',
          words: 'The camera is not allowed for this page',
          problem: cameraProblem('denied', browser),
        }
      case 'unknown':
        return { verdict: 'unknown', words: 'The browser does not tell whether the camera is allowed' }
      default:
        return fact satisfies never
    }
  },
  camera: (fact, browser) => {
    switch (fact) {
      case 'found':
        return { verdict: 'good', words: 'A camera is there' }
      case 'missing':
        return { verdict: 'bad', words: 'No camera found', problem: cameraProblem('missing', browser) }
      case 'unknown':
        return { verdict: 'unknown', words: 'The browser does not tell whether there is a camera' }
      default:
        return fact satisfies never
    }
  },
  server: (fact) =>
    fact === 'open'
      ? { verdict: 'good', words: 'The server is reached' }
      : {
          verdict: 'bad',
          words: 'The server is not reached for live pictures',
          problem: {
            kind: 'server-blocked',
            title: 'No live connection to the server',
            mend: 'Switch off a VPN or an ad blocker, or try another network.',
            action: 'again',
          },
        },
  direct: (fact) => {
    switch (fact) {
      case 'open':
        return { verdict: 'good', words: 'Direct video finds a way out of this network' }
      case 'near':
        return { verdict: 'good', words: 'Direct video works within one network' }
      case 'blocked':
        return { verdict: 'fair', words: `This network may block direct video: then ${THROUGH_SERVER}` }
      case 'unsupported':
        return { verdict: 'fair', words: `This browser has no direct video: ${THROUGH_SERVER}` }
      case 'unknown':
        return { verdict: 'unknown', words: 'Whether direct video works is not known' }
      default:
        return fact satisfies never
    }
  },
}

/** What a check's fact means to the person. */
export const findingOf = <N extends CheckName>(name: N, fact: Facts[N], browser: Browser): Finding => {
  const read = READ[name](fact, browser)
  return { name, ...(read.problem ? { mend: read.problem.mend } : {}), ...read }
}

/** In the order in which they are worth mending: the first one often is the cause of the others. */
export const CHECKS: readonly CheckName[] = ['page', 'browser', 'permission', 'camera', 'server', 'direct']

/** The problem to say first, whichever check was quicker; undefined where nothing stops the camera as far as is known. */
export const firstProblem = (findings: ReadonlyMap<CheckName, Finding>): Problem | undefined =>
  CHECKS.map((name) => findings.get(name)?.problem).find((problem) => problem !== undefined)
