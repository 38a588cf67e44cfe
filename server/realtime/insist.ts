import { StoreUnavailable } from '../domain/refusal.ts'
import type { Pauses } from './pauses.ts'

/**
 * Does something that may be done twice, again while the store does not answer, and once more where the pauses are over.
 * @throws StoreUnavailable at last
 */
export async function insist<T>(
  pauses: Pauses,
  { afterMs, times }: { readonly afterMs: number; readonly times: number },
  work: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || tries >= times || pauses.isOver) throw error
    }
    await pauses.pause(afterMs)
  }
}
