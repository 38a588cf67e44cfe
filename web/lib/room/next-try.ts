import { useEffect, useState } from 'preact/hooks'
import type { ClientState } from '../client-types.ts'

const LOOK_EVERY = 250

/** Seconds until the client's next try to connect, counted down while there is one; 0 while it tries. */
export function useNextTry(state: ClientState): number {
  const [left, setLeft] = useState(0)
  const inMs = state.status === 'reconnecting' ? state.inMs : 0
  useEffect(() => {
    const ends = Date.now() + inMs
    const tell = () => setLeft(Math.max(0, Math.ceil((ends - Date.now()) / 1_000)))
    tell()
    if (inMs === 0) return
    const timer = setInterval(tell, LOOK_EVERY)
    return () => clearInterval(timer)
  }, [state, inMs])
  return left
}
