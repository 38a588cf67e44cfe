import type { Clock } from '../domain/clock.ts'
import { StoreUnavailable } from '../domain/refusal.ts'

/** Does something that may be done twice, again while the store does not answer. @throws StoreUnavailable at last */
export async function insist<T>(
  clock: Clock,
  { afterMs, times }: { readonly afterMs: number; readonly times: number },
  work: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || tries >= times) throw error
    }
    await new Promise<void>((resolve) => void clock.after(afterMs, resolve))
  }
}
