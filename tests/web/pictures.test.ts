/** The camera's and the watcher's side together, over fake connections and a fake server between them. */
import { signal } from '@preact/signals'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readWatching } from '../../web/lib/camera-state.ts'
import { createReceiving } from '../../web/lib/receiving.ts'
import { createSending } from '../../web/lib/sending.ts'
import { FakeConnection } from './fake-connection.ts'
import { CAMERA, createRoom, DESK, say, track } from './fake-room.ts'

const peerOptions = { createConnection: FakeConnection.create, onNetworkChange: () => () => {} }
/** A server that relays nothing. */
const loadInbox = () => Promise.reject(new Error('There is no relay'))
const run = (ms: number) => vi.advanceTimersByTimeAsync(ms)

const setUp = async () => {
  const room = createRoom()
  const live = signal<MediaStreamTrack | undefined>(track('one'))
  const start = (source: string) =>
    createSending({ client: room.clientOf(CAMERA), source, track: live, peerOptions })
  const sending = start('s1')
  const receiving = createReceiving({ client: room.clientOf(DESK), peerOptions, loadInbox })
  const feed = () => {
    const found = receiving.feeds.value.get(CAMERA)
    if (!found) throw new Error('There is no feed')
    return found
  }
  const out = (from = sending) => {
    const peer = from.peers.value.get(DESK)
    if (!peer) throw new Error('There is no connection')
    return FakeConnection.of(peer.connection)
  }
  /** What the watcher tells of this camera. */
  const told = () => readWatching(room.members.value.get(DESK)?.state ?? {}, CAMERA)
  return { room, live, sending, start, receiving, feed, out, told }
}

/** The watcher's connections in order, which the feed keeps to itself: those without a track to send. */
let watchers: FakeConnection[] = []
const watcher = () => {
  const last = watchers.at(-1)
  if (!last) throw new Error('Nobody watches')
  return last
}

