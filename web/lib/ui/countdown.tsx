import { useEffect, useState } from 'preact/hooks'

const RADIUS = 6.5
const AROUND = 2 * Math.PI * RADIUS

const clock = (seconds: number) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`

/**
 * A thin ring and the time that is left.
 * `endsAt` is this device's own `Date.now()` at the end, `lasts` how long the whole ring takes; milliseconds.
 */
export function Countdown({ endsAt, lasts, label }: { endsAt: number; lasts: number; label: string }) {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [endsAt])

  const left = Math.max(0, endsAt - now)
  const share = lasts > 0 ? Math.min(1, left / lasts) : 0
  const text = clock(Math.ceil(left / 1_000))
  return (
    <span class="countdown" role="timer" aria-label={`${label} ${text}`} aria-live="off">
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <circle class="track" cx="8" cy="8" r={RADIUS} fill="none" stroke-width="2" />
        <circle
          class="rest"
          cx="8"
          cy="8"
          r={RADIUS}
          fill="none"
          stroke-width="2"
          stroke-dasharray={AROUND}
          stroke-dashoffset={AROUND * (1 - share)}
        />
      </svg>
      {text}
    </span>
  )
}
