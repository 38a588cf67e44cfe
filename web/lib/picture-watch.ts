/** Whether a received picture moves, by the count of decoded frames: a connection may be sound and show nothing. */
import { batch, signal, type ReadonlySignal } from '@preact/signals'
import type { StatsReader, VideoStats } from './stats.ts'

/** Often until the first picture, so that `live` is said when it is there. */
const LOOK_FIRST = 100
const LOOK = 400
/** No new frame for so long means standing still; [MED-1] allows 3 s until it is seen. */
const STILL_AFTER = 1_300
const TELL_STATS = 1_000

export interface PictureWatch {
  readonly moving: ReadonlySignal<boolean>
  /** Fresh once a second. */
  readonly stats: ReadonlySignal<VideoStats | undefined>
  dispose(): void
}

export const createPictureWatch = (reader: StatsReader): PictureWatch => {
  const moving = signal(false)
  const stats = signal<VideoStats | undefined>(undefined)
  let frames = 0
  let movedAt = 0
  let toldAt = 0
  let disposed = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const look = async () => {
    try {
      const now = await reader.read()
      if (disposed) return
      const time = performance.now()
      if (now.frames > frames) {
        frames = now.frames
        movedAt = time
      }
      batch(() => {
        moving.value = movedAt > 0 && time - movedAt < STILL_AFTER
        if (moving.value && time - toldAt >= TELL_STATS) {
          const { fps, ...first } = now
          stats.value = toldAt === 0 || fps === undefined ? first : now
          toldAt = time
        }
      })
    } catch (cause) {
      if (!disposed) console.error('The connection tells no statistics', cause)
    }
    if (!disposed) timer = setTimeout(() => void look(), frames === 0 ? LOOK_FIRST : LOOK)
  }
  timer = setTimeout(() => void look(), LOOK_FIRST)

  return {
    moving,
    stats,
    dispose() {
      disposed = true
      clearTimeout(timer)
    },
  }
}
