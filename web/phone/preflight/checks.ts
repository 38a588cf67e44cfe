/** Runs the checks; none asks the person for anything or uses the code up. */
import { signal, type ReadonlySignal } from '@preact/signals'
import type { Api } from '../../lib/api.ts'
import { thisBrowser } from '../../lib/browser.ts'
import { disposers, listen } from '../../lib/disposer.ts'
import { onWake } from '../../lib/page-events.ts'
import { CHECKS, findingOf, type CheckName, type Facts, type Finding } from './findings.ts'
import { readInApp } from './in-app.ts'
import { reachOut, reachServer } from './reach.ts'

export interface Checks {
  /** Those that are finished. */
  readonly findings: ReadonlySignal<ReadonlyMap<CheckName, Finding>>
  /** Runs all of them, again where they ran. */
  run(): void
  dispose(): void
}

/** Not in the DOM types: Safari's word for a page started from the home screen. */
type HomeScreen = Navigator & { readonly standalone?: boolean }

const isInstalled = (): boolean =>
  (navigator as HomeScreen).standalone === true || matchMedia('(display-mode: standalone)').matches

const askPermission = async (): Promise<PermissionStatus | undefined> => {
  try {
    return await navigator.permissions.query({ name: 'camera' })
  } catch {
    // Firefox before 131 and Safari before 16 know no such name.
    return undefined
  }
}

const findCamera = async (): Promise<Facts['camera']> => {
  if (!navigator.mediaDevices?.enumerateDevices) return 'unknown'
  const devices = await navigator.mediaDevices.enumerateDevices()
  return devices.some(({ kind }) => kind === 'videoinput') ? 'found' : 'missing'
}

export const createChecks = (api: Pick<Api, 'stun'>): Checks => {
  const browser = thisBrowser()
  const findings = signal<ReadonlyMap<CheckName, Finding>>(new Map())
  let disposed = false
  let started = false

  const facts: { readonly [N in CheckName]: () => Promise<Facts[N]> } = {
    page: async () => (isSecureContext ? 'secure' : 'insecure'),
    browser: async () => ({
      app: readInApp(navigator.userAgent, browser.os, isInstalled()),
      // Where the page is not secure every browser hides it, and that is said already.
      camera: !isSecureContext || navigator.mediaDevices?.getUserMedia !== undefined,
    }),
    permission: async () => (await askPermission())?.state ?? 'unknown',
    camera: findCamera,
    server: () => reachServer(location.href),
    direct: () => reachOut(api),
  }
  const check = async <N extends CheckName>(name: N) => {
    try {
      const fact: Facts[N] = await facts[name]()
      if (!disposed) findings.value = new Map(findings.peek()).set(name, findingOf(name, fact, browser))
    } catch (cause) {
      console.warn(`The check ${name} did not work`, cause)
    }
  }
  const run = (names: readonly CheckName[]) => {
    for (const name of names) void check(name)
  }
  /** What a person changes in the settings, and what costs nothing to look at. */
  const look = () => {
    if (started) run(['permission', 'camera'])
  }

  const stop = disposers(onWake(look))
  const followPermission = async () => {
    const status = await askPermission()
    if (status && !disposed) stop.add(listen(status, 'change', look))
  }

  return {
    findings,
    run() {
      if (!started) void followPermission()
      started = true
      run(CHECKS)
    },
    dispose() {
      disposed = true
      stop()
    },
  }
}
