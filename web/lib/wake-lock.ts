/** Keeps the screen awake (W3C screen-wake-lock). A browser lets go of it whenever the page is hidden. */
import { listen } from './disposer.ts'

export interface WakeLock {
  /** Holds the screen awake from now on, over hiding and showing of the page. */
  hold(): void
  release(): void
}

/** Without the API (older browsers, pages without https) both methods do nothing. */
export const createWakeLock = (): WakeLock => {
  let wanted = false
  let held: WakeLockSentinel | undefined

  const letGo = (lock: WakeLockSentinel) => {
    lock.release().catch((cause: unknown) => console.warn('The screen lock could not be released', cause))
  }
  const acquire = async () => {
    if (!wanted || held || document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return
    try {
      const lock = await navigator.wakeLock.request('screen')
      if (!wanted || held) {
        letGo(lock)
        return
      }
      held = lock
      lock.addEventListener('release', () => {
        if (held === lock) held = undefined
      })
    } catch (cause) {
      // Low battery refuses it; the camera works on until the screen sleeps.
      console.warn('The screen may go to sleep', cause)
    }
  }
  let stop: (() => void) | undefined

  return {
    hold() {
      wanted = true
      stop ??= listen(document, 'visibilitychange', () => void acquire())
      void acquire()
    },
    release() {
      wanted = false
      stop?.()
      stop = undefined
      const lock = held
      held = undefined
      if (lock) letGo(lock)
    },
  }
}
