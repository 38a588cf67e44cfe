import { batch, computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals'
import type { CodeId } from '../../server/protocol/ids.ts'
import type { PairingCode } from '../../server/protocol/models.ts'
import type { Failure } from '../lib/room/explain.ts'

/** So long before its end a code is replaced; the old one still works meanwhile. */
const RENEW_BEFORE = 10_000
const RETRY_FIRST = 1_000
const RETRY_MOST = 15_000
/** A timer this short keeps a machine's sleep from leaving a dead code on the page. */
const LOOK_EVERY = 1_000

/** A code as it stands on the page. */
export interface ShownCode extends PairingCode {
  /** `Date.now()` of this device when the code ends. */
  endsAt: number
  /** How long it lasts altogether; milliseconds. */
  lasts: number
  /** An address of the QR's picture for an `img`. */
  picture: string
}

export type CodeView =
  | { kind: 'preparing' }
  | { kind: 'shown'; code: ShownCode }
  /** Nobody looks, so nothing is issued: `show` brings a new one. */
  | { kind: 'resting' }
  /** There is none to show; `failure` says why. */
  | { kind: 'failed' }

export interface CodeKeeper {
  readonly view: ReadonlySignal<CodeView>
  /** Why the last try to get a code failed; the old code may still stand. */
  readonly failure: ReadonlySignal<Failure | undefined>
  readonly busy: ReadonlySignal<boolean>
  /** Says that a place on the page shows the code, until the returned function is called. */
  want: () => () => void
  /** Gets a new code now: the button's deed. */
  show: () => void
  /** A code was used, revoked or does not fit any more: replaces it if it is the one shown. */
  spent: (id: CodeId) => void
  dispose: () => void
}

interface Needs {
  issue: () => Promise<PairingCode>
  explain: (error: unknown) => Failure
  /** Whether somebody is there to see a code [MED-2]. */
  present: ReadonlySignal<boolean>
}

/** Keeps a code in view: renews it before it ends, rests while nobody looks, tries again after failures. */
export function keepCode({ issue, explain, present }: Needs): CodeKeeper {
  const code = signal<ShownCode>()
  const failure = signal<Failure>()
  const busy = signal(false)
  const wanted = signal(0)
  const resting = signal(false)
  let failures = 0
  let retryAt = 0
  let again = false
  let disposed = false
  let spent: CodeId | undefined
  let before: string | undefined

  const drop = () => {
    if (code.value) URL.revokeObjectURL(code.value.picture)
    code.value = undefined
  }

  const fetchCode = async () => {
    if (busy.value) {
      again = true
      return
    }
    busy.value = true
    again = false
    const asked = Date.now()
    try {
      const issued = await issue()
      if (disposed) return
      const picture = URL.createObjectURL(new Blob([issued.qrSvg], { type: 'image/svg+xml' }))
      // The picture before is let go one code later: by then nothing on the page draws it any more.
      if (before) URL.revokeObjectURL(before)
      before = code.value?.picture
      batch(() => {
        // Counted from the asking: the page must never believe in a code longer than the server does.
        code.value = { ...issued, endsAt: asked + issued.expiresInMs, lasts: issued.expiresInMs, picture }
        failure.value = undefined
        resting.value = false
      })
      failures = 0
    } catch (error) {
      if (disposed) return
      failure.value = explain(error)
      const wait = failure.value.retryAfterMs ?? Math.min(RETRY_MOST, RETRY_FIRST * 2 ** failures)
      failures += 1
      retryAt = Date.now() + wait
      if (code.value && code.value.id === spent) drop()
    } finally {
      busy.value = false
    }
    if (again && !disposed) void fetchCode()
  }

  const look = () => {
    const now = Date.now()
    if (code.value && code.value.endsAt <= now) drop()
    if (code.value && code.value.id === spent && !present.value) drop()
    if (wanted.value === 0 || busy.value) return
    if (!present.value) {
      if (!code.value) resting.value = true
      return
    }
    const due = !code.value || code.value.id === spent || code.value.endsAt - now <= RENEW_BEFORE
    if (due && !resting.value && (!failure.value || now >= retryAt)) void fetchCode()
  }

  const timer = setInterval(look, LOOK_EVERY)
  const stopWatching = effect(() => {
    if (present.value) untracked(look)
  })
  const stopListening = new AbortController()
  document.addEventListener(
    'visibilitychange',
    () => {
      if (document.hidden) return
      // Who brings the page back sees a code without asking; who was idle before it presses the button.
      resting.value = false
      look()
    },
    { signal: stopListening.signal },
  )

  const view = computed<CodeView>(() => {
    if (code.value) return { kind: 'shown', code: code.value }
    if (failure.value) return { kind: 'failed' }
    if (resting.value) return { kind: 'resting' }
    return { kind: 'preparing' }
  })

  return {
    view,
    failure,
    busy,
    want: () => {
      wanted.value += 1
      look()
      return () => {
        wanted.value -= 1
      }
    },
    show: () => {
      resting.value = false
      void fetchCode()
    },
    spent: (id) => {
      if (code.value?.id !== id) return
      // It stands until the next one is there: a gap would be a flash.
      spent = id
      look()
    },
    dispose: () => {
      disposed = true
      clearInterval(timer)
      stopWatching()
      stopListening.abort()
      drop()
      if (before) URL.revokeObjectURL(before)
    },
  }
}
