/** One camera's picture from device to device: asks for a connection, watches the picture, asks again when it breaks. */
import { batch, effect, signal, untracked, type ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../server/protocol/ids.ts'
import type { Backoff } from './backoff.ts'
import type { Client } from './client-types.ts'
import { disposers, type Disposer } from './disposer.ts'
import { playAtOnce } from './low-latency.ts'
import { createPeer, type Peer, type PeerOptions, type PeerStage } from './peer.ts'
import type { PeerSignal } from './peer-signals.ts'
import { createPictureWatch, type CameraWords } from './picture-watch.ts'
import { randomText } from './random.ts'
import type { DirectFault } from './relay/reasons.ts'
import { createStatsReader, type VideoStats } from './stats.ts'

/** How the connection is with which a picture is to come. */
export type DirectState =
  | { readonly status: 'idle' }
  | { readonly status: 'connecting' }
  | { readonly status: 'live' }
  /** There was a picture, and it stands still. `since` as `Date.now()`. */
  | { readonly status: 'reconnecting'; readonly since: number }

export interface Direct {
  readonly state: ReadonlySignal<DirectState>
  /** What ended the last attempt; stays said through the next ones, until there is a picture. */
  readonly fault: ReadonlySignal<DirectFault | undefined>
  /** For a video's `srcObject`. */
  readonly stream: ReadonlySignal<MediaStream | undefined>
  /** The way of sound, both to here and back, once the camera has opened it. */
  readonly voice: ReadonlySignal<RTCRtpTransceiver | undefined>
  /** Read once a second while connected. */
  readonly stats: ReadonlySignal<VideoStats | undefined>
  /** For photos, while the devices are connected. */
  readonly channel: ReadonlySignal<RTCDataChannel | undefined>
  receive(signal: PeerSignal): void
  /** Tries again at once. */
  retry(): void
  dispose(): void
}

/** A connection without a picture for so long is asked for anew. */
const PICTURE_WITHIN = 6_000

interface Link {
  readonly peer: Peer
  readonly source: string
  readonly end: Disposer
}

export const createDirect = (deps: {
  client: Client
  camera: SessionId
  /** The camera's source (camera-state.ts) while it is wanted directly. */
  source: ReadonlySignal<string | undefined>
  /** The camera goes on, though it is not wanted directly: it is to be told that it need not send to this watcher. */
  elsewhere: () => boolean
  says: CameraWords
  /** Waiting times between attempts. */
  backoff: Backoff
  peerOptions?: Pick<PeerOptions, 'createConnection' | 'iceTransportPolicy' | 'onNetworkChange'>
}): Direct => {
  const { client, camera, source, says } = deps
  const { paused } = says
  const stream = signal<MediaStream | undefined>(undefined)
  const voice = signal<RTCRtpTransceiver | undefined>(undefined)
  const stats = signal<VideoStats | undefined>(undefined)
  const channel = signal<RTCDataChannel | undefined>(undefined)
  const state = signal<DirectState>({ status: 'idle' })
  const fault = signal<DirectFault | undefined>(undefined)
  let link: Link | undefined
  let retryTimer: ReturnType<typeof setTimeout> | undefined

  const become = (next: DirectState) => {
    const now = state.peek()
    // A second try is not worth a flicker.
    if (now.status === 'reconnecting' && (next.status === 'connecting' || next.status === 'reconnecting'))
      return
    state.value = next
  }
  const stopRetrying = () => {
    clearTimeout(retryTimer)
    retryTimer = undefined
  }
  const drop = () => {
    stopRetrying()
    link?.end()
    link = undefined
    batch(() => {
      stream.value = undefined
      channel.value = undefined
      voice.value = undefined
      stats.value = undefined
    })
  }
  const failed = (why: DirectFault) => {
    // What it was first is what a person can do something about; the next attempts have no more to say.
    if (fault.peek() !== 'broken') fault.value = why
    retryTimer ??= setTimeout(() => {
      retryTimer = undefined
      retry()
    }, deps.backoff.next())
  }
  const send = (data: PeerSignal) => void client.signal(camera, data)

  const ask = (wanted: string) => {
    const peer = createPeer({
      pc: randomText(12),
      polite: true,
      iceServers: client.iceServers,
      online: client.active,
      send,
      ...deps.peerOptions,
    })
    const picture = createPictureWatch(createStatsReader(peer.connection, 'receiving'), says)
    let pictureTimer: ReturnType<typeof setTimeout> | undefined
    let had = false
    peer.connection.ontrack = ({ track, streams, receiver, transceiver }) => {
      if (track.kind === 'audio') {
        // Said before the answer is made, so that talking back needs no further negotiation.
        transceiver.direction = 'sendrecv'
        voice.value = transceiver
        return
      }
      playAtOnce(receiver)
      stream.value = streams[0] ?? new MediaStream([track])
    }
    const follow = effect(() => {
      const { status } = peer.state.value
      const moving = picture.moving.value
      const still = paused.value
      const stage: PeerStage | undefined =
        peer.state.value.status === 'failed' ? peer.state.value.stage : undefined
      untracked(() => {
        clearTimeout(pictureTimer)
        if (moving) {
          had = true
          deps.backoff.reset()
          stopRetrying()
          batch(() => {
            fault.value = undefined
            become({ status: 'live' })
          })
          return
        }
        batch(() => {
          if (stage !== undefined) failed(had ? 'broken' : stage)
          if (still) become({ status: 'idle' })
          else if (had) become({ status: 'reconnecting', since: Date.now() })
          else become({ status: 'connecting' })
        })
        if (status === 'connected' && !still)
          pictureTimer = setTimeout(() => failed('picture'), PICTURE_WITHIN)
      })
    })
    const followStats = effect(() => {
      stats.value = picture.stats.value
    })
    const followChannel = effect(() => {
      channel.value = peer.channel.value
    })
    link = {
      peer,
      source: wanted,
      end: disposers(
        () => peer.close(),
        () => clearTimeout(pictureTimer),
        picture.dispose,
        follow,
        followStats,
        followChannel,
      ),
    }
    send({ kind: 'want', pc: peer.pc, source: wanted })
  }

  const leave = () => {
    if (!link) return
    send({ kind: 'bye', pc: link.peer.pc })
    drop()
  }
  const retry = () => {
    const wanted = source.peek()
    if (wanted === undefined) return
    leave()
    ask(wanted)
  }
  const stop = disposers(
    effect(() => {
      const wanted = source.value
      // Only an active session may ask; a link that works needs nobody's leave.
      const active = client.active.value
      untracked(() => {
        if (wanted === undefined) {
          if (deps.elsewhere()) leave()
          drop()
          state.value = { status: 'idle' }
        } else if (link?.source !== wanted && active) {
          drop()
          deps.backoff.reset()
          ask(wanted)
        }
      })
    }),
  )

  return {
    state,
    fault,
    stream,
    voice,
    stats,
    channel,
    receive(message) {
      if (!link || message.pc !== link.peer.pc) return
      if (message.kind === 'description' || message.kind === 'candidates') void link.peer.receive(message)
      else if (message.kind === 'bye' && source.peek() !== undefined) failed('answer')
    },
    retry() {
      stopRetrying()
      retry()
    },
    dispose() {
      stop()
      drop()
    },
  }
}
