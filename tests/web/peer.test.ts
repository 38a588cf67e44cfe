import { signal } from '@preact/signals'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createPeer, type Peer } from '../../web/lib/peer.ts'
import type { NegotiationSignal, PeerSignal } from '../../web/lib/peer-signals.ts'
import { FakeConnection } from './fake-connection.ts'

const settle = () => vi.advanceTimersByTimeAsync(0)

const setUp = (polite = false) => {
  const online = signal(true)
  const iceServers = signal([{ urls: 'stun:a' }])
  const sent: PeerSignal[] = []
  let changeNetwork = () => {}
  const peer = createPeer({
    pc: 'pc',
    polite,
    iceServers,
    online,
    send: (message) => void sent.push(structuredClone(message)),
    createConnection: FakeConnection.create,
    onNetworkChange(changed) {
      changeNetwork = changed
      return () => {}
    },
  })
  const connection = FakeConnection.of(peer.connection)
  return { peer, connection, online, iceServers, sent, changeNetwork: () => changeNetwork() }
}

/** Carries every signal from one to the other, and back, until nobody says more. */
const exchange = async (a: { peer: Peer; sent: PeerSignal[] }, b: { peer: Peer; sent: PeerSignal[] }) => {
  for (let turn = 0; turn < 10; turn += 1) {
    await settle()
    const [fromA, fromB] = [a.sent.splice(0), b.sent.splice(0)]
    for (const message of fromA) void b.peer.receive(message as NegotiationSignal)
    for (const message of fromB) void a.peer.receive(message as NegotiationSignal)
  }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('negotiation', () => {
  it('offers when a track is added, and is answered', async () => {
    const camera = setUp()
    const watcher = setUp(true)
    camera.connection.addTransceiver('video', {})
    await exchange(camera, watcher)
    expect(camera.connection.remoteDescription?.sdp).toBe(
      `answer to ${camera.connection.localDescription?.sdp}`,
    )
    expect([camera.connection.signalingState, watcher.connection.signalingState]).toEqual([
      'stable',
      'stable',
    ])
  })

  it('ends stable when both offer at once: the polite side gives way', async () => {
    const camera = setUp()
    const watcher = setUp(true)
    camera.connection.addTransceiver('video', {})
    watcher.connection.addTransceiver('video', {})
    await exchange(camera, watcher)
    expect(watcher.connection.rollbacks).toBe(1)
    expect(camera.connection.rollbacks).toBe(0)
    expect([camera.connection.signalingState, watcher.connection.signalingState]).toEqual([
      'stable',
      'stable',
    ])
  })

  it('bears signals that come twice', async () => {
    const faults = vi.spyOn(console, 'error')
    const camera = setUp()
    const watcher = setUp(true)
    camera.connection.addTransceiver('video', {})
    await settle()
    const offer = camera.sent[0] as NegotiationSignal
    await watcher.peer.receive(offer)
    const answer = watcher.sent[0] as NegotiationSignal
    await watcher.peer.receive(offer)
    await camera.peer.receive(answer)
    await camera.peer.receive(answer)
    expect(watcher.sent).toHaveLength(1)
    expect(faults).not.toHaveBeenCalled()
  })

  it('gathers candidates for 50 ms, behind the description', async () => {
    const { connection, sent } = setUp()
    connection.addTransceiver('video', {})
    await settle()
    connection.found('one')
    await vi.advanceTimersByTimeAsync(49)
    connection.found('two')
    expect(sent.map(({ kind }) => kind)).toEqual(['description'])
    await vi.advanceTimersByTimeAsync(1)
    connection.found('three')
    await vi.advanceTimersByTimeAsync(50)
    expect(sent.slice(1)).toEqual([
      { kind: 'candidates', pc: 'pc', n: 2, candidates: [{ candidate: 'one' }, { candidate: 'two' }] },
      { kind: 'candidates', pc: 'pc', n: 3, candidates: [{ candidate: 'three' }] },
    ])
  })
})

describe('connecting', () => {
  it('fails after 6 s: nobody answered', async () => {
    const { peer } = setUp()
    await vi.advanceTimersByTimeAsync(5_999)
    expect(peer.state.value).toEqual({ status: 'connecting' })
    await vi.advanceTimersByTimeAsync(1)
    expect(peer.state.value).toEqual({ status: 'failed', stage: 'answer' })
  })

  it('fails after 6 s: answered, but no way was found', async () => {
    const camera = setUp()
    const watcher = setUp(true)
    camera.connection.addTransceiver('video', {})
    await exchange(camera, watcher)
    await vi.advanceTimersByTimeAsync(6_000)
    expect(camera.peer.state.value).toEqual({ status: 'failed', stage: 'path' })
  })

  it('does not call it failed while the server is away', async () => {
    const { peer, online } = setUp()
    online.value = false
    await vi.advanceTimersByTimeAsync(6_000)
    expect(peer.state.value).toEqual({ status: 'connecting' })
    online.value = true
    await vi.advanceTimersByTimeAsync(6_000)
    expect(peer.state.value.status).toBe('failed')
  })

  it('is connected when ICE is, late or not', async () => {
    const { peer, connection } = setUp()
    await vi.advanceTimersByTimeAsync(6_000)
    connection.become('connected')
    expect(peer.state.value).toEqual({ status: 'connected' })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(peer.state.value).toEqual({ status: 'connected' })
  })
})

describe('mending', () => {
  const connected = () => {
    const all = setUp()
    all.connection.become('connected')
    return all
  }

  it('restarts ICE after 2 s of being disconnected', async () => {
    const { peer, connection } = connected()
    connection.become('disconnected')
    expect(peer.state.value).toEqual({ status: 'reconnecting' })
    await vi.advanceTimersByTimeAsync(1_999)
    expect(connection.restarts).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(connection.restarts).toBe(1)
  })

  it('leaves alone what mends itself', async () => {
    const { peer, connection } = connected()
    connection.become('disconnected')
    await vi.advanceTimersByTimeAsync(1_000)
    connection.become('connected')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(connection.restarts).toBe(0)
    expect(peer.state.value).toEqual({ status: 'connected' })
  })

  it('restarts at once when ICE failed or the network changed', async () => {
    const { connection, changeNetwork } = connected()
    connection.become('failed')
    await settle()
    expect(connection.restarts).toBe(1)
    changeNetwork()
    expect(connection.restarts).toBe(2)
  })

  it('fails when the restart has not mended it in 6 s', async () => {
    const { peer, connection } = connected()
    connection.become('disconnected')
    await vi.advanceTimersByTimeAsync(6_000)
    expect(peer.state.value.status).toBe('failed')
  })

  it('waits with the restart until the server is back, and does it once', async () => {
    const { connection, online } = connected()
    online.value = false
    connection.become('disconnected')
    await vi.advanceTimersByTimeAsync(30_000)
    expect(connection.restarts).toBe(0)
    online.value = true
    expect(connection.restarts).toBe(1)
    online.value = false
    online.value = true
    expect(connection.restarts).toBe(1)
  })

  it('uses fresh TURN credentials', () => {
    const { connection, iceServers } = connected()
    iceServers.value = [{ urls: 'turn:b' }]
    expect(connection.configuration.iceServers).toEqual([{ urls: 'turn:b' }])
  })

  it('[MED-4] plays on while the server is away', async () => {
    const { peer, connection, online } = connected()
    online.value = false
    await vi.advanceTimersByTimeAsync(120_000)
    expect(peer.state.value).toEqual({ status: 'connected' })
    expect(connection.closed).toBe(false)
  })

  it('leaves nothing behind when closed', async () => {
    const { peer, connection } = connected()
    connection.found('one')
    connection.become('disconnected')
    peer.close()
    expect(connection.closed).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })
})
