/** How many of a relayed camera's pictures were left out on their way, by the gaps in their numbers. */
import type { PictureHeader } from '../../../server/protocol/frames.ts'

/** More at once is another stretch of the stream, not a loss. */
const MOST_IN_A_ROW = 1_000

export interface LossCount {
  came(picture: Pick<PictureHeader, 'stream' | 'number'>): void
  /** The share since the last time it was asked, 0 to 100; nothing where none came. */
  take(): { readonly lossPercent?: number }
}

export const createLossCount = (): LossCount => {
  let last: { readonly stream: number; readonly number: number } | undefined
  let got = 0
  let missed = 0
  return {
    came({ stream, number }) {
      got += 1
      if (last?.stream === stream) {
        const gap = (number - last.number - 1 + 2 ** 32) % 2 ** 32
        if (gap < MOST_IN_A_ROW) missed += gap
      }
      last = { stream, number }
    },
    take() {
      const all = got + missed
      const share = all === 0 ? {} : { lossPercent: Math.round((missed / all) * 1_000) / 10 }
      got = missed = 0
      return share
    },
  }
}
