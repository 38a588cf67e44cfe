/** Shows one camera's relayed pictures on a canvas. */
import type { Picture } from '../../../server/protocol/frames.ts'
import type { Disposer } from '../disposer.ts'
import { createChain } from './chain.ts'
import { startDecoder, type PictureDecoder, type ShownImage } from './decoder.ts'
import { createLossCount } from './loss-count.ts'
import type { RelayPlayer } from './relayed.ts'

export interface Player extends RelayPlayer {
  take(picture: Picture): void
}

/** Pictures in the decoder before the rest of their group is left out: it is slower than the camera. */
const MOST_INSIDE = 12
/** Milliseconds that a slow decoder waits for the key picture that is due, before others pay for one more. */
const PATIENCE = 1_000
/** Faults of one codec in a row, without an image between them, before this browser is said not to show it. */
const MOST_FAULTS = 3
/** Milliseconds between two requests for a key picture; the server passes on no more either. */
const ASK_EVERY = 1_000
/** How much of an average is the newest delay. */
const NEWEST = 0.1

const draw = (canvas: HTMLCanvasElement, image: ShownImage, rotation: Picture['rotation']) => {
  const [width, height] =
    'displayWidth' in image ? [image.displayWidth, image.displayHeight] : [image.width, image.height]
  const isTurned = rotation === 90 || rotation === 270
  const [across, down] = isTurned ? [height, width] : [width, height]
  if (canvas.width !== across) canvas.width = across
  if (canvas.height !== down) canvas.height = down
  const context = canvas.getContext('2d', { alpha: false })
  if (!context) throw new Error('This browser gives no canvas')
  context.setTransform(1, 0, 0, 1, across / 2, down / 2)
  context.rotate((rotation * Math.PI) / 180)
  context.drawImage(image, -width / 2, -height / 2, width, height)
}

export const createPlayer = (deps: {
  /** Asks the camera for a picture that decoding can begin with. */
  readonly askKey: () => void
  readonly serverNow: () => number
  readonly roundTrip: () => number | undefined
  /** Nothing in this codec can be shown. */
  readonly onFault: (cause: unknown, codec: string) => void
  readonly onEnd: Disposer
}): Player => {
  const canvas = document.createElement('canvas')
  const chain = createChain()
  let decoder: PictureDecoder | undefined
  let faults = 0
  /** The codec that they are of. */
  let faulty = ''
  let askedAt = Number.NEGATIVE_INFINITY
  let patientUntil = 0
  let frames = 0
  let bytes = 0
  let codec = ''
  let delay: number | undefined
  const count = createLossCount()
  let before = { at: performance.now(), frames: 0, bytes: 0 }
  let rates: { readonly fps?: number; readonly bitrate: number; readonly lossPercent?: number } = {
    bitrate: 0,
  }

  const askKey = () => {
    const now = performance.now()
    if (now - askedAt < ASK_EVERY || now < patientUntil) return
    askedAt = now
    deps.askKey()
  }
  const stop = () => {
    decoder?.dispose()
    decoder = undefined
    chain.broke()
  }
  const fault = (cause: unknown, failing: string) => {
    stop()
    faults = failing === faulty ? faults + 1 : 1
    faulty = failing
    if (faults === MOST_FAULTS) deps.onFault(cause, failing)
    askKey()
  }
  const show = (image: ShownImage, { rotation, takenAt }: Picture) => {
    try {
      draw(canvas, image, rotation)
    } finally {
      image.close()
    }
    faults = 0
    frames += 1
    const late = Math.max(0, deps.serverNow() - takenAt)
    delay = delay === undefined ? late : delay + (late - delay) * NEWEST
  }
  const take = (picture: Picture) => {
    bytes += picture.payload.length
    count.came(picture)
    if (decoder && decoder.waiting() > MOST_INSIDE && !picture.isKey) {
      chain.broke()
      patientUntil = performance.now() + PATIENCE
    }
    if (!chain.takes(picture)) {
      askKey()
      return
    }
    try {
      if (decoder?.codec !== picture.codec) {
        decoder?.dispose()
        const mine = startDecoder({
          codec: picture.codec,
          onImage: show,
          onFault: (cause) => {
            if (decoder === mine) fault(cause, mine.codec)
          },
        })
        decoder = mine
        codec = picture.codec
      }
      decoder.decode(picture)
    } catch (cause) {
      fault(cause, picture.codec)
    }
  }

  return {
    canvas,
    take,
    read() {
      const at = performance.now()
      const seconds = (at - before.at) / 1_000
      // Over a second at least, or one picture more or less would make the rate jump.
      if (seconds >= 1) {
        rates = {
          fps: Math.round((frames - before.frames) / seconds),
          bitrate: Math.round(((bytes - before.bytes) * 8) / seconds),
          ...count.take(),
        }
        before = { at, frames, bytes }
      }
      const rttMs = deps.roundTrip()
      return Promise.resolve({
        frames,
        width: canvas.width,
        height: canvas.height,
        ...rates,
        transport: 'relay' as const,
        ...(codec === '' ? {} : { codec }),
        ...(rttMs === undefined ? {} : { rttMs: Math.round(rttMs) }),
        ...(delay === undefined ? {} : { delayMs: Math.round(delay) }),
      })
    },
    dispose() {
      stop()
      deps.onEnd()
    },
  }
}