/** Lets both ends connect and pictures arrive for so long. */
const play = async (from: FakeConnection, to: FakeConnection, ms: number) => {
  from.become('connected')
  to.become('connected')
  for (let passed = 0; passed < ms; passed += 100) {
    to.frames += 3
    await run(100)
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  // It says with each attempt that there is no relay.
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  watchers = []
  const create = FakeConnection.create
  peerOptions.createConnection = (configuration) => {
    const connection = create(configuration)
    queueMicrotask(() => {
      const made = FakeConnection.of(connection)
      if (made.senders.length === 0) watchers.push(made)
    })
    return connection
  }
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a picture', () => {
  it('waits for a camera that is off, and asks nothing of it', async () => {
    const { room, feed, sending, told } = await setUp()
    say(room, 'off')
    await run(10_000)
    expect(feed().state.value).toEqual({ status: 'waiting' })
    expect(sending.peers.value.size).toBe(0)
    expect(told()).toBeUndefined()
  })

  it('is asked for when the camera starts, and live when it moves, not before', async () => {
    const { room, feed, out, told } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    expect(feed().state.value).toEqual({ status: 'connecting' })
    expect(told()).toBe('connecting')
    out().become('connected')
    watcher().become('connected')
    await run(500)
    expect(feed().state.value).toEqual({ status: 'connecting' })
    await play(out(), watcher(), 300)
    expect(feed().state.value).toEqual({ status: 'live' })
    expect(told()).toBe('live')
    expect(feed().stream.value).toBeDefined()
  })

  it('is asked to be shown without delay, and is not asked for at all where it is not chosen', async () => {
    const { room, receiving } = await setUp()
    const none = createReceiving({
      client: room.clientOf(DESK),
      peerOptions,
      loadInbox,
      choose: (cameras) => cameras.filter(({ id }) => id !== CAMERA),
    })
    say(room, 'live', 's1')
    await run(100)
    expect([receiving.feeds.value.size, none.feeds.value.size]).toEqual([1, 0])
    expect(watcher().receiver.jitterBufferTarget).toBe(0)
    expect(watchers).toHaveLength(1)
    none.dispose()
  })

  it('is sent at 720p from the start: size before smoothness, 2.5 Mbit/s, 30 a second', async () => {
    const { room, out } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    expect(out().encodings).toEqual([{ maxBitrate: 2_500_000, maxFramerate: 30 }])
    expect(out().senders[0]?.parameters).toMatchObject({ degradationPreference: 'maintain-resolution' })
    expect(out().senders[0]?.track?.id).toBe('one')
  })

  it('[MED-1] leaves live within 3 s of standing still, and comes back', async () => {
    const { room, feed, out, told } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    await play(out(), watcher(), 1_000)
    await run(3_000)
    expect(feed().state.value).toMatchObject({ status: 'reconnecting' })
    expect(told()).toBe('reconnecting')
    await play(out(), watcher(), 1_000)
    expect(feed().state.value).toEqual({ status: 'live' })
  })

  it('waits, without a failure, while the phone is paused', async () => {
    const { room, feed, out } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    await play(out(), watcher(), 1_000)
    say(room, 'paused', 's1')
    await run(60_000)
    expect(feed().state.value).toEqual({ status: 'waiting' })
    expect(watchers).toHaveLength(1)
    say(room, 'live', 's1')
    await play(out(), watcher(), 1_000)
    expect(feed().state.value).toEqual({ status: 'live' })
  })

  it('believes a camera that says it pauses within a second, and black pictures once a second do not matter', async () => {
    const { room, feed, out } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    await play(out(), watcher(), 1_000)
    say(room, 'paused', 's1')
    await run(900)
    expect(feed().state.value).toEqual({ status: 'waiting' })
    for (let second = 0; second < 5; second += 1) {
      watcher().frames += 1
      await run(1_000)
      expect(feed().state.value).toEqual({ status: 'waiting' })
    }
  })

  it('does not take what a camera sends that another app has for its picture', async () => {
    const { room, feed, out } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    await play(out(), watcher(), 1_000)
    room.clientOf(CAMERA).setState({ camera: { status: 'paused', why: 'interrupted' } })
    await play(out(), watcher(), 2_000)
    expect(feed().state.value).toEqual({ status: 'waiting' })
    room.clientOf(CAMERA).setState({ camera: { status: 'live', why: null } })
    await play(out(), watcher(), 1_000)
    expect(feed().state.value).toEqual({ status: 'live' })
  })

  it('stays live where the camera goes on in the background', async () => {
    const { room, feed, out } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    await play(out(), watcher(), 1_000)
    say(room, 'paused', 's1')
    await play(out(), watcher(), 5_000)
    expect(feed().state.value).toEqual({ status: 'live' })
  })

  it('keeps its connection while the camera is turned round', async () => {
    const { room, live, feed, out } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    await play(out(), watcher(), 1_000)
    say(room, 'asking', 's1')
    live.value = track('two')
    await run(100)
    say(room, 'live', 's1')
    await play(out(), watcher(), 500)
    expect(out().senders[0]?.track?.id).toBe('two')
    expect(watchers).toHaveLength(1)
    expect(feed().state.value).toEqual({ status: 'live' })
  })

  it('ends when the camera is stopped, and comes with the next start', async () => {
    const { room, feed, sending, start, out, told } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    await play(out(), watcher(), 1_000)
    const first = out()
    sending.dispose()
    say(room, 'off')
    await run(10)
    expect(first.closed).toBe(true)
    expect(watcher().closed).toBe(true)
    expect(feed().state.value).toEqual({ status: 'ended' })
    expect(told()).toBeUndefined()
    const next = start('s2')
    say(room, 'live', 's2')
    await run(10)
    await play(out(next), watcher(), 500)
    expect(feed().state.value).toEqual({ status: 'live' })
  })
})

describe('reloads', () => {
  it('of the phone: the watcher asks the new source, and the old connection is closed', async () => {
    const { room, feed, start, out } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    await play(out(), watcher(), 500)
    const old = watcher()
    // The page is gone without a word; the new one has another source.
    const next = start('s2')
    say(room, 'live', 's2')
    await run(10)
    expect(old.closed).toBe(true)
    await play(out(next), watcher(), 500)
    expect(feed().state.value).toEqual({ status: 'live' })
  })

  it('of the phone: it is waited for while the new page asks for the camera, not called ended', async () => {
    const { room, feed, out } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    await play(out(), watcher(), 500)
    say(room, 'asking')
    await run(10)
    expect(feed().state.value).toEqual({ status: 'waiting' })
    expect(watcher().closed).toBe(true)
  })

  it('of the dashboard: its want replaces the connection of the page before', async () => {
    const { room, sending, receiving, out } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    await play(out(), watcher(), 500)
    const before = out()
    const again = createReceiving({ client: room.clientOf(DESK), peerOptions, loadInbox })
    receiving.dispose()
    await run(10)
    expect(before.closed).toBe(true)
    expect(sending.peers.value.size).toBe(1)
    await play(out(), watcher(), 500)
    expect(again.feeds.value.get(CAMERA)?.state.value).toEqual({ status: 'live' })
  })

  it('ignore a want for another source, and one that comes twice', async () => {
    const { room, sending, out } = await setUp()
    const desk = room.clientOf(DESK)
    await desk.signal(CAMERA, { kind: 'want', pc: 'x', source: 'old' })
    await run(10)
    expect(sending.peers.value.size).toBe(0)
    await desk.signal(CAMERA, { kind: 'want', pc: 'x', source: 's1' })
    await run(10)
    const first = out()
    await desk.signal(CAMERA, { kind: 'want', pc: 'y', source: 's1' })
    await desk.signal(CAMERA, { kind: 'want', pc: 'x', source: 's1' })
    await run(10)
    expect(first.closed).toBe(true)
    expect(sending.peers.value.get(DESK)?.pc).toBe('y')
  })
})

