/**
 * One camera in a window of its own above all others. A video that nobody sees plays whatever the feed shows, so that
 * the window stays when the picture changes its way: the stream that comes directly, or the canvas of relayed ones.
 */
import { effect, type ReadonlySignal } from '@preact/signals'
import { disposers, listen, type Disposer } from '../disposer.ts'

/** What there is to see of a camera (feed.ts). */
export interface Shown {
  readonly stream: ReadonlySignal<MediaStream | undefined>
  readonly canvas: ReadonlySignal<HTMLCanvasElement | undefined>
}

/** Whether this browser opens such windows for a video. */
export const hasPictureInPicture = (): boolean =>
  document.pictureInPictureEnabled && 'requestPictureInPicture' in HTMLVideoElement.prototype

/** Whatever does not come is not waited for longer; milliseconds. */
const PICTURE_WITHIN = 3_000

const hasPicture = (video: HTMLVideoElement): Promise<void> =>
  new Promise((resolve, reject) => {
    if (video.readyState >= HTMLMediaElement.HAVE_METADATA) {
      resolve()
      return
    }
    const stop = disposers(
      listen(video, 'loadedmetadata', () => {
        stop()
        resolve()
      }),
    )
    const timer = setTimeout(() => {
      stop()
      reject(new Error('There is no picture to show'))
    }, PICTURE_WITHIN)
    stop.add(() => clearTimeout(timer))
  })

/** Plays what the feed shows, and follows it from one way to the other. */
function follow(video: HTMLVideoElement, { stream, canvas }: Shown): Disposer {
  return effect(() => {
    const drawn = canvas.value
    const source = drawn ? drawn.captureStream() : stream.value
    // The last picture stands while none is there.
    if (!source) return undefined
    video.srcObject = source
    video
      .play()
      .catch((cause: unknown) => console.warn('The picture for its own window does not play', cause))
    return () => {
      if (drawn) for (const track of source.getTracks()) track.stop()
    }
  })
}

/**
 * Opens the window. Must come from a press of a button, or browsers refuse.
 * @param onEnd called once when the window was closed, by whomever
 * @returns closes it
 */
export async function openPictureInPicture(shown: Shown, onEnd: () => void): Promise<Disposer> {
  const video = document.createElement('video')
  video.muted = true
  video.playsInline = true
  video.className = 'off-stage'
  video.tabIndex = -1
  video.ariaHidden = 'true'
  // Safari shows only what is part of the page.
  document.body.append(video)
  const stop = disposers(() => {
    video.srcObject = null
    video.remove()
  })
  try {
    stop.add(follow(video, shown))
    await hasPicture(video)
    await video.requestPictureInPicture()
  } catch (error) {
    stop()
    throw error
  }
  stop.add(
    listen(video, 'leavepictureinpicture', () => {
      stop()
      onEnd()
    }),
  )
  return () => {
    if (document.pictureInPictureElement !== video) return
    document
      .exitPictureInPicture()
      .catch((cause: unknown) => console.warn('The window of the picture does not close', cause))
  }
}
