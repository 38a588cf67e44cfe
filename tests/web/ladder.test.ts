/** The steps from direct video to the server and back, as a watcher takes them. */
import { signal } from '@preact/signals'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readWatcher } from '../../web/lib/camera-state.ts'
import { createReceiving } from '../../web/lib/receiving.ts'
import { directOff } from '../../web/lib/relay/reasons.ts'
import type { RelayInbox } from '../../web/lib/relay/relayed.ts'
import { createSending } from '../../web/lib/sending.ts'
import { FakeConnection } from './fake-connection.ts'
import { CAMERA, createRoom, DESK, say, track } from './fake-room.ts'

const run = (ms: number) => vi.advanceTimersByTimeAsync(ms)

/** A page's own half of the relay whose pictures the tests draw. */
const fakeInbox = () => {
  let frames = 0
  let open = 0
  let tellFault: (cause: unknown) => void = () => {}
  const inbox: RelayInbox = {
    play(_camera, onFault) {
      open += 1
      tellFault = onFault
      return {
        canvas: {} as HTMLCanvasElement,
        read: () => Promise.resolve({ frames, width: 1280, height: 720, bitrate: 0, transport: 'relay' }),
        dispose: () => void (open -= 1),
      }
    },
    dispose() {},
  }
  return {
    inbox,
    open: () => open,
    fault: () => tellFault(new Error('undecodable')),
    async play(ms: number) {
      for (let passed = 0; passed < ms; passed += 100) {
        frames += 3
        await run(100)
      }
    },
  }
}

let connections: FakeConnection[] = []
const watcher = () => {
  const found = connections.filter(({ senders, closed }) => senders.length === 0 && !closed).at(-1)
  if (!found) throw new Error('Nobody tries directly')
  return found
}
const camera = () => {
  const found = connections.filter(({ senders, closed }) => senders.length > 0 && !closed).at(-1)
  if (!found) throw new Error('The camera sends nothing directly')
  return found
}
const attempts = () => connections.filter(({ senders }) => senders.length === 0).length

const setUp = (more: { directOff?: 'chosen' | 'unsupported'; loads?: boolean } = {}) => {
  const room = createRoom()
  const relay = fakeInbox()
  const peerOptions = {
    createConnection: (configuration: RTCConfiguration) => {
      const made = FakeConnection.create(configuration)
      connections.push(FakeConnection.of(made))
      return made
    },
    onNetworkChange: () => () => {},
  }
  const live = signal<MediaStreamTrack | undefined>(track('one'))
  const sending = createSending({ client: room.clientOf(CAMERA), source: 's1', track: live, peerOptions })
  const receiving = createReceiving({
    client: room.clientOf(DESK),
    peerOptions,
    directOff: more.directOff,
    loadInbox: () =>
      more.loads === false ? Promise.reject(new Error('The network is away')) : Promise.resolve(relay.inbox),
  })
  const feed = () => {
    const found = receiving.feeds.value.get(CAMERA)
    if (!found) throw new Error('There is no feed')
    return found
  }
  const told = () => readWatcher(room.members.value.get(DESK)?.state ?? {}, CAMERA)
  const watched = () => room.watched.map(({ on }) => on)
  say(room, 'live', 's1')
  return { room, relay, sending, receiving, feed, told, watched }
}

/** Pictures come directly for so long. */
const playDirectly = async (ms: number) => {
  camera().become('connected')
  watcher().become('connected')
  for (let passed = 0; passed < ms; passed += 100) {
    watcher().frames += 3
    await run(100)
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  connections = []
})
afterEach(() => {
  vi.useRealTimers()
})

