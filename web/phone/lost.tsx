import { useSignal, useSignalEffect, type ReadonlySignal } from '@preact/signals'
import type { Phone } from './model.ts'

/** Says that the server is away, once it has been for a moment: short drops are not worth a word. */
const SAY_AFTER = 2_000

/** Seconds since the server was lost; 0 while that is not worth a word. */
const useLostSeconds = (phone: Phone): ReadonlySignal<number> => {
  const seconds = useSignal(0)
  useSignalEffect(() => {
    const since = phone.lostSince.value
    if (since === undefined) {
      seconds.value = 0
      return undefined
    }
    const look = () => {
      const passed = Date.now() - since
      seconds.value = passed < SAY_AFTER ? 0 : Math.floor(passed / 1_000)
    }
    look()
    const timer = setInterval(look, 1_000)
    return () => clearInterval(timer)
  })
  return seconds
}

/** `Reconnecting to the server · 3 s`, while it is away. */
export function Lost({ phone }: { phone: Phone }) {
  const seconds = useLostSeconds(phone)
  if (seconds.value === 0) return null
  return <p class="lost">Reconnecting to the server · {seconds.value} s</p>
}

/** Says it once to those who hear the page. */
export function LostSaid({ phone }: { phone: Phone }) {
  const lost = useLostSeconds(phone).value > 0
  return (
    <p class="visually-hidden" role="status" aria-live="polite">
      {lost && 'Reconnecting to the server'}
    </p>
  )
}
