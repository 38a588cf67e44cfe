/**
 * The relay's half on the phone: encodes the camera once, however many watch, and only while somebody does [MED-6].
 * Loaded when the first one watches.
 */
import { effect, untracked, type ReadonlySignal } from '@preact/signals'
import type { ServerMessageOf } from '../../../server/protocol/messages.ts'
import type { Client } from '../client-types.ts'
import { disposers, type Disposer } from '../disposer.ts'
import type { Family } from './codecs.ts'
import type { PictureEncoder, StartEncoder } from './encoder.ts'
import { startJpegEncoder } from './jpeg-encoder.ts'
import { createOutlet } from './outlet.ts'
import { createPace } from './pace.ts'
import { createProbe } from './probe.ts'
import { startWorkerEncoder } from './worker-encoder.ts'

/** Milliseconds between two looks at what waits in the socket. */
const LOOK_EVERY = 50
/**
 * Milliseconds. No picture gets through that comes so late, and a new connection is quicker than one whose lost packets
 * are sent again after ever longer pauses (RFC 6298).
 */
const ANSWER_WITHIN = 3_000

export interface RelaySender {
  /** What the server says of the way and of those who watch. */
  told(message: Pick<ServerMessageOf<'relay'>, 'keyFrame' | 'slow'>): void
  dispose: Disposer
}

export interface SenderNeeds {
  readonly client: Pick<Client, 'sendBinary' | 'serverNow' | 'unsent' | 'askClock' | 'on'>
  /** Encoding starts anew with each track. */
  readonly track: ReadonlySignal<MediaStreamTrack | undefined>
  /** What all who watch can show. */
  readonly allowed: ReadonlySignal<readonly Family[]>
  /** A picture left. */
  readonly onSent: () => void
  readonly startVideo?: StartEncoder
  readonly startJpeg?: StartEncoder
}

const canEncodeVideo = () => typeof VideoEncoder !== 'undefined' && typeof Worker !== 'undefined'

export const createRelaySender = (needs: SenderNeeds): RelaySender => {
  const { client, track, allowed } = needs
  const startVideo = needs.startVideo ?? (canEncodeVideo() ? startWorkerEncoder : undefined)
  const startJpeg = needs.startJpeg ?? startJpegEncoder
  const pace = createPace()
  let encoder: PictureEncoder | undefined
  const outlet = createOutlet({
    client,
    onSent(bytes, takenAt) {
      pace.sent(bytes, takenAt)
      needs.onSent()
    },
    onLeftOut() {
      pace.trouble()
      encoder?.keyPicture()
    },
  })
  const stop = () => {
    encoder?.dispose()
    encoder = undefined
  }
  // Its first question also sees to it that the first picture carries the server's time, not this device's.
  const probe = createProbe(() => client.askClock(ANSWER_WITHIN), pace.total)
  const look = () => {
    probe.tick()
    encoder?.set(pace.look(client.unsent(), probe.behind()))
  }
  const start = (live: MediaStreamTrack, families: readonly Family[]) => {
    stop()
    const common = { track: live, allowed: families, onPicture: outlet.offer }
    const asJpeg = () => {
      encoder = startJpeg({
        ...common,
        onFault: (cause) => {
          stop()
          console.error('The picture cannot be sent through the server', cause)
        },
      })
    }
    const video = families.some((family) => family !== 'jpeg') ? startVideo : undefined
    if (!video) asJpeg()
    else {
      encoder = video({
        ...common,
        onFault: (cause) => {
          console.warn('No video codec works here, so pictures are sent as JPEG', cause)
          asJpeg()
        },
      })
    }
    look()
  }

  const timer = setInterval(look, LOOK_EVERY)
  const dispose = disposers(
    effect(() => {
      const live = track.value
      const families = allowed.value
      untracked(() => {
        if (live) start(live, families)
        else stop()
      })
    }),
    stop,
    client.on('pong', () => {
      const carried = probe.answered()
      if (carried !== undefined) pace.carries(carried)
    }),
    () => clearInterval(timer),
  )
  return {
    told({ keyFrame, slow }) {
      if (slow) pace.trouble()
      if (keyFrame) encoder?.keyPicture()
    },
    dispose,
  }
}
