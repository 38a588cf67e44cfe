import { useEffect, useRef, useState } from 'preact/hooks'
import { coalesce, type Coalesce } from '../../lib/direction/coalesce.ts'
import { CommandFault } from '../../lib/direction/commands.ts'

/** Milliseconds after a result within which the camera's state shows what came of it. */
const STATE_WITHIN = 800

export interface Setting<T> {
  /** As it is to be while it is on its way, else as the camera says it is. */
  readonly value: T
  readonly busy: boolean
  /** Why it was not done, in words; until the next try. */
  readonly fault: string | undefined
  set(value: T): void
  /** Waits no more for what is out, for this reason; nothing where nothing is out. */
  drop(fault: string): void
}

/**
 * One thing of a camera that a control shows and changes. `present` is what the camera says.
 * @param waits a value waits for the answer to the one before; not where a person gives it
 */
export function useSetting<T>(
  present: T,
  send: (value: T) => Promise<unknown>,
  { waits = true }: { waits?: boolean } = {},
): Setting<T> {
  const [wanted, setWanted] = useState<{ readonly value: T }>()
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<string>()
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const latest = useRef(send)
  latest.current = send
  const last = useRef(0)
  const isOut = useRef(false)
  const passing = useRef<Coalesce<{ readonly value: T; readonly turn: number }> | undefined>(undefined)

  const pass = async ({ value, turn }: { value: T; turn: number }) => {
    let words: string | undefined
    try {
      await latest.current(value)
    } catch (cause) {
      if (!(cause instanceof CommandFault)) throw cause
      words = cause.message
    } finally {
      if (turn === last.current) settle(words)
    }
  }
  const settle = (words: string | undefined) => {
    isOut.current = false
    setBusy(false)
    setFault(words)
    clearTimeout(timer.current)
    if (words === undefined) timer.current = setTimeout(() => setWanted(undefined), STATE_WITHIN)
    else setWanted(undefined)
  }
  useEffect(
    () => () => {
      last.current += 1
      passing.current?.dispose()
      clearTimeout(timer.current)
    },
    [],
  )

  return {
    value: wanted ? wanted.value : present,
    busy,
    fault,
    set(value) {
      clearTimeout(timer.current)
      last.current += 1
      setWanted({ value })
      setBusy(true)
      setFault(undefined)
      isOut.current = true
      const next = { value, turn: last.current }
      if (!waits) {
        pass(next).catch((cause: unknown) => console.error('A setting was not passed on', cause))
        return
      }
      passing.current ??= coalesce(pass)
      passing.current.put(next)
    },
    drop(words) {
      if (!isOut.current) return
      last.current += 1
      settle(words)
    },
  }
}
