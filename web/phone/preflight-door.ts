import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Preflight } from './preflight/preflight.tsx'

/**
 * The checks before the tap, loaded behind the screen that they belong to, so that it is not waited for. Undefined
 * until then, and where they do not load: the tap works without them.
 */
export const usePreflight = (when: 'now' | 'asked'): Preflight | undefined => {
  const loaded = useSignal<Preflight | undefined>(undefined)
  useEffect(() => {
    let ended = false
    let mine: Preflight | undefined
    const load = async () => {
      try {
        const { openPreflight } = await import('./preflight/preflight.tsx')
        if (ended) return
        mine = openPreflight(when)
        loaded.value = mine
      } catch (cause) {
        console.warn('The checks did not load', cause)
      }
    }
    void load()
    return () => {
      ended = true
      mine?.dispose()
    }
  }, [when, loaded])
  return loaded.value
}
