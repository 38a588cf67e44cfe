import { signal, type ReadonlySignal } from '@preact/signals'

export interface Activity {
  /** Whether somebody is likely to look: the page is visible and had input lately. */
  readonly present: ReadonlySignal<boolean>
  /** Counts as input, for what the page cannot see as such. */
  touch: () => void
  dispose: () => void
}

const INPUTS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const

/** Watches whether the page is visible and had input within the last `idleAfter` milliseconds [MED-2]. */
export function watchActivity(idleAfter: number): Activity {
  const present = signal(!document.hidden)
  const stop = new AbortController()
  let lastInput = Date.now()
  let timer: ReturnType<typeof setTimeout> | undefined

  const judge = () => {
    clearTimeout(timer)
    const left = lastInput + idleAfter - Date.now()
    present.value = !document.hidden && left > 0
    if (present.value) timer = setTimeout(judge, left)
  }
  const touch = () => {
    lastInput = Date.now()
    // Pointer moves come by the hundred: while present, the timer finds the newer time by itself.
    if (!present.value) judge()
  }

  for (const type of INPUTS) {
    addEventListener(type, touch, { passive: true, capture: true, signal: stop.signal })
  }
  document.addEventListener(
    'visibilitychange',
    () => {
      // To bring a page back takes a click or a key that this page does not see.
      if (!document.hidden) lastInput = Date.now()
      judge()
    },
    { signal: stop.signal },
  )
  judge()

  return {
    present,
    touch,
    dispose: () => {
      stop.abort()
      clearTimeout(timer)
    },
  }
}
