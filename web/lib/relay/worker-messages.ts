/** What the page and its encoder's worker say to each other. */
import type { Family } from './codecs.ts'
import type { EncodedPicture } from './encoder.ts'
import type { Pace } from './pace.ts'

/**
 * How the worker gets the pictures. Chromium makes the stream in the window, WebKit in a worker that got the track;
 * elsewhere the page pushes one picture after another.
 */
export type PictureFeed =
  | { readonly kind: 'stream'; readonly stream: ReadableStream<VideoFrame> }
  | { readonly kind: 'track'; readonly track: MediaStreamTrack }
  | { readonly kind: 'pushed' }

export type ToWorker =
  | { readonly kind: 'start'; readonly allowed: readonly Family[]; readonly pace: Pace }
  | { readonly kind: 'feed'; readonly feed: PictureFeed }
  | { readonly kind: 'picture'; readonly frame: VideoFrame; readonly takenAt: number }
  | { readonly kind: 'pace'; readonly pace: Pace }
  | { readonly kind: 'key' }
  | { readonly kind: 'end' }

export type FromWorker =
  /** The worker runs; `takesTrack`: it makes pictures of a track itself. */
  | { readonly kind: 'ready'; readonly takesTrack: boolean }
  | { readonly kind: 'encoded'; readonly picture: EncodedPicture }
  | { readonly kind: 'fault'; readonly text: string }
