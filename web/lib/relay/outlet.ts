/** Where encoded pictures leave the phone: in order, none too late or too large, always from a key picture on. */
import { encodePicture } from '../../../server/protocol/frames.ts'
import { MAX_BINARY_FRAME } from '../../../server/protocol/limits.ts'
import type { Client } from '../client-types.ts'
import type { EncodedPicture } from './encoder.ts'

/** Milliseconds after which a picture is not worth sending any more. */
const LATE_AFTER = 500

export interface Outlet {
  /** Sends the picture, or leaves it out; then nothing is sent before the next key picture. */
  offer(picture: EncodedPicture): void
}

export const createOutlet = (deps: {
  readonly client: Pick<Client, 'sendBinary' | 'serverNow'>
  readonly now?: () => number
  readonly onSent: (bytes: number, takenAt: number) => void
  /** It was left out, so a key picture is needed. */
  readonly onLeftOut: (why: 'late' | 'large') => void
}): Outlet => {
  const now = deps.now ?? Date.now
  let broken = true
  return {
    offer(picture) {
      if (broken && !picture.isKey) return
      const { takenAt } = picture
      // The encoder stamps pictures by this device's clock, the others read them by the server's.
      const header = { ...picture, takenAt: takenAt + deps.client.serverNow() - now() }
      const frame = encodePicture(header, picture.payload)
      const why =
        now() - takenAt > LATE_AFTER ? 'late' : frame.length > MAX_BINARY_FRAME ? 'large' : undefined
      broken = why !== undefined
      if (why) deps.onLeftOut(why)
      else if (deps.client.sendBinary(frame)) deps.onSent(frame.length, takenAt)
      else broken = true
    },
  }
}
