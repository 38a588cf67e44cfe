/** Which relayed pictures can be decoded: from a key picture on, each upon the one before it. */
import type { PictureHeader } from '../../../server/protocol/frames.ts'

export interface Chain {
  /** Whether it can be decoded; false also means that a key picture is needed. */
  takes(picture: Pick<PictureHeader, 'isKey' | 'stream' | 'number'>): boolean
  /** The decoder lost its place. */
  broke(): void
}

export const createChain = (): Chain => {
  let last: { readonly stream: number; readonly number: number } | undefined
  return {
    takes({ isKey, stream, number }) {
      const follows = last !== undefined && last.stream === stream && (last.number + 1) % 2 ** 32 === number
      if (!isKey && !follows) {
        last = undefined
        return false
      }
      last = { stream, number }
      return true
    },
    broke() {
      last = undefined
    },
  }
}
