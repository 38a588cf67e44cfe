/** One camera as a watcher receives it: asks for a connection, watches the picture, asks again when it breaks. */
import { batch, computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals'
import type { Member } from '../../server/protocol/models.ts'
import { createBackoff } from './backoff.ts'
import { readCamera, type CameraReport, type CameraStatus } from './camera-state.ts'
import type { Client } from './client-types.ts'
import { disposers, type Disposer } from './disposer.ts'
import { createPeer, type Peer, type PeerOptions, type PeerStage } from './peer.ts'
import type { PeerSignal } from './peer-signals.ts'
import { createPictureWatch } from './picture-watch.ts'
import { randomText } from './random.ts'
import type { VideoStats } from './stats.ts'

/** The words of [MED-1]. */
export type FeedState =
  /** The camera sends nothing (yet): its `report` says why. */
  | { readonly status: 'waiting' }
  | { readonly status: 'connecting' }
  | { readonly status: 'live' }
  /** There was a picture, and it stands still. `since` as `Date.now()`. */
  | { readonly status: 'reconnecting'; readonly since: number }
  /** It was stopped on the phone. */
  | { readonly status: 'ended' }
  /** `picture`: connected, but nothing comes. It is tried again by itself all the while. */
  | { readonly status: 'failed'; readonly stage: PeerStage | 'picture' }

export interface Feed {
  /** The camera's presence as it was known last. */
  readonly member: ReadonlySignal<Member>
  /** What the camera says of itself. */
  readonly report: ReadonlySignal<CameraReport>
  readonly state: ReadonlySignal<FeedState>
  /** For a video's `srcObject`. */
  readonly stream: ReadonlySignal<MediaStream | undefined>
  /** Read once a second while connected. */
  readonly stats: ReadonlySignal<VideoStats | undefined>
  update(member: Member): void
  receive(signal: PeerSignal): void
  /** Tries again at once. */
  retry(): void
  dispose(): void
}

/** First retry after a failure; then doubling, as the cause rarely goes away in seconds. */
const RETRY_FIRST = 1_000
const RETRY_CAP = 15_000
/** A connection without a picture for so long is asked for anew. */
const PICTURE_WITHIN = 6_000

/** Between a start and a stop; a camera that is turned round or woken asks again without a new source. */
const isRunning = (status: CameraStatus): boolean =>
  status === 'live' || status === 'paused' || status === 'asking' || status === 'needs-tap'

interface Link {
  readonly peer: Peer
  readonly source: string
  readonly end: Disposer
}

export const createFeed = (deps: {
  client: Client
  member: Member
  peerOptions?: Pick<PeerOptions, 'createConnection' | 'iceTransportPolicy' | 'onNetworkChange'>
}): Feed => {
  const { client } = deps
  const member = signal(deps.member)
  const report = computed(() => readCamera(member.value.state))
  const stream = signal<MediaStream | undefined>(undefined)
  const stats = signal<VideoStats | undefined>(undefined)
  const state = signal<FeedState>({ status: 'waiting' })
  const backoff = createBackoff({ firstMs: RETRY_FIRST, capMs: RETRY_CAP })
  let link: Link | undefined
  let retryTimer: ReturnType<typeof setTimeout> | undefined

  const become = (next: FeedState) => {
    const now = state.peek()
    // A failure stays said until there is a picture; a second try is not worth a flicker.
    if (now.status === 'failed' && next.status === 'connecting') return
    if (now.status === 'reconnecting' && (next.status === 'connecting' || next.status === 'reconnecting'))
      return
    state.value = next
  }
  const drop = () => {
    clearTimeout(retryTimer)
    retryTimer = undefined
    link?.end()
    link = undefined
    batch(() => {
      stream.value = undefined
      stats.value = undefined
    })
  }
  const failed = (stage: PeerStage | 'picture') => {
    become({ status: 'failed', stage })
    retryTimer ??= setTimeout(() => {
      retryTimer = undefined
      retry()
    }, backoff.next())
  }
  const send = (data: PeerSignal) => void client.signal(member.peek().id, data)

  const ask = (source: string) => {
    const peer = createPeer({
      pc: randomText(12),
      polite: true,
      iceServers: client.iceServers,
      online: client.active,
      send,
      ...deps.peerOptions,
    })
    const picture = createPictureWatch(peer.connection)
    let pictureTimer: ReturnType<typeof setTimeout> | undefined
    let had = false
    peer.connection.ontrack = ({ track, streams }) => {
      stream.value = streams[0] ?? new MediaStream([track])
    }
    const follow = effect(() => {
      const { status } = peer.state.value
      const moving = picture.moving.value
      const still = paused.value
      const stage = peer.state.value.status === 'failed' ? peer.state.value.stage : undefined
      untracked(() => {
        clearTimeout(pictureTimer)
        if (moving) {
          had = true
          backoff.reset()
          clearTimeout(retryTimer)
          retryTimer = undefined
          become({ status: 'live' })
          return
        }
        if (stage !== undefined) failed(stage)
        else if (still) become({ status: 'waiting' })
        else if (had) become({ status: 'reconnecting', since: Date.now() })
        else become({ status: 'connecting' })
        if (status === 'connected' && !still)
          pictureTimer = setTimeout(() => failed('picture'), PICTURE_WITHIN)
      })
    })
    const followStats = effect(() => {
      stats.value = picture.stats.value
    })
    link = {
      peer,
      source,
      end: disposers(
        () => peer.close(),
        () => clearTimeout(pictureTimer),
        picture.dispose,
        follow,
        followStats,
      ),
    }
    send({ kind: 'want', pc: peer.pc, source })
  }

  const retry = () => {
    const source = wanted.peek()
    if (source === undefined) return
    if (link) {
      send({ kind: 'bye', pc: link.peer.pc })
      drop()
    }
    ask(source)
  }

  const again = () => {
    clearTimeout(retryTimer)
    retryTimer = undefined
    retry()
  }

  const wanted = computed(() => {
    const { source, status } = report.value.camera
    return isRunning(status) ? source : undefined
  })
  const off = computed(() => report.value.camera.status === 'off')
  const paused = computed(() => report.value.camera.status !== 'live')
  const stop = disposers(
    effect(() => {
      const source = wanted.value
      const stopped = off.value
      // Only an active session may ask; a link that works needs nobody's leave.
      const active = client.active.value
      untracked(() => {
        if (source === undefined) {
          const seen = link !== undefined || state.peek().status === 'ended'
          drop()
          state.value = { status: seen && stopped ? 'ended' : 'waiting' }
        } else if (link?.source !== source && active) {
          drop()
          backoff.reset()
          if (state.peek().status === 'ended') state.value = { status: 'waiting' }
          ask(source)
        }
      })
    }),
  )

  return {
    member,
    report,
    state,
    stream,
    stats,
    update(next) {
      const returned = next.connected && !member.peek().connected
      member.value = next
      if (returned && state.peek().status === 'failed') again()
    },
    receive(message) {
      if (!link || message.pc !== link.peer.pc) return
      if (message.kind === 'description' || message.kind === 'candidates') void link.peer.receive(message)
      else if (message.kind === 'bye' && wanted.peek() !== undefined) failed('answer')
    },
    retry: again,
    dispose() {
      stop()
      drop()
    },
  }
}
