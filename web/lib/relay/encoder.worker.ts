/** The encoder's own thread, so that a busy page does not make pictures late. */
import { disposers } from '../disposer.ts'
import { picturesOf, trackProcessor } from './track-processor.ts'
import { createVideoEncoding, type VideoEncoding } from './video-encoding.ts'
import type { FromWorker, PictureFeed, ToWorker } from './worker-messages.ts'

/** The part of a worker's scope that is used; the types of workers and of pages exclude each other. */
interface Scope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null
  postMessage(message: FromWorker, transfer: Transferable[]): void
  close(): void
}
const scope = globalThis as unknown as Scope
const ends = disposers()
let encoding: VideoEncoding | undefined

const tellFault = (cause: unknown) => scope.postMessage({ kind: 'fault', text: String(cause) }, [])

const pump = async (stream: ReadableStream<VideoFrame>) => {
  const reader = stream.getReader()
  ends.add(() => {
    reader.cancel().catch((cause: unknown) => console.warn('The pictures were not given back', cause))
  })
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    encoding?.take(value, Date.now())
  }
}
const follow = (feed: PictureFeed) => {
  if (feed.kind === 'pushed') return
  if (feed.kind === 'stream') {
    pump(feed.stream).catch(tellFault)
    return
  }
  const processor = trackProcessor()
  ends.add(() => feed.track.stop())
  if (processor) pump(picturesOf(feed.track, processor)).catch(tellFault)
  else tellFault(new Error('This worker makes no pictures of a track'))
}

scope.onmessage = ({ data }) => {
  switch (data.kind) {
    case 'start':
      encoding = createVideoEncoding({
        allowed: data.allowed,
        pace: data.pace,
        onPicture: (picture) => scope.postMessage({ kind: 'encoded', picture }, [picture.payload.buffer]),
        onFault: tellFault,
      })
      scope.postMessage({ kind: 'ready', takesTrack: trackProcessor() !== undefined }, [])
      return
    case 'feed':
      follow(data.feed)
      return
    case 'picture':
      if (encoding) encoding.take(data.frame, data.takenAt)
      else data.frame.close()
      return
    case 'pace':
      encoding?.set(data.pace)
      return
    case 'key':
      encoding?.keyPicture()
      return
    case 'end':
      ends()
      encoding?.dispose()
      scope.close()
      return
    default:
      data satisfies never
  }
}
