/** For controls that move: of many values in a row a few are passed on, and the last one always. */
import type { Disposer } from '../disposer.ts'

/** Milliseconds: with the result and the state that answer it, a camera stays within 20 messages a second [SEC-3]. */
const EVERY = 120

export interface Coalesce<T> {
  /** Passes this on, or a later one in its place. */
  put(value: T): void
  /** Nothing waits any more and nothing more is passed on. */
  dispose: Disposer
}

/** `pass` is called with one value at a time: the next waits until it is done, and for 120 ms at least. */
export const coalesce = <T>(pass: (value: T) => Promise<void>): Coalesce<T> => {
  let waiting: { readonly value: T } | undefined
  let busy = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let disposed = false

  const next = () => {
    if (busy || timer !== undefined || !waiting || disposed) return
    const { value } = waiting
    waiting = undefined
    busy = true
    timer = setTimeout(() => {
      timer = undefined
      next()
    }, EVERY)
    pass(value)
      .catch((cause: unknown) => console.error('A setting was not passed on', cause))
      .finally(() => {
        busy = false
        next()
      })
  }
  return {
    put(value) {
      waiting = { value }
      next()
    },
    dispose() {
      disposed = true
      waiting = undefined
      clearTimeout(timer)
    },
  }
}
