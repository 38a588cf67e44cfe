import { afterAll, expect, test } from 'vitest'
import { lineOf, Rounds } from './fault-rounds.ts'

const ROUNDS = 5
const SEED = 1
const rounds = new Rounds()
afterAll(() => rounds.close())

test.each(Array.from({ length: ROUNDS }, (_, n) => SEED + n))(
  '[RES-2] [ROOM-3] [SYNC-2] a round of chatter with a fault: views are equal, nothing is lost, doubled or reordered (seed %i)',
  { timeout: 120_000 },
  async (seed) => {
    const outcome = await rounds.round(seed)
    expect(outcome.failure, lineOf(outcome)).toBeUndefined()
  },
)