describe('down the ladder', () => {
  it('asks for nothing through the server while direct video comes', async () => {
    const { feed, watched, relay } = setUp()
    await run(10)
    await playDirectly(10_000)
    expect(feed().state.value).toEqual({ status: 'live' })
    expect(feed().via.value).toBeUndefined()
    expect(watched()).toEqual([])
    expect(relay.open()).toBe(0)
  })

  it('goes through the server after 6 s without a way, and says why, without calling it a failure', async () => {
    const { feed, watched, told, relay } = setUp()
    await run(5_990)
    expect(watched()).toEqual([])
    await run(20)
    expect(watched()).toEqual([true])
    expect(feed().state.value).toEqual({ status: 'connecting' })
    expect(feed().transport.value).toBe('relay')
    expect(feed().canvas.value).toBeUndefined()
    await relay.play(300)
    expect(feed().state.value).toEqual({ status: 'live' })
    expect(feed().canvas.value).toBeDefined()
    expect(feed().via.value).toBe('path')
    expect(told()).toMatchObject({ watching: 'live', via: 'path' })
  })

  it('is tried with an ICE restart for 6 s first when a picture breaks off', async () => {
    const { feed, watched, relay } = setUp()
    await run(10)
    await playDirectly(1_000)
    watcher().become('disconnected')
    await run(5_900)
    expect(watcher().restarts).toBe(1)
    expect(watched()).toEqual([])
    expect(feed().state.value.status).toBe('reconnecting')
    await run(200)
    expect(watched()).toEqual([true])
    expect(feed().state.value.status).toBe('reconnecting')
    await relay.play(300)
    expect(feed().state.value).toEqual({ status: 'live' })
    expect(feed().via.value).toBe('broken')
  })

  it.each(['chosen', 'unsupported'] as const)('does not try directly where that is %s', async (reason) => {
    const { feed, watched, relay } = setUp({ directOff: reason })
    await run(10)
    expect(watched()).toEqual([true])
    await relay.play(30_000)
    expect(attempts()).toBe(0)
    expect(feed().state.value).toEqual({ status: 'live' })
    expect(feed().via.value).toBe(reason)
  })

  it('does not try directly where the camera sends through the server alone', async () => {
    const { room, feed, watched, relay } = setUp()
    room.clientOf(CAMERA).setState({ camera: { relayOnly: 'unsupported' } })
    await run(10)
    await relay.play(1_000)
    expect(watched()).toEqual([true])
    expect(feed().via.value).toBe('unsupported')
    expect(feed().state.value).toEqual({ status: 'live' })
  })
})

describe('up again', () => {
  it('tries directly in the background, from 10 s on and then less often', async () => {
    // The least of the jitter: 10 s, then 20.
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const { relay } = setUp()
    await run(6_000)
    await relay.play(9_900)
    expect(attempts()).toBe(1)
    await relay.play(200)
    expect(attempts()).toBe(2)
    // Its own 6 s come first.
    await relay.play(25_800)
    expect(attempts()).toBe(2)
    await relay.play(300)
    expect(attempts()).toBe(3)
  })

  it('goes back only when pictures come directly, and then lets the server’s go', async () => {
    const { feed, watched, told, relay } = setUp()
    await run(6_100)
    await relay.play(500)
    camera().become('connected')
    watcher().become('connected')
    await relay.play(500)
    expect(feed().transport.value).toBe('relay')
    expect(feed().state.value).toEqual({ status: 'live' })
    watcher().frames += 3
    await run(500)
    expect(watched()).toEqual([true, false])
    expect(relay.open()).toBe(0)
    expect(feed().state.value).toEqual({ status: 'live' })
    expect(feed().canvas.value).toBeUndefined()
    expect(told().via).toBeUndefined()
  })
})

