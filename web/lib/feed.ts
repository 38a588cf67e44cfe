/**
 * One camera as a watcher receives it. The ladder (docs/SPEC.md, section 6): directly; where that fails, through the
 * server, while it is tried directly again and again in the background; and back when that shows a picture.
 */
import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals'
import type { Member } from '../../server/protocol/models.ts'
import { createBackoff } from './backoff.ts'
import { readCamera, type CameraReport, type CameraStatus } from './camera-state.ts'
import type { Client } from './client-types.ts'
import { createDirect } from './direct.ts'
import { disposers } from './disposer.ts'
import type { PeerOptions } from './peer.ts'
import type { PeerSignal } from './peer-signals.ts'
import type { Decided, DirectFault, RelayReason, Via } from './relay/reasons.ts'
import { createRelayed, type LoadInbox, type RelayFault } from './relay/relayed.ts'
import type { Transport, VideoStats } from './stats.ts'

/** What keeps a picture away. */
export type FeedStage = Exclude<DirectFault, 'broken'> | RelayFault

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
  /** No way is left. Each is tried again by itself all the while. */
  | { readonly status: 'failed'; readonly stage: FeedStage }

export interface Feed {
  /** The camera's presence as it was known last. */
  readonly member: ReadonlySignal<Member>
  /** What the camera says of itself. */
  readonly report: ReadonlySignal<CameraReport>
  readonly state: ReadonlySignal<FeedState>
  /** For a video's `srcObject`. */
  readonly stream: ReadonlySignal<MediaStream | undefined>
  /** The way of sound between this page and the camera, where there is one. */
  readonly voice: ReadonlySignal<RTCRtpTransceiver | undefined>
  /** The relayed picture while that is what is to be shown. */
  readonly canvas: ReadonlySignal<HTMLCanvasElement | undefined>
  /** The way of the picture, as far as it is known. */
  readonly transport: ReadonlySignal<Transport | undefined>
  /** Why it does not come directly; undefined where it does. */
  readonly via: ReadonlySignal<Via | undefined>
  /** Of the picture that is shown, fresh once a second. */
  readonly stats: ReadonlySignal<VideoStats | undefined>
  /** For photos, from device to device; undefined while that is not connected. */
  readonly channel: ReadonlySignal<RTCDataChannel | undefined>
  update(member: Member): void
  receive(signal: PeerSignal): void
  /** Tries again at once. */
  retry(): void
  dispose(): void
}

export interface FeedOptions {
  readonly client: Client
  /** Why this page does not try direct video; undefined where it does. */
  readonly directOff?: Exclude<Decided, 'many'> | undefined
  readonly loadInbox: LoadInbox
  readonly peerOptions?: Pick<PeerOptions, 'createConnection' | 'iceTransportPolicy' | 'onNetworkChange'>
}

/** First retry where nothing shows the picture; then doubling, as the cause rarely goes away in seconds. */
const RETRY = { firstMs: 1_000, capMs: 15_000 }
/** While the picture comes through the server: 10 to 20 s at first, later every one or two minutes. */
const RETRY_BEHIND = { firstMs: 20_000, capMs: 120_000 }

/** Between a start and a stop; a camera that is turned round or woken asks again without a new source. */
const isRunning = (status: CameraStatus): boolean =>
  status === 'live' ||
  status === 'covered' ||
  status === 'paused' ||
  status === 'asking' ||
  status === 'needs-tap'

