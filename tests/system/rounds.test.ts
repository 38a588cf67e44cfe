import { afterAll, expect, test } from 'vitest'
import { lineOf, Rounds } from './fault-rounds.ts'

/** A restart, a cut, one that is cut off alone, two killed, an outage. `rounds.ts` draws the others too. */
const SEEDS = [102, 103, 106, 108, 109]
const rounds = new Rounds()
afterAll(() => rounds.close())

test.each(SEEDS)(
  '[RES-2] [ROOM-3] [SYNC-2] a round of chatter with a fault: views are equal, nothing is lost, doubled or reordered (seed %i)',
  { timeout: 120_000 },
  async (seed) => {
    const outcome = await rounds.round(seed)
    expect(outcome.failure, lineOf(outcome)).toBeUndefined()
  },
)
