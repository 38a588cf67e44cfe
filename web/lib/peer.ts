/**
 * One WebRTC connection between two members: perfect negotiation (W3C webrtc, section 10.7; MDN "Establishing a
 * connection: The perfect negotiation pattern"), ICE restarts, and a clock of its own, since ICE without a usable
 * candidate stays `new` for most of a minute.
 *
 * It needs the server only to negotiate: a connection that carries pictures plays on while the socket is away.
 */
import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals'
import { CANDIDATE_BATCH } from '../../server/protocol/limits.ts'
import type { IceServer } from '../../server/protocol/models.ts'
import { disposers } from './disposer.ts'
import { onNetworkChange } from './page-events.ts'
import type { NegotiationSignal, PeerSignal } from './peer-signals.ts'

/** `answer`: the other side has not answered; `path`: no way between the two networks was found. */
export type PeerStage = 'answer' | 'path'

export type PeerState =
  | { readonly status: 'connecting' }
  | { readonly status: 'connected' }
  /** It was connected, and an ICE restart is trying to mend it. */
  | { readonly status: 'reconnecting' }
  /** Not connected (again) within six seconds. It may still come back by itself. */
  | { readonly status: 'failed'; readonly stage: PeerStage }
  | { readonly status: 'closed' }

export interface PeerOptions {
  /** Name of this connection, the same on both sides and never used again. */
  readonly pc: string
  /** The polite side gives way when both offer at once: the watcher. */
  readonly polite: boolean
  readonly iceServers: ReadonlySignal<readonly IceServer[]>
  /** Whether signals reach the server now; what is sent meanwhile waits or is lost. */
  readonly online: ReadonlySignal<boolean>
  readonly send: (signal: PeerSignal) => void
  readonly iceTransportPolicy?: RTCIceTransportPolicy
  /** Makes a data channel beside the picture; the other side gets it. */
  readonly makesChannel?: boolean
  readonly createConnection?: (configuration: RTCConfiguration) => RTCPeerConnection
  readonly onNetworkChange?: typeof onNetworkChange
}

export interface Peer {
  readonly pc: string
  readonly connection: RTCPeerConnection
  readonly state: ReadonlySignal<PeerState>
  /** The data channel for photos while it is open and the devices are connected. */
  readonly channel: ReadonlySignal<RTCDataChannel | undefined>
  receive(signal: NegotiationSignal): Promise<void>
  /** Looks for new ways between the two devices; waits until signals reach the server. */
  restart(): void
  close(): void
}

/** Not connected within so many milliseconds (SPEC, section 6) means failed. */
const CONNECT_WITHIN = 6_000
/** Label of the data channel. */
const CHANNEL = 'stills'
/** `disconnected` often mends itself; after this long an ICE restart helps it. */
const DISCONNECTED_FOR = 2_000

