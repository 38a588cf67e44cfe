/**
 * The camera's side of the pictures: answers every watcher's `want` with a connection that sends the track.
 * A watcher has one connection at a time; a new `want` replaces the one before.
 */
import { effect, signal, type ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../server/protocol/ids.ts'
import type { LeaveReason } from '../../server/protocol/messages.ts'
import type { Client } from './client-types.ts'
import { disposers, type Disposer } from './disposer.ts'
import { encodingFor } from './encoding.ts'
import { createPeer, type Peer, type PeerOptions } from './peer.ts'
import { readPeerSignal, type PeerSignal } from './peer-signals.ts'

export interface Sending {
  /** Connections to watchers, by member id. */
  readonly peers: ReadonlySignal<ReadonlyMap<SessionId, Peer>>
  /** Starts ICE over on every connection, after a sleep for example. False where the browser has closed one itself. */
  restart(): boolean
  /** Ends every connection and says so. */
  dispose(): void
}

/** Names of connections that are over, so that a repeated `want` does not open them again. */
const REMEMBERED = 256

/** They are gone on purpose; a member that is merely lost may still be watching from device to device. */
export const isFinalLeave = (reason: LeaveReason): boolean =>
  reason === 'left' || reason === 'kicked' || reason === 'revoked'

/** Keeps the picture's size when the network narrows or starts slowly: without it 720p takes 20 s to come. */
const keepResolution = async (sender: RTCRtpSender) => {
  const parameters: RTCRtpSendParameters = sender.getParameters()
  parameters.degradationPreference = 'maintain-resolution'
  try {
    await sender.setParameters(parameters)
  } catch (cause) {
    console.warn('This browser chooses the size of the picture itself', cause)
  }
}

const addTrack = (connection: RTCPeerConnection, track: MediaStreamTrack | undefined) => {
  const { sender } = connection.addTransceiver(track ?? 'video', {
    direction: 'sendonly',
    sendEncodings: [encodingFor(track)],
  })
  void keepResolution(sender)
}

/** `source` names this start of the camera (camera-state.ts); `track` may change while it runs. */
export const createSending = (deps: {
  client: Client
  source: string
  track: ReadonlySignal<MediaStreamTrack | undefined>
  /** Nobody is answered: the picture goes through the server alone. */
  relayOnly?: boolean
  peerOptions?: Pick<PeerOptions, 'createConnection' | 'iceTransportPolicy' | 'onNetworkChange'>
}): Sending => {
  const { client, source, track } = deps
  const peers = signal<ReadonlyMap<SessionId, Peer>>(new Map())
  const ends = new Map<string, Disposer>()
  const seen = new Set<string>()

  const remove = (watcher: SessionId, peer: Peer) => {
    ends.get(peer.pc)?.()
    ends.delete(peer.pc)
    peer.close()
    if (peers.peek().get(watcher) !== peer) return
    const rest = new Map(peers.peek())
    rest.delete(watcher)
    peers.value = rest
  }
  const remember = (pc: string) => {
    seen.add(pc)
    const [oldest] = seen
    if (seen.size > REMEMBERED && oldest !== undefined) seen.delete(oldest)
  }
  const open = (watcher: SessionId, pc: string) => {
    if (seen.has(pc)) return
    remember(pc)
    const old = peers.peek().get(watcher)
    if (old) remove(watcher, old)
    const peer = createPeer({
      pc,
      polite: false,
      iceServers: client.iceServers,
      online: client.active,
      send: (data) => void client.signal(watcher, data),
      // Photos go to those who may ask for them.
      makesChannel: client.members.peek().get(watcher)?.role === 'host',
      ...deps.peerOptions,
    })
    addTrack(peer.connection, track.peek())
    peers.value = new Map(peers.peek()).set(watcher, peer)
    ends.set(
      pc,
      effect(() => {
        // Nobody is left to ask for a new one.
        if (peer.state.value.status === 'failed' && !client.members.value.has(watcher)) {
          queueMicrotask(() => remove(watcher, peer))
        }
      }),
    )
  }
  const receive = (watcher: SessionId, data: PeerSignal | undefined) => {
    if (!data) return
    if (data.kind === 'want') {
      if (deps.relayOnly) void client.signal(watcher, { kind: 'bye', pc: data.pc } satisfies PeerSignal)
      else if (data.source === source) open(watcher, data.pc)
      return
    }
    const peer = peers.peek().get(watcher)
    if (!peer || peer.pc !== data.pc) return
    if (data.kind === 'bye') remove(watcher, peer)
    else void peer.receive(data)
  }
  const replace = async (peer: Peer, next: MediaStreamTrack | undefined) => {
    try {
      await peer.connection.getSenders()[0]?.replaceTrack(next ?? null)
    } catch (cause) {
      if (peer.state.peek().status !== 'closed') console.error('The new picture could not be sent', cause)
    }
  }

  const stop = disposers(
    client.on('signal', ({ from, data }) => receive(from, readPeerSignal(data))),
    client.on('member-left', ({ memberId, reason }) => {
      const peer = peers.peek().get(memberId)
      if (peer && (isFinalLeave(reason) || peer.state.peek().status !== 'connected')) remove(memberId, peer)
    }),
    effect(() => {
      const next = track.value
      for (const peer of peers.peek().values()) void replace(peer, next)
    }),
  )

  return {
    peers,
    restart() {
      const all = [...peers.peek().values()]
      for (const peer of all) peer.restart()
      return all.every(({ connection }) => connection.signalingState !== 'closed')
    },
    dispose() {
      stop()
      for (const [watcher, peer] of peers.peek()) {
        void client.signal(watcher, { kind: 'bye', pc: peer.pc } satisfies PeerSignal)
        remove(watcher, peer)
      }
    },
  }
}
