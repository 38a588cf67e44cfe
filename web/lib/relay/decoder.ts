/** From encoded pictures to images: WebCodecs' VideoDecoder, or the browser's own reader of JPEG files. */
import { JPEG, type Picture } from '../../../server/protocol/frames.ts'

/** An image that is there until its owner closes it. */
export type ShownImage = VideoFrame | ImageBitmap

export interface PictureDecoder {
  readonly codec: string
  /** Pictures that it has not given back yet. */
  readonly waiting: () => number
  /** Takes a picture that can be decoded upon those before it. */
  decode(picture: Picture): void
  dispose(): void
}

export interface DecoderNeeds {
  readonly codec: string
  /** The image is the receiver's to close. */
  readonly onImage: (image: ShownImage, picture: Picture) => void
  /** It decodes nothing more. */
  readonly onFault: (cause: unknown) => void
}

/** Microseconds between two made-up timestamps: they only tell pictures apart. */
const STEP = 1_000

const startVideo = ({ codec, onImage, onFault }: DecoderNeeds): PictureDecoder => {
  const inside = new Map<number, Picture>()
  let timestamp = 0
  const decoder = new VideoDecoder({
    output: (frame) => {
      const picture = inside.get(frame.timestamp)
      // Those before it that gave no image never will.
      for (const key of inside.keys()) if (key <= frame.timestamp) inside.delete(key)
      if (picture) onImage(frame, picture)
      else frame.close()
    },
    error: onFault,
  })
  decoder.configure({ codec, optimizeForLatency: true })
  return {
    codec,
    waiting: () => inside.size,
    decode(picture) {
      timestamp += STEP
      inside.set(timestamp, picture)
      decoder.decode(
        new EncodedVideoChunk({ type: picture.isKey ? 'key' : 'delta', timestamp, data: picture.payload }),
      )
    },
    dispose() {
      if (decoder.state !== 'closed') decoder.close()
    },
  }
}

const startJpeg = ({ codec, onImage, onFault }: DecoderNeeds): PictureDecoder => {
  let busy = false
  let next: Picture | undefined
  let disposed = false
  const show = async (picture: Picture) => {
    busy = true
    try {
      // A copy: the picture is a view of a larger frame.
      const file = new Blob([new Uint8Array(picture.payload)], { type: 'image/jpeg' })
      const image = await createImageBitmap(file)
      if (disposed) image.close()
      else onImage(image, picture)
    } catch (cause) {
      if (!disposed) onFault(cause)
    } finally {
      busy = false
    }
    const newest = next
    next = undefined
    if (newest && !disposed) void show(newest)
  }
  return {
    codec,
    waiting: () => 0,
    decode(picture) {
      if (busy) next = picture
      else void show(picture)
    },
    dispose() {
      disposed = true
    },
  }
}

/** @throws where this browser has no decoder, or none for this codec */
export const startDecoder = (needs: DecoderNeeds): PictureDecoder => {
  if (needs.codec === JPEG) return startJpeg(needs)
  if (typeof VideoDecoder === 'undefined') throw new Error('This browser has no WebCodecs')
  return startVideo(needs)
}