export const createPeer = (options: PeerOptions): Peer => {
  const { pc, polite, iceServers, online, send } = options
  const configuration = (): RTCConfiguration => ({
    iceServers: untracked(() => iceServers.value.map((server) => ({ ...server }))),
    bundlePolicy: 'max-bundle',
    ...(options.iceTransportPolicy === undefined ? {} : { iceTransportPolicy: options.iceTransportPolicy }),
  })
  const create = options.createConnection ?? ((wanted) => new RTCPeerConnection(wanted))
  const connection = create(configuration())
  const state = signal<PeerState>({ status: 'connecting' })

  let makingOffer = false
  let ignoreOffer = false
  let settingAnswer = false
  let answered = false
  let connectedOnce = false
  let restartWanted = false
  let sent = 0
  let received = 0
  let candidates: RTCIceCandidateInit[] = []
  let batchTimer: ReturnType<typeof setTimeout> | undefined
  let deadline: ReturnType<typeof setTimeout> | undefined
  let mendTimer: ReturnType<typeof setTimeout> | undefined
  const isClosed = () => state.peek().status === 'closed'
  const open = signal<RTCDataChannel | undefined>(undefined)
  const adopt = (channel: RTCDataChannel) => {
    channel.binaryType = 'arraybuffer'
    const look = () => {
      if (channel.readyState === 'open') open.value = channel
      else if (open.peek() === channel) open.value = undefined
    }
    channel.onopen = channel.onclose = look
    look()
  }

  const number = () => (sent += 1)
  const sendCandidates = () => {
    clearTimeout(batchTimer)
    batchTimer = undefined
    if (candidates.length === 0) return
    send({ kind: 'candidates', pc, n: number(), candidates })
    candidates = []
  }
  const sendDescription = () => {
    sendCandidates()
    const description = connection.localDescription
    if (description) send({ kind: 'description', pc, n: number(), description: description.toJSON() })
  }

  const armDeadline = () => {
    clearTimeout(deadline)
    deadline = setTimeout(() => {
      if (!online.peek()) armDeadline()
      else if (!isClosed()) state.value = { status: 'failed', stage: answered ? 'path' : 'answer' }
    }, CONNECT_WITHIN)
  }
  const restart = () => {
    // A browser closes the connections of a page that it keeps for later, and tells no event.
    if (isClosed() || connection.signalingState === 'closed') return
    if (!online.peek()) {
      restartWanted = true
      return
    }
    restartWanted = false
    connection.setConfiguration(configuration())
    connection.restartIce()
  }

  connection.onnegotiationneeded = async () => {
    try {
      makingOffer = true
      await connection.setLocalDescription()
      if (!isClosed()) sendDescription()
    } catch (cause) {
      if (!isClosed()) console.error('The offer could not be made', cause)
    } finally {
      makingOffer = false
    }
  }
  connection.ondatachannel = ({ channel }) => {
    if (channel.label === CHANNEL) adopt(channel)
  }
  if (options.makesChannel) adopt(connection.createDataChannel(CHANNEL))
  connection.onicecandidate = ({ candidate }) => {
    if (!candidate || isClosed()) return
    candidates.push(candidate.toJSON())
    batchTimer ??= setTimeout(sendCandidates, CANDIDATE_BATCH)
  }
  const watchIce = () => {
    if (isClosed()) return
    const ice = connection.iceConnectionState
    if (ice === 'connected' || ice === 'completed') {
      connectedOnce = true
      clearTimeout(deadline)
      clearTimeout(mendTimer)
      state.value = { status: 'connected' }
    } else if (ice === 'disconnected' || ice === 'failed') {
      if (state.peek().status === 'connected') {
        state.value = { status: 'reconnecting' }
        armDeadline()
      }
      clearTimeout(mendTimer)
      mendTimer = setTimeout(restart, ice === 'failed' || !connectedOnce ? 0 : DISCONNECTED_FOR)
    }
  }
  connection.oniceconnectionstatechange = watchIce

  const describe = async (description: RTCSessionDescriptionInit) => {
    const ready = !makingOffer && (connection.signalingState === 'stable' || settingAnswer)
    const collision = description.type === 'offer' && !ready
    ignoreOffer = !polite && collision
    if (ignoreOffer) return
    settingAnswer = description.type === 'answer'
    await connection.setRemoteDescription(description)
    settingAnswer = false
    answered = true
    if (description.type === 'offer') {
      await connection.setLocalDescription()
      if (!isClosed()) sendDescription()
    }
  }
  const receive = async (message: NegotiationSignal) => {
    // A signal may come twice when its sender lost the connection to the server (client.ts).
    if (message.n <= received || isClosed()) return
    received = message.n
    try {
      if (message.kind === 'description') await describe(message.description)
      else {
        await Promise.all(
          message.candidates.map(async (candidate) => {
            try {
              await connection.addIceCandidate(candidate)
            } catch (cause) {
              if (!ignoreOffer) throw cause
            }
          }),
        )
      }
    } catch (cause) {
      settingAnswer = false
      if (!isClosed()) console.error(`The other side's ${message.kind} does not fit`, cause)
    }
  }

  const ends = disposers(
    effect(() => {
      if (online.value && restartWanted) restart()
    }),
    effect(() => {
      // Fresh TURN credentials serve the next restart.
      if (iceServers.value && !isClosed()) connection.setConfiguration(configuration())
    }),
    (options.onNetworkChange ?? onNetworkChange)(restart),
  )
  armDeadline()

  return {
    pc,
    connection,
    state,
    channel: computed(() => (state.value.status === 'connected' ? open.value : undefined)),
    receive,
    restart,
    close() {
      if (isClosed()) return
      state.value = { status: 'closed' }
      ends()
      for (const timer of [batchTimer, deadline, mendTimer]) clearTimeout(timer)
      connection.onnegotiationneeded =
        connection.onicecandidate =
        connection.oniceconnectionstatechange =
          null
      connection.ontrack = connection.ondatachannel = null
      open.value = undefined
      connection.close()
    },
  }
}
