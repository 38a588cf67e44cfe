import { useSignal, useSignalEffect } from '@preact/signals'
import type { Phone } from './model.ts'

/** Says that the server is away, once it has been for a moment: short drops are not worth a word. */
const SAY_AFTER = 2_000

/** `reconnecting · 3 s`, while the server is away. */
export function Lost({ phone }: { phone: Phone }) {
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
  if (seconds.value === 0) return null
  return <p class="lost">Reconnecting to the server · {seconds.value} s</p>
}
