/** Takes one photo while the video goes on: the camera's own photo, else a frame of the video, else what is shown. */
import { StillFault } from '../../lib/stills/fault.ts'
import { isStillType, MAX_STILL, type How } from '../../lib/stills/packets.ts'

export interface Taken {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly type: string
  /** Pixels as it is to be seen, whichever way the device was held; 0 where unknown. */
  readonly width: number
  readonly height: number
  readonly how: How
}

/** A camera that has not answered by then will not: some never do (milliseconds). */
const PHOTO_WITHIN = 5_000
const FRAME_WITHIN = 4_000
/** Of what is encoded here. */
const QUALITY = 0.95

// Not in the DOM types: W3C image-capture.
interface PhotoSettings {
  readonly imageWidth?: number
  readonly imageHeight?: number
}
interface ImageCapture {
  takePhoto(settings?: PhotoSettings): Promise<Blob>
  getPhotoCapabilities(): Promise<{
    readonly imageWidth?: { readonly max: number }
    readonly imageHeight?: { readonly max: number }
  }>
  grabFrame?(): Promise<ImageBitmap>
}
type ImageCaptureType = new (track: MediaStreamTrack) => ImageCapture

const captureOf = (track: MediaStreamTrack): ImageCapture | undefined => {
  const Type = (globalThis as { ImageCapture?: ImageCaptureType }).ImageCapture
  if (Type === undefined) return undefined
  try {
    return new Type(track)
  } catch (cause) {
    console.warn('The camera takes no photos of its own', cause)
    return undefined
  }
}

const within = <T>(ms: number, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DOMException('It took too long', 'TimeoutError')), ms)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })

/** What browsers make of the turn that a file tells of (EXIF) is what is seen, so its size is that as well. */
const sizeOf = async (blob: Blob): Promise<{ width: number; height: number }> => {
  try {
    const bitmap = await createImageBitmap(blob)
    const { width, height } = bitmap
    bitmap.close()
    return { width, height }
  } catch (cause) {
    console.warn('The size of the photo is not known', cause)
    return { width: 0, height: 0 }
  }
}

const takenOf = async (blob: Blob, how: How): Promise<Taken> => {
  const size = await sizeOf(blob)
  const type = isStillType(blob.type) ? blob.type : 'image/jpeg'
  return { bytes: new Uint8Array(await blob.arrayBuffer()), type, ...size, how }
}

const encode = async (source: CanvasImageSource, width: number, height: number, how: How): Promise<Taken> => {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext('2d')
  if (!context || width === 0 || height === 0)
    throw new DOMException('There is no picture', 'InvalidStateError')
  context.drawImage(source, 0, 0)
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY))
  if (!blob) throw new DOMException('The picture could not be encoded', 'EncodingError')
  return { bytes: new Uint8Array(await blob.arrayBuffer()), type: 'image/jpeg', width, height, how }
}

/** As large as the camera can; one that refuses the size is asked without one. */
const takePhoto = async (capture: ImageCapture): Promise<Blob> => {
  let settings: PhotoSettings | undefined
  try {
    const { imageWidth, imageHeight } = await capture.getPhotoCapabilities()
    if (imageWidth && imageHeight && imageWidth.max > 0 && imageHeight.max > 0)
      settings = { imageWidth: imageWidth.max, imageHeight: imageHeight.max }
  } catch (cause) {
    console.warn('The camera does not tell what photos it takes', cause)
  }
  if (settings) {
    try {
      return await capture.takePhoto(settings)
    } catch (cause) {
      console.warn('The camera takes no photo of its largest size', cause)
    }
  }
  return capture.takePhoto()
}

const grabFrame = async (capture: ImageCapture): Promise<Taken> => {
  if (!capture.grabFrame) throw new DOMException('There is no grabFrame', 'NotSupportedError')
  const frame = await capture.grabFrame()
  try {
    return await encode(frame, frame.width, frame.height, 'frame')
  } finally {
    frame.close()
  }
}

const drawPicture = async (track: MediaStreamTrack): Promise<Taken> => {
  const video = document.createElement('video')
  video.muted = true
  video.playsInline = true
  video.srcObject = new MediaStream([track])
  try {
    // In a page that is hidden it may never play.
    await within(FRAME_WITHIN, video.play())
    return await encode(video, video.videoWidth, video.videoHeight, 'picture')
  } finally {
    video.srcObject = null
  }
}

/** @throws StillFault where nothing of it works, or the photo is too large */
export const takeStill = async (track: MediaStreamTrack): Promise<Taken> => {
  const capture = captureOf(track)
  const steps: readonly (() => Promise<Taken>)[] = [
    ...(capture
      ? [
          async () => takenOf(await within(PHOTO_WITHIN, takePhoto(capture)), 'photo'),
          () => within(FRAME_WITHIN, grabFrame(capture)),
        ]
      : []),
    () => drawPicture(track),
  ]
  let why: unknown
  for (const step of steps) {
    try {
      const taken = await step()
      if (taken.bytes.length > 0 && taken.bytes.length <= MAX_STILL) return taken
      why = new RangeError(`The photo has ${taken.bytes.length} bytes`)
    } catch (cause) {
      why = cause
    }
    console.warn('A way to take the photo failed', why)
  }
  throw new StillFault('taking', 'The phone could not take the photo.', { cause: why })
}

/** A photo that a person chose or took with the camera's own app. @throws StillFault where it is not taken */
export const stillOfFile = async (file: File): Promise<Taken> => {
  if (!isStillType(file.type)) throw new StillFault('taking', 'This file is no photo.')
  if (file.size > MAX_STILL)
    throw new StillFault('taking', `This photo is larger than ${MAX_STILL / 1024 / 1024} MB.`)
  try {
    return await takenOf(file, 'file')
  } catch (cause) {
    throw new StillFault('taking', 'The photo could not be read. Take it again.', { cause })
  }
}
