/** What a dashboard has set of this page, beside the camera itself: how the picture is shown, and what stands on the screen. */
import { signal, type ReadonlySignal, type Signal } from '@preact/signals'
import type { Client } from '../../lib/client-types.ts'
import { CommandFault } from '../../lib/direction/commands.ts'
import { oneOf } from '../../lib/direction/read.ts'
import { TURNS, type MessageSet, type Turn } from '../../lib/direction/settings.ts'
import type { Seat } from '../../lib/seat.ts'
import type { Answers } from './answers.ts'

export interface ScreenMessage extends MessageSet {
  readonly text: string
}

export interface Marks {
  readonly turn: ReadonlySignal<Turn>
  readonly mirror: ReadonlySignal<boolean>
  readonly tally: ReadonlySignal<boolean>
  readonly message: ReadonlySignal<ScreenMessage | undefined>
  /** The person has read it. */
  dismiss(): void
  readonly answers: Pick<Answers, 'turn' | 'mirror' | 'picture' | 'tally' | 'show'>
}

/** How a phone stands on its tripod outlives a reload; who is on air does not. */
export const createMarks = (deps: {
  client: Pick<Client, 'serverNow'>
  seat: Pick<Seat, 'read' | 'update'>
  covered: Signal<boolean>
  /** Of the camera; undefined while it is off. */
  source: ReadonlySignal<string | undefined>
}): Marks => {
  const { client, seat, covered, source } = deps
  const notes = seat.read()?.notes ?? {}
  const turn = signal<Turn>(oneOf(TURNS)(notes['turn']) ?? 0)
  const mirror = signal(notes['mirror'] === true)
  const tally = signal(false)
  const message = signal<ScreenMessage | undefined>(undefined)

  return {
    turn,
    mirror,
    tally,
    message,
    dismiss() {
      const shown = message.peek()
      if (shown) message.value = { ...shown, dismissed: Math.round(client.serverNow()) }
    },
    answers: {
      async turn({ degrees }) {
        turn.value = degrees
        seat.update({ notes: { turn: degrees } })
      },
      async mirror({ on }) {
        mirror.value = on
        seat.update({ notes: { mirror: on } })
      },
      async picture({ on }) {
        // The person who starts it means it to be seen, whatever was wanted before.
        if (!on && source.peek() === undefined) throw new CommandFault('not-now', 'The camera is not on.')
        covered.value = !on
      },
      async tally({ on }) {
        tally.value = on
      },
      async show({ text }) {
        message.value = text === null ? undefined : { text, at: Math.round(client.serverNow()) }
      },
    },
  }
}
