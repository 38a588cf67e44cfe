/** What a careful device does besides: it asks whether the server is still there, and goes elsewhere where it is not. */
import { CLOSES } from '../../../server/protocol/closes.ts'
import type { Run } from '../run-state.ts'
import type { Fleet } from './fleet.ts'

/** As docs/SPEC.md has it for our client. Milliseconds. */
const PING_EVERY = 15_000
const ANSWER_WITHIN = 5_000
const LOOK_EVERY = 1_000

/** Who talks to nobody finds out within this time. Milliseconds. */
export const FOUND_OUT_WITHIN = PING_EVERY + ANSWER_WITHIN + 2 * LOOK_EVERY

/** How connections end with several instances, whatever the devices do; 1006 is a reset or a refused upgrade. */
const ENDS = [1006, CLOSES.draining, CLOSES.overloaded]

/** Looks after the devices of a run until its end. */
export function keepAlive(run: Run<Fleet>): void {
  const { world } = run
  run.ends = ENDS
  const look = (): void => {
    world.after(LOOK_EVERY, look)
    for (const client of run.clients) {
      if (!client.isIn || client.isOver) continue
      const now = world.now()
      const silentFor = now - Math.max(client.heardAt, client.helloAt)
      const isOpening = client.phase === 'opening'
      if ((isOpening && now - client.helloAt > ANSWER_WITHIN) || silentFor > PING_EVERY + ANSWER_WITHIN)
        client.connect()
      else if (client.isOpen && !isOpening && silentFor > PING_EVERY) client.ping()
    }
  }
  look()
}
