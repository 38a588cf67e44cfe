/** What makes encoded pictures of a camera's track: one interface, whatever the browser has for it. */
import type { PictureHeader } from '../../../server/protocol/frames.ts'
import type { Family } from './codecs.ts'
import type { Pace } from './pace.ts'

export interface EncodedPicture extends PictureHeader {
  readonly payload: Uint8Array<ArrayBuffer>
}

export interface PictureEncoder {
  set(pace: Pace): void
  /** The next picture is one that decoding can begin with. */
  keyPicture(): void
  dispose(): void
}

export interface EncoderNeeds {
  readonly track: MediaStreamTrack
  /** What all who watch can show. */
  readonly allowed: readonly Family[]
  /** `takenAt` is by this device's clock. */
  readonly onPicture: (picture: EncodedPicture) => void
  /** It makes no more pictures. */
  readonly onFault: (cause: unknown) => void
}

export type StartEncoder = (needs: EncoderNeeds) => PictureEncoder

/** Milliseconds after which a key picture comes unasked, so that a late watcher never waits longer. */
export const KEY_EVERY = 2_000

/** Names a stream (server/protocol/frames.ts). */
export const randomStream = (): number => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0

/**
 * Whether a picture taken now is to be encoded at this pace. A little early is in time: cameras are not exact, and
 * waiting for the one behind would halve the rate.
 */
export const isDue = (pace: Pace, takenAt: number, lastAt: number): boolean =>
  !pace.hold && takenAt - lastAt >= 1_000 / pace.fps - 8
