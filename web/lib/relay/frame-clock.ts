/** A track played in a video element that nobody sees, for browsers that give its pictures in no other way. */
import { disposers, type Disposer } from '../disposer.ts'

/** Milliseconds between two looks where the browser does not tell of a new picture. */
const LOOK_EVERY = 33

export interface PlayedTrack {
  readonly video: HTMLVideoElement
  readonly dispose: Disposer
}

/** Calls back with each new picture of the track. */
export const playTrack = (track: MediaStreamTrack, onPicture: () => void): PlayedTrack => {
  const video = document.createElement('video')
  video.muted = true
  video.playsInline = true
  video.srcObject = new MediaStream([track])
  video.play().catch((cause: unknown) => console.warn('The pictures for the server do not play', cause))
  const ends = disposers(() => {
    video.srcObject = null
  })
  const look = () => {
    if (video.videoWidth > 0) onPicture()
  }
  if ('requestVideoFrameCallback' in video) {
    let handle = 0
    const next = () => {
      handle = video.requestVideoFrameCallback(() => {
        look()
        next()
      })
    }
    next()
    ends.add(() => video.cancelVideoFrameCallback(handle))
  } else {
    const timer = setInterval(look, LOOK_EVERY)
    ends.add(() => clearInterval(timer))
  }
  return { video, dispose: ends }
}