describe('trouble', () => {
  it('fails in 6 s when no way is found, says so, and is tried again by itself', async () => {
    const { room, feed, told } = await setUp()
    say(room, 'live', 's1')
    await run(6_100)
    expect(feed().state.value).toEqual({ status: 'failed', stage: 'path' })
    expect(told()).toBe('failed')
    await run(20_000)
    expect(watchers.length).toBeGreaterThan(1)
    expect(feed().state.value.status).toBe('failed')
  })

  it('is live again after a failure when the next try connects', async () => {
    const { room, feed, out } = await setUp()
    say(room, 'live', 's1')
    await run(7_500)
    feed().retry()
    await run(10)
    await play(out(), watcher(), 500)
    expect(feed().state.value).toEqual({ status: 'live' })
  })

  it('says when a connection carries nothing', async () => {
    const { room, feed, out } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    out().become('connected')
    watcher().become('connected')
    await run(6_100)
    expect(feed().state.value).toEqual({ status: 'failed', stage: 'picture' })
  })

  it('tries at once when the person says so or the phone is back', async () => {
    const { room, feed } = await setUp()
    say(room, 'live', 's1')
    await run(6_100)
    feed().retry()
    await run(0)
    expect(watchers).toHaveLength(2)
    await run(6_100)
    room.change(CAMERA, { connected: false })
    const before = watchers.length
    room.change(CAMERA, { connected: true })
    await run(0)
    expect(watchers).toHaveLength(before + 1)
  })

  it('[MED-4] plays on while the server is away, whoever looks absent', async () => {
    const { room, feed, sending, out } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    await play(out(), watcher(), 500)
    room.active.value = false
    room.change(CAMERA, { connected: false })
    room.change(DESK, { connected: false })
    await play(out(), watcher(), 10_000)
    expect(feed().state.value).toEqual({ status: 'live' })
    expect(sending.peers.value.size).toBe(1)
    expect(watchers).toHaveLength(1)
  })

  it('[MED-4] plays on when the server calls the camera lost, and goes when it stands still', async () => {
    const { room, receiving, out } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    await play(out(), watcher(), 500)
    room.leave(CAMERA, 'instance-lost')
    await play(out(), watcher(), 5_000)
    expect(receiving.feeds.value.has(CAMERA)).toBe(true)
    await run(3_000)
    expect(receiving.feeds.value.has(CAMERA)).toBe(false)
  })

  it.each(['left', 'kicked', 'revoked'] as const)(
    'is gone at once when the camera has %s',
    async (reason) => {
      const { room, receiving, out } = await setUp()
      say(room, 'live', 's1')
      await run(10)
      await play(out(), watcher(), 500)
      const old = watcher()
      room.leave(CAMERA, reason)
      await run(0)
      expect(receiving.feeds.value.has(CAMERA)).toBe(false)
      expect(old.closed).toBe(true)
    },
  )

  it.each([
    ['left', true],
    ['kicked', true],
    ['lost', false],
    ['instance-lost', false],
  ] as const)('to a watcher that has %s is closed: %s', async (reason, closed) => {
    const { room, out } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    await play(out(), watcher(), 500)
    const mine = out()
    room.leave(DESK, reason)
    expect(mine.closed).toBe(closed)
  })

  it('leaves no timer behind', async () => {
    const { room, sending, receiving, out } = await setUp()
    say(room, 'live', 's1')
    await run(10)
    await play(out(), watcher(), 500)
    receiving.dispose()
    sending.dispose()
    await run(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})
