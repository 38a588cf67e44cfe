/** Moments at which a page should look after its connections at once. Outside of a browser there are none. */
import { disposers, listen, type Disposer } from './disposer.ts'

/** Calls back when the page is shown again (tab, screen, back/forward cache, thaw) or the network came back. */
export const onWake = (wake: () => void): Disposer => {
  if (typeof document === 'undefined') return () => {}
  return disposers(
    listen(document, 'visibilitychange', () => {
      if (document.visibilityState === 'visible') wake()
    }),
    listen(document, 'resume', wake),
    listen(window, 'pageshow', wake),
    listen(window, 'online', wake),
  )
}

/**
 * Calls back when the page leaves the screen, within the event: behind it phones freeze the page, and what waits for
 * a timer or an answer is not said until it is back. Several events tell of one leave.
 */
export const onHide = (hide: () => void): Disposer => {
  if (typeof document === 'undefined') return () => {}
  return disposers(
    listen(document, 'visibilitychange', () => {
      if (document.visibilityState === 'hidden') hide()
    }),
    listen(document, 'freeze', hide),
    listen(window, 'pagehide', hide),
  )
}

/** Calls back when the device moved to another network. */
export const onNetworkChange = (changed: () => void): Disposer => {
  if (typeof window === 'undefined') return () => {}
  const all = disposers(listen(window, 'online', changed))
  const connection = networkInformation()
  if (connection) all.add(listen(connection, 'change', changed))
  return all
}

/** Network Information API, where the browser has it (Chromium). */
export interface NetworkInformation extends EventTarget {
  readonly type?: string
  readonly effectiveType?: string
}
export const networkInformation = (): NetworkInformation | undefined =>
  typeof navigator !== 'undefined' && 'connection' in navigator
    ? (navigator as Navigator & { connection?: NetworkInformation }).connection
    : undefined
