/** Whether a received picture moves, by the count of decoded frames: a connection may be sound and show nothing. */
import { batch, effect, signal, type ReadonlySignal } from '@preact/signals'
import type { StatsReader, VideoStats } from './stats.ts'

/** Often until the first picture, so that `live` is said when it is there. */
const LOOK_FIRST = 100
const LOOK = 400
/** No new frame for so long means standing still; [MED-1] allows 3 s until it is seen. */
const STILL_AFTER = 1_300
/**
 * A camera that says it pauses is believed once it is quiet. Safari then sends a black picture each second, which
 * is not one; other browsers may go on in the background at full rate, which is.
 */
const QUIET = { look: 200, frames: 2 }
const TELL_STATS = 1_000

export interface PictureWatch {
  readonly moving: ReadonlySignal<boolean>
  /** Fresh once a second. */
  readonly stats: ReadonlySignal<VideoStats | undefined>
  dispose(): void
}

/** What the camera says of the pictures it makes. */
export interface CameraWords {
  /** None at the moment, as far as it knows. */
  readonly paused: ReadonlySignal<boolean>
  /** None for certain: whatever comes all the same is black. */
  readonly silent: ReadonlySignal<boolean>
}

export const createPictureWatch = (reader: StatsReader, { paused, silent }: CameraWords): PictureWatch => {
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
      const fresh = now.frames - frames
      if (fresh > 0) {
        frames = now.frames
        movedAt = time
      }
      batch(() => {
        const moves = paused.peek() ? fresh >= QUIET.frames : movedAt > 0 && time - movedAt < STILL_AFTER
        moving.value = moves && !silent.peek()
        if (moving.value && time - toldAt >= TELL_STATS) {
          const { fps, ...first } = now
          stats.value = toldAt === 0 || fps === undefined ? first : now
          toldAt = time
        }
      })
    } catch (cause) {
      if (!disposed) console.error('The connection tells no statistics', cause)
    }
    if (!disposed) lookIn(frames === 0 ? LOOK_FIRST : paused.peek() ? QUIET.look : LOOK)
  }
  const lookIn = (ms: number) => {
    timer = setTimeout(() => {
      timer = undefined
      void look()
    }, ms)
  }
  lookIn(LOOK_FIRST)
  const stopFollowing = effect(() => {
    if (silent.value) moving.value = false
    if (!paused.value || timer === undefined || frames === 0) return
    clearTimeout(timer)
    lookIn(QUIET.look)
  })

  return {
    moving,
    stats,
    dispose() {
      disposed = true
      stopFollowing()
      clearTimeout(timer)
    },
  }
}
