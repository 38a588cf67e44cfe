/** Encodes in a worker with WebCodecs. */
import { disposers } from '../disposer.ts'
import type { StartEncoder } from './encoder.ts'
import { playTrack } from './frame-clock.ts'
import { picturesOf, trackProcessor } from './track-processor.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** Pictures at full rate until the keeper of the pace has said otherwise. */
const FIRST_PACE = { bitrate: 1_500_000, fps: 30, hold: false }

export const startWorkerEncoder: StartEncoder = ({ track, allowed, onPicture, onFault }) => {
  const worker = new Worker(new URL('encoder.worker.ts', import.meta.url), { type: 'module' })
  const tell = (message: ToWorker, transfer: Transferable[] = []) => worker.postMessage(message, transfer)
  const ends = disposers()
  // The page goes on showing its own track; what is handed away is another one of the same camera.
  const mine = track.clone()
  ends.add(() => mine.stop())

  const push = () => {
    const { video, dispose } = playTrack(mine, () => {
      const frame = new VideoFrame(video, { timestamp: Math.round(performance.now() * 1_000) })
      tell({ kind: 'picture', frame, takenAt: Date.now() }, [frame])
    })
    ends.add(dispose)
  }
  const feed = (takesTrack: boolean) => {
    const processor = trackProcessor()
    if (processor) {
      const stream = picturesOf(mine, processor)
      tell({ kind: 'feed', feed: { kind: 'stream', stream } }, [stream])
      return
    }
    if (takesTrack) {
      try {
        tell({ kind: 'feed', feed: { kind: 'track', track: mine } }, [mine])
        return
      } catch (cause) {
        console.warn('This browser keeps tracks in the page', cause)
      }
    }
    push()
  }
  const fault = (cause: unknown) => {
    dispose()
    onFault(cause)
  }
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if (data.kind === 'ready') feed(data.takesTrack)
    else if (data.kind === 'encoded') onPicture(data.picture)
    else fault(new Error(data.text))
  }
  worker.onerror = (event) => fault(new Error(`The encoder's worker did not start: ${event.message}`))
  const dispose = () => {
    worker.onmessage = worker.onerror = null
    ends()
    // It closes itself, so that the frames it holds are given back first.
    tell({ kind: 'end' })
  }
  tell({ kind: 'start', allowed, pace: FIRST_PACE })

  return {
    set: (pace) => tell({ kind: 'pace', pace }),
    keyPicture: () => tell({ kind: 'key' }),
    dispose,
  }
}