describe('[MED-6] a camera that many watch', () => {
  const decide = (room: ReturnType<typeof setUp>['room'], relayOnly: 'many' | null) =>
    room.clientOf(CAMERA).setState({ camera: { relayOnly } })

  it('is seen directly until its picture comes through the server, and the phone is let go then', async () => {
    const { room, feed, watched, relay, sending, told } = setUp()
    await run(10)
    await playDirectly(1_000)
    decide(room, 'many')
    await playDirectly(500)
    expect(watched()).toEqual([true])
    expect(feed().state.value).toEqual({ status: 'live' })
    expect(feed().transport.value).not.toBe('relay')
    await relay.play(500)
    expect(feed().state.value).toEqual({ status: 'live' })
    expect(feed().transport.value).toBe('relay')
    expect(told()).toMatchObject({ watching: 'live', via: 'many' })
    expect(sending.peers.value.size).toBe(0)
    await relay.play(60_000)
    expect(attempts()).toBe(1)
  })

  it('is seen through the server until it comes directly again', async () => {
    const { room, feed, watched, relay, sending } = setUp()
    decide(room, 'many')
    await run(10)
    expect(sending.peers.value.size).toBe(0)
    await relay.play(1_000)
    const before = attempts()
    decide(room, null)
    await relay.play(1_000)
    expect(attempts()).toBe(before + 1)
    expect(feed().state.value).toEqual({ status: 'live' })
    expect(feed().transport.value).toBe('relay')
    expect(watched()).toEqual([true])
    await playDirectly(500)
    expect(feed().state.value).toEqual({ status: 'live' })
    expect(feed().transport.value).not.toBe('relay')
    expect(watched()).toEqual([true, false])
  })

  it('stays direct where the server has no way to it', async () => {
    const { room, feed, relay } = setUp()
    decide(room, 'many')
    await run(10)
    room.emit(DESK, { type: 'relay-state', camera: CAMERA, state: 'unreachable', reason: 'refused' })
    await run(10)
    await playDirectly(500)
    expect(feed().state.value).toEqual({ status: 'live' })
    expect(feed().transport.value).not.toBe('relay')
    expect(relay.open()).toBe(1)
  })
})

describe('trouble through the server', () => {
  it('[MED-1] leaves live within 3 s of standing still, and comes back', async () => {
    const { feed, relay } = setUp({ directOff: 'chosen' })
    await relay.play(1_000)
    await run(3_000)
    expect(feed().state.value.status).toBe('reconnecting')
    await relay.play(1_000)
    expect(feed().state.value).toEqual({ status: 'live' })
  })

  it('[MED-5] fails with the reason direct video failed for when the server has no picture either', async () => {
    const { room, feed, told } = setUp()
    await run(6_100)
    room.emit(DESK, { type: 'relay-state', camera: CAMERA, state: 'unreachable', reason: 'refused' })
    expect(feed().state.value).toEqual({ status: 'failed', stage: 'path' })
    expect(told().watching).toBe('failed')
  })

  it('[MED-5] says when nothing comes, and when what comes cannot be shown', async () => {
    const silent = setUp({ directOff: 'chosen' })
    await run(6_100)
    expect(silent.feed().state.value).toEqual({ status: 'failed', stage: 'relay' })
    const strange = setUp({ directOff: 'chosen' })
    await run(10)
    strange.relay.fault()
    expect(strange.feed().state.value).toEqual({ status: 'failed', stage: 'codec' })
    await strange.relay.play(500)
    expect(strange.feed().state.value).toEqual({ status: 'live' })
  })

  it('is asked for again with each connection, and when the camera is back', async () => {
    const { room, watched, relay } = setUp({ directOff: 'chosen' })
    await relay.play(500)
    room.active.value = false
    await run(1_000)
    room.active.value = true
    await run(10)
    expect(watched()).toEqual([true, true])
    room.change(CAMERA, { connected: false })
    room.change(CAMERA, { connected: true })
    await run(10)
    expect(watched()).toEqual([true, true, true])
  })

  it('loads its code again when the network was away', async () => {
    const { feed, watched } = setUp({ directOff: 'chosen', loads: false })
    await run(10)
    expect(feed().state.value).toEqual({ status: 'failed', stage: 'relay' })
    expect(watched()).toEqual([])
  })

  it('leaves no timer behind', async () => {
    const { sending, receiving, relay } = setUp()
    await run(6_100)
    await relay.play(500)
    receiving.dispose()
    sending.dispose()
    await run(0)
    expect(relay.open()).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the switch', () => {
  it.each([
    ['?transport=relay', true, 'chosen'],
    ['?transport=relay', false, 'chosen'],
    ['', false, 'unsupported'],
    ['?transport=p2p', true, undefined],
    ['', true, undefined],
  ] as const)('%j, WebRTC there: %s, means %s', (search, supported, means) => {
    expect(directOff(search, supported)).toBe(means)
  })
})
