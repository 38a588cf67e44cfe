/** Loads what a dashboard's commands need when the session opens: the first screen does without it. */
import { signal, type ReadonlySignal } from '@preact/signals'
import { createBackoff } from '../../lib/backoff.ts'
import { disposers } from '../../lib/disposer.ts'
import { CommandFault } from '../../lib/direction/commands.ts'
import { answerCommands, type Answers } from './answers.ts'
import type { Direction, DirectionNeeds } from './direction.tsx'

export interface LoadedDirection {
  /** Undefined until it is loaded. */
  readonly direction: ReadonlySignal<Direction | undefined>
  dispose(): void
}

const bringPart = () => import('./direction.tsx')

/** Answers commands from now on; one that comes before the rest is loaded waits for it. `here` needs no loading. */
export const loadDirection = (
  needs: DirectionNeeds,
  here: Pick<Answers, 'way' | 'photo'>,
  bring: () => Promise<{ openDirection(needs: DirectionNeeds): Direction }> = bringPart,
): LoadedDirection => {
  const direction = signal<Direction | undefined>(undefined)
  const backoff = createBackoff({ firstMs: 1_000, capMs: 30_000 })
  let loading: Promise<Direction> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let disposed = false

  const open = async (): Promise<Direction> => {
    const { openDirection } = await bring()
    if (disposed) throw new Error('The session is over')
    direction.value = openDirection(needs)
    return direction.value
  }
  const load = async (): Promise<Direction> => {
    loading ??= open()
    try {
      return await loading
    } catch (cause) {
      loading = undefined
      throw new CommandFault('failed', 'The phone could not load what this needs. Try again.', { cause })
    }
  }
  const loadAtOnce = async () => {
    try {
      await load()
    } catch (cause) {
      if (disposed) return
      console.warn('What answers a dashboard was not loaded', cause)
      timer = setTimeout(() => void loadAtOnce(), backoff.next())
    }
  }
  const stop = disposers(
    answerCommands(needs.client, async (name) => (name in here ? here : (await load()).answers)),
    () => clearTimeout(timer),
  )
  void loadAtOnce()
  return {
    direction,
    dispose() {
      disposed = true
      stop()
      direction.peek()?.dispose()
      direction.value = undefined
    },
  }
}
