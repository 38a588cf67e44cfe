import { useEffect, useState } from 'preact/hooks'
import { listen } from '../disposer.ts'
import { Button } from '../ui/button.tsx'
import { useNextTry } from './next-try.ts'
import type { Watch } from './watch.ts'

/** A drop that mends itself sooner is not worth more than the word in the header. */
const SAY_AFTER = 3_000

/** Whether the browser says that it has no network at all. Its yes means little, its no is sure. */
function useOffline(): boolean {
  const [offline, setOffline] = useState(() => !navigator.onLine)
  useEffect(() => {
    const look = () => setOffline(!navigator.onLine)
    const stop = [listen(window, 'online', look), listen(window, 'offline', look)]
    return () => stop.forEach((end) => end())
  }, [])
  return offline
}

/** Whether the server has been away long enough to say so. */
function useAway({ client }: Watch): boolean {
  const [away, setAway] = useState(false)
  const state = client.state.value
  const since = state.status === 'reconnecting' ? state.since : undefined
  useEffect(() => {
    setAway(false)
    if (since === undefined) return
    const timer = setTimeout(() => setAway(true), Math.max(0, since + SAY_AFTER - Date.now()))
    return () => clearTimeout(timer)
  }, [since])
  return away && since !== undefined
}

/** Says above everything that the server cannot be reached, and has the mend as its button. */
export function ServerAway({ watch }: { watch: Watch }) {
  const state = watch.client.state.value
  const away = useAway(watch)
  const offline = useOffline()
  const seconds = useNextTry(state)
  if (state.status !== 'reconnecting' || (!away && !offline)) return null
  const plays = [...watch.cameras.feeds.value.values()].some((feed) => feed.state.value.status === 'live')
  const title = offline
    ? 'This device is offline'
    : state.unreachable
      ? 'The server does not answer'
      : 'Reconnecting to the server'
  return (
    <div class="banner" role="status">
      <p>
        <strong>{title}.</strong>
        {plays && ' Direct video plays on.'}
        {/* Not read out: it changes each second. */}
        {!offline && (
          <span aria-hidden="true"> {seconds > 0 ? `Next try in ${seconds}\u00a0s.` : 'Trying now.'}</span>
        )}
      </p>
      <Button onClick={watch.tryNow} disabled={seconds === 0}>
        Try now
      </Button>
    </div>
  )
}
