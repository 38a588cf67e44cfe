/** Pictures through WebCodecs' VideoEncoder, in a worker or not; begins anew when size, turn or codec change. */
import type { Rotation } from '../../../server/protocol/frames.ts'
import { chooseVideo, type Family } from './codecs.ts'
import { isDue, KEY_EVERY, randomStream, type EncodedPicture } from './encoder.ts'
import type { Pace } from './pace.ts'

// Not in the DOM types yet: W3C webcodecs, VideoFrame.rotation.
type TurnedFrame = VideoFrame & { readonly rotation?: number }

export interface VideoEncoding {
  /** Takes the frame over: it is closed here. */
  take(frame: VideoFrame, takenAt: number): void
  set(pace: Pace): void
  keyPicture(): void
  dispose(): void
}

interface Running {
  readonly encoder: VideoEncoder
  readonly config: VideoEncoderConfig
  readonly family: Family
  readonly stream: number
  readonly rotation: Rotation
  /** When each picture that is in the encoder was taken, by its timestamp. */
  readonly taken: Map<number, number>
  /** Size and turn of the frames it was made for. */
  readonly shape: string
  bitrate: number
  number: number
  keyAt: number
}

/** Pictures in the encoder before more are left out: it is slower than the camera. */
const MOST_INSIDE = 2
/** A change smaller than this is not worth configuring an encoder for. */
const WORTH_CHANGING = 0.05

const supports = async (config: VideoEncoderConfig): Promise<boolean> => {
  try {
    return (await VideoEncoder.isConfigSupported(config)).supported === true
  } catch (cause) {
    // Browsers differ in what they call invalid instead of unsupported.
    console.warn(`This browser does not say whether it encodes ${config.codec}`, cause)
    return false
  }
}

const rotationOf = (frame: TurnedFrame): Rotation => {
  const { rotation } = frame
  return rotation === 90 || rotation === 180 || rotation === 270 ? rotation : 0
}

export const createVideoEncoding = (needs: {
  readonly allowed: readonly Family[]
  readonly pace: Pace
  readonly onPicture: (picture: EncodedPicture) => void
  /** No codec is left that works. */
  readonly onFault: (cause: unknown) => void
}): VideoEncoding => {
  let allowed = needs.allowed
  let pace = needs.pace
  let running: Running | undefined
  let choosing = false
  let keyWanted = true
  let lastAt = 0
  let disposed = false

  const stop = () => {
    if (running && running.encoder.state !== 'closed') running.encoder.close()
    running = undefined
  }
  const failed = (family: Family, cause: unknown) => {
    stop()
    allowed = allowed.filter((one) => one !== family)
    console.warn(`The encoder for ${family} failed`, cause)
  }
  const give = (from: Running, chunk: EncodedVideoChunk) => {
    if (running !== from) return
    const payload = new Uint8Array(chunk.byteLength)
    chunk.copyTo(payload)
    const takenAt = from.taken.get(chunk.timestamp) ?? Date.now()
    from.taken.delete(chunk.timestamp)
    needs.onPicture({
      isKey: chunk.type === 'key',
      rotation: from.rotation,
      number: from.number,
      stream: from.stream,
      takenAt,
      width: from.config.width,
      height: from.config.height,
      codec: from.config.codec,
      payload,
    })
    from.number = (from.number + 1) % 2 ** 32
  }
  const start = async (shape: string, size: { width: number; height: number }, rotation: Rotation) => {
    choosing = true
    stop()
    try {
      const choice = await chooseVideo(allowed, size, supports)
      if (disposed) return
      if (!choice) {
        disposed = true
        needs.onFault(new Error('This browser encodes none of the codecs that all who watch can show'))
        return
      }
      const { family } = choice
      const config = { ...choice.config, bitrate: pace.bitrate, framerate: pace.fps }
      const encoder = new VideoEncoder({
        output: (chunk) => give(mine, chunk),
        error: (cause) => failed(family, cause),
      })
      const mine: Running = {
        encoder,
        config,
        family,
        stream: randomStream(),
        rotation,
        taken: new Map(),
        shape,
        bitrate: pace.bitrate,
        number: 0,
        keyAt: Number.NEGATIVE_INFINITY,
      }
      running = mine
      encoder.configure(config)
    } catch (cause) {
      if (running) failed(running.family, cause)
      else needs.onFault(cause)
    } finally {
      choosing = false
    }
  }
  const follow = (now: Running) => {
    if (Math.abs(pace.bitrate - now.bitrate) < now.bitrate * WORTH_CHANGING) return
    now.bitrate = pace.bitrate
    now.encoder.configure({ ...now.config, bitrate: pace.bitrate, framerate: pace.fps })
  }
  const encode = (frame: VideoFrame, takenAt: number) => {
    const rotation = rotationOf(frame)
    const size = { width: frame.codedWidth, height: frame.codedHeight }
    const visible = frame.visibleRect ?? size
    const shape = `${visible.width}x${visible.height}@${rotation}`
    if (running?.shape !== shape) {
      if (!choosing) void start(shape, { width: visible.width, height: visible.height }, rotation)
      return
    }
    const now = running
    if (choosing || now.encoder.encodeQueueSize > MOST_INSIDE || !isDue(pace, takenAt, lastAt)) return
    try {
      follow(now)
      const isKey = keyWanted || takenAt - now.keyAt >= KEY_EVERY
      now.taken.set(frame.timestamp, takenAt)
      now.encoder.encode(frame, { keyFrame: isKey })
      lastAt = takenAt
      if (!isKey) return
      keyWanted = false
      now.keyAt = takenAt
    } catch (cause) {
      failed(now.family, cause)
    }
  }

  return {
    take(frame, takenAt) {
      try {
        if (!disposed) encode(frame, takenAt)
      } finally {
        frame.close()
      }
    },
    set(next) {
      pace = next
    },
    keyPicture() {
      keyWanted = true
    },
    dispose() {
      disposed = true
      stop()
    },
  }
}
