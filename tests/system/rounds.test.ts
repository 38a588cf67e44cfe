import { afterAll, expect, test } from 'vitest'
import { lineOf, Rounds } from './fault-rounds.ts'

/** A restart, a cut, a pause, two killed and one killed. `rounds.ts` draws the others too. */
const SEEDS = [102, 103, 107, 108, 111]
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
