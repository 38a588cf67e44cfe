/** Pictures as JPEG files from a canvas: for browsers without WebCodecs, and for watchers without it. */
import { JPEG } from '../../../server/protocol/frames.ts'
import { isDue, randomStream, type StartEncoder } from './encoder.ts'
import { playTrack } from './frame-clock.ts'
import type { Pace } from './pace.ts'

/** Longer side in pixels: JPEG takes 3.5 times the bytes of a video codec at the same size. */
const LONGEST = 960
/** Quality as of `toBlob`, by the bits a second there are. */
const QUALITIES = [
  { above: 1_200_000, quality: 0.6 },
  { above: 500_000, quality: 0.45 },
  { above: 0, quality: 0.3 },
] as const
/** Pictures a second at most. */
const MOST_FPS = 15

const qualityAt = (bitrate: number): number => QUALITIES.find(({ above }) => bitrate > above)?.quality ?? 0.3

export const startJpegEncoder: StartEncoder = ({ track, onPicture, onFault }) => {
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d', { alpha: false })
  const stream = randomStream()
  let pace: Pace = { bitrate: 1_500_000, fps: MOST_FPS, hold: false }
  let number = 0
  let lastAt = 0
  let busy = false
  let disposed = false

  const encode = async (takenAt: number) => {
    const blob = await new Promise<Blob | null>((resolve) =>
      canvas.toBlob(resolve, 'image/jpeg', qualityAt(pace.bitrate)),
    )
    if (!blob) throw new Error('This browser makes no JPEG of a canvas')
    const payload = new Uint8Array(await blob.arrayBuffer())
    if (disposed) return
    const { width, height } = canvas
    onPicture({ isKey: true, rotation: 0, number, stream, takenAt, width, height, codec: JPEG, payload })
    number += 1
  }
  const { video, dispose } = playTrack(track, () => {
    const takenAt = Date.now()
    if (busy || !context || !isDue(pace, takenAt, lastAt)) return
    const scale = Math.min(1, LONGEST / Math.max(video.videoWidth, video.videoHeight))
    canvas.width = Math.round(video.videoWidth * scale)
    canvas.height = Math.round(video.videoHeight * scale)
    context.drawImage(video, 0, 0, canvas.width, canvas.height)
    lastAt = takenAt
    busy = true
    encode(takenAt)
      .catch((cause: unknown) => {
        if (!disposed) onFault(cause)
      })
      .finally(() => {
        busy = false
      })
  })
  if (!context) queueMicrotask(() => onFault(new Error('This browser gives no canvas')))

  return {
    set(next) {
      pace = { ...next, fps: Math.min(MOST_FPS, next.fps) }
    },
    // Each of them is one.
    keyPicture() {},
    dispose() {
      disposed = true
      dispose()
    },
  }
}