export const createFeed = (deps: FeedOptions & { readonly member: Member }): Feed => {
  const { client, directOff } = deps
  const camera = deps.member.id
  const member = signal(deps.member)
  const report = computed(() => readCamera(member.value.state))
  const wanted = computed(() => {
    const { source, status } = report.value.camera
    return isRunning(status) ? source : undefined
  })
  const paused = computed(() => report.value.camera.status !== 'live')
  const says = { paused, silent: computed(() => report.value.camera.why === 'interrupted') }
  const off = computed(() => report.value.camera.status === 'off')
  const chosen = computed(() => directOff ?? report.value.camera.relayOnly)
  const quick = createBackoff(RETRY)
  const behind = createBackoff(RETRY_BEHIND)
  /** Nothing comes through the server either. */
  const stranded = signal(false)
  /** The direct picture stays until the server's has come, where somebody decided for that meanwhile. */
  const handingOver = signal(false)
  /** Why it comes through the server still, after the decision for that was taken back: nothing came directly yet. */
  const handingBack = signal<Decided | undefined>(undefined)
  const isDirect = computed(
    () =>
      chosen.value === undefined ||
      handingOver.value ||
      // Where instances do not reach each other, for one: any picture is better than the right way.
      (chosen.value === 'many' && stranded.value),
  )

  const direct = createDirect({
    client,
    camera,
    source: computed(() => (isDirect.value ? wanted.value : undefined)),
    elsewhere: () => wanted.peek() !== undefined,
    says,
    backoff: {
      next: () => (stranded.peek() ? quick : behind).next(),
      reset() {
        quick.reset()
        behind.reset()
      },
    },
    ...(deps.peerOptions ? { peerOptions: deps.peerOptions } : {}),
  })
  const reason = computed<RelayReason | undefined>(
    () => chosen.value ?? direct.fault.value ?? handingBack.value,
  )
  const relayed = createRelayed({
    client,
    camera,
    wanted: computed(() => wanted.value !== undefined && reason.value !== undefined),
    says,
    present: computed(() => member.value.connected),
    load: deps.loadInbox,
  })

  /** It was on while this watches, so that its end is news. */
  const seen = signal(false)
  const state = computed<FeedState>(() => {
    if (wanted.value === undefined) return { status: seen.value && off.value ? 'ended' : 'waiting' }
    const way = direct.state.value
    if (way.status === 'live') return way
    if (reason.value === undefined) return way.status === 'idle' ? { status: 'waiting' } : way
    const other = relayed.state.value
    if (other.status === 'live') return other
    if (paused.value) return { status: 'waiting' }
    const fault = relayed.fault.value
    if (fault !== undefined) {
      const told = direct.fault.value
      return { status: 'failed', stage: told === undefined || told === 'broken' ? fault : told }
    }
    if (other.status === 'reconnecting') return other
    return way.status === 'reconnecting' ? way : { status: 'connecting' }
  })
  const isRelayed = computed(
    () => wanted.value !== undefined && reason.value !== undefined && direct.state.value.status !== 'live',
  )
  const stats = computed(() => (isRelayed.value ? relayed.stats.value : direct.stats.value))
  const transport = computed(() => (isRelayed.value ? 'relay' : direct.stats.value?.transport))

  const stop = disposers(
    effect(() => {
      const isLive = direct.state.value.status === 'live'
      const other = relayed.state.value.status === 'live'
      const why = chosen.value
      untracked(() => {
        handingOver.value = isLive && !other && directOff === undefined
        if (why !== undefined && other) handingBack.value = why
        else if (why === undefined && (isLive || wanted.peek() === undefined)) handingBack.value = undefined
      })
    }),
    effect(() => {
      stranded.value = relayed.fault.value !== undefined
    }),
    effect(() => {
      if (wanted.value !== undefined && client.active.value) seen.value = true
      else if (wanted.value === undefined && !off.value) untracked(() => (seen.value = false))
    }),
  )

  return {
    member,
    report,
    state,
    stream: direct.stream,
    voice: direct.voice,
    canvas: computed(() => (isRelayed.value ? relayed.canvas.value : undefined)),
    transport,
    via: computed(() => {
      if (isRelayed.value) return reason.value
      return transport.value === 'turn' ? 'turn' : undefined
    }),
    stats,
    channel: direct.channel,
    update(next) {
      const pausedBefore = paused.peek()
      const returned = next.connected && !member.peek().connected
      member.value = next
      const awake = pausedBefore && !paused.peek()
      if ((returned || awake) && direct.fault.peek() !== undefined) direct.retry()
    },
    receive: direct.receive,
    retry() {
      if (chosen.peek() === undefined) direct.retry()
      relayed.retry()
    },
    dispose() {
      stop()
      relayed.dispose()
      direct.dispose()
    },
  }
}
