import type { ProblemCode } from '../protocol/problems.ts'

/** What the layers above may know of the store's faults. */
export { StoreUnavailable } from '../store/store.ts'

/** A request that is answered with a stable problem code; `detail` is for people. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly code: ProblemCode
  /** When asking again makes sense, for `rate_limited`. */
  readonly retryAfterMs: number | undefined

  constructor(code: ProblemCode, detail: string, retryAfterMs?: number) {
    super(detail)
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}
