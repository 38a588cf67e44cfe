import type { Picture } from '../../protocol/frames.ts'
import { UPLOAD_BURST, UPLOAD_PER_SECOND } from '../../protocol/limits.ts'
import { ByteBudget } from './byte-budget.ts'

/** Numbers of pictures are of 32 bits. */
const nextNumber = (number: number): number => (number + 1) >>> 0

/**
 * What a camera sends, in groups that each begin with a key picture. A group with a hole is passed on up to the hole,
 * and so is one that runs over the bound of bytes.
 */
export class Upload {
  readonly #budget: ByteBudget | undefined
  /** What would go on with the group; nothing: it takes a key picture. */
  #next: Pick<Picture, 'stream' | 'number'> | undefined

  /** @param now milliseconds, as for `admit` */
  constructor(isBounded: boolean, now: number) {
    this.#budget = isBounded ? new ByteBudget(UPLOAD_PER_SECOND, UPLOAD_BURST, now) : undefined
  }

  /** @returns `over`: it is more than a camera may send; `broken`: it cannot be decoded after what was passed on */
  admit(picture: Picture, size: number, now: number): 'sound' | 'broken' | 'over' {
    const goesOn =
      picture.isKey || (this.#next?.stream === picture.stream && this.#next.number === picture.number)
    if (!goesOn || this.#budget?.take(size, now) === false) {
      this.#next = undefined
      return goesOn ? 'over' : 'broken'
    }
    this.#next = { stream: picture.stream, number: nextNumber(picture.number) }
    return 'sound'
  }

  /** Pictures come another way now. */
  restart(): void {
    this.#next = undefined
  }
}
