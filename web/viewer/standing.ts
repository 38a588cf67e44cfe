/** A page that nobody tends, in OBS or on a wall: what it does by itself when its connection is over. */
import { ApiError, type Api } from '../lib/api.ts'
import { createBackoff } from '../lib/backoff.ts'
import type { ClosedReason } from '../lib/client-types.ts'
import type { Disposer } from '../lib/disposer.ts'
import { isGone } from '../lib/room/closed-pages.tsx'

export type Standing =
  /** The session is gone: there is nothing to wait for. */
  | 'over'
  /** The same link is open elsewhere: it is waited for, or two places would throw each other out for ever. */
  | 'wait'
  /** The page does not fit the server any more. */
  | 'reload'

export function standingOf(reason: ClosedReason): Standing {
  if (isGone(reason)) return 'over'
  return reason === 'connected_elsewhere' || reason === 'left' ? 'wait' : 'reload'
}

/** Each look costs the server a read of its store. Milliseconds. */
const LOOK = { firstMs: 20_000, capMs: 120_000 }
const RELOAD = { firstMs: 10_000, capMs: 60_000 }

/** Does `work` after pauses that grow, until it says that it is done. */
function again(pauses: { firstMs: number; capMs: number }, work: () => Promise<boolean>): Disposer {
  const backoff = createBackoff(pauses)
  let ended = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const turn = async () => {
    if ((await work()) || ended) return
    timer = setTimeout(() => void turn(), backoff.next())
  }
  timer = setTimeout(() => void turn(), backoff.next())
  return () => {
    ended = true
    clearTimeout(timer)
  }
}

/** Calls back once nobody is connected with this session any more, or the session is gone, which a connect will tell. */
export function waitForPlace(api: Pick<Api, 'session'>, token: string, onFree: () => void): Disposer {
  let ended = false
  const stop = again(LOOK, async () => {
    try {
      const { session, members } = await api.session(token)
      const isTaken = members.some(({ id, connected }) => id === session.id && connected)
      if (isTaken) return false
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.status !== 401) return false
    }
    if (!ended) onFree()
    return true
  })
  return () => {
    ended = true
    stop()
  }
}

/** Loads the page again as soon as the server gives it: a browser's own error page would stay for ever. */
export function reloadWhenServed(reload: () => void = () => location.reload()): Disposer {
  return again(RELOAD, async () => {
    try {
      const answer = await fetch(location.pathname, { cache: 'no-store' })
      if (!answer.ok) return false
    } catch (error) {
      console.warn('The server does not give the page yet', error)
      return false
    }
    reload()
    return true
  })
}
