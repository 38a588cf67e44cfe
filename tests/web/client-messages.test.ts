import { computed, effect, untracked } from '@preact/signals'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CommandRef } from '../../server/protocol/ids.ts'
import { clientOver } from './fake-client.ts'
import { at, type FakeSocket, member, room, sessionId, welcome } from './fakes.ts'

const code = (error: unknown) => (error as { code: unknown }).code
const outcome = (promise: Promise<unknown>) => promise.then(() => 'ok', code)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the room', () => {
  it('follows presence', () => {
    const { client, live } = clientOver()
    const socket = live()
    socket.deliver({ type: 'member-joined', at: at('a2'), member: member('cam') })
    socket.deliver({
      type: 'member-updated',
      at: at('a3'),
      member: member('cam', 'camera', { connected: false }),
    })
    expect(client.members.value.get(sessionId('cam'))?.connected).toBe(false)
    socket.deliver({ type: 'member-left', at: at('a4'), memberId: sessionId('cam'), reason: 'lost' })
    expect(client.members.value.has(sessionId('cam'))).toBe(false)
    expect(client.cursor()).toBe('a4')
  })

  it('becomes active when a host approves', async () => {
    const { client, last } = clientOver()
    client.connect()
    last().open()
    last().deliver(welcome({}, { status: 'pending' }))
    expect(client.active.value).toBe(false)
    void client.signal(sessionId('desk'), 'early')
    expect(last().ofType('signal')).toHaveLength(0)
    last().deliver({
      type: 'approved',
      session: {
        id: sessionId('me'),
        role: 'camera',
        name: 'me',
        status: 'active',
        expiresAt: room.createdAt,
      },
      room,
      members: [member('me'), member('desk', 'host')],
      at: at('a2'),
      iceServers: [],
    })
    expect(client.active.value).toBe(true)
    expect(last().ofType('signal')).toMatchObject([{ to: 'desk', data: 'early' }])
  })

  it('tells a state that is set while the welcome is taken in', () => {
    const { client, live } = clientOver()
    const here = computed(() => client.members.value.has(sessionId('desk')))
    const stop = effect(() => {
      if (here.value) untracked(() => client.setState({ mood: 'calm' }))
    })
    expect(live().ofType('state')).toMatchObject([{ state: { mood: 'calm' } }])
    stop()
  })

  it('gives each message to its listeners until they stop listening', () => {
    const { client, live } = clientOver()
    const socket = live()
    const heard: unknown[] = []
    const stop = client.on('message', ({ data }) => heard.push(data))
    socket.deliver({ type: 'message', at: at('a2'), from: sessionId('desk'), data: 'one' })
    stop()
    socket.deliver({ type: 'message', at: at('a3'), from: sessionId('desk'), data: 'two' })
    expect(heard).toEqual(['one'])
  })
})

describe('requests', () => {
  it('resolves with the reply to its id', async () => {
    const { client, last, live } = clientOver()
    live()
    const ref = client.command(sessionId('cam'), 'torch', { on: true })
    const [sent] = last().ofType('command')
    expect(sent).toMatchObject({ to: 'cam', name: 'torch', args: { on: true } })
    last().deliver({
      type: 'reply',
      id: sent?.['id'] as number,
      ok: true,
      at: at('a2'),
      data: { ref: 'r1' as CommandRef },
    })
    await expect(ref).resolves.toBe('r1')
  })

  it('rejects with the code of the reply', async () => {
    const { client, last, live } = clientOver()
    live()
    const result = outcome(client.message('hi', sessionId('gone')))
    last().deliver({
      type: 'reply',
      id: last().ofType('message')[0]?.['id'] as number,
      ok: false,
      code: 'not_found',
      message: 'No',
    })
    await expect(result).resolves.toBe('not_found')
  })

  it('rejects after 10 s without a reply', async () => {
    const { client, live } = clientOver()
    live()
    const result = outcome(client.message('hi'))
    await vi.advanceTimersByTimeAsync(10_000)
    await expect(result).resolves.toBe('timeout')
  })

  it('is lost when the socket drops: it may have been accepted, so it is not sent twice', async () => {
    const { client, last, live } = clientOver()
    live()
    const result = outcome(client.message('hi'))
    last().drop(1006)
    await expect(result).resolves.toBe('lost')
    await vi.advanceTimersByTimeAsync(300)
    last().open()
    last().deliver(welcome())
    expect(last().ofType('message')).toHaveLength(0)
  })

  it('waits while the connection is away and goes out in order', async () => {
    const { client, last, live } = clientOver()
    live()
    last().drop(1006)
    void client.signal(sessionId('desk'), 1)
    void outcome(client.message(2))
    void client.signal(sessionId('desk'), 3)
    await vi.advanceTimersByTimeAsync(300)
    last().open()
    last().deliver(welcome())
    expect(
      last()
        .sent.slice(1)
        .map(({ data }) => data),
    ).toEqual([1, 2, 3])
  })

  it('sends a signal again that had no reply, and only that', async () => {
    const { client, last, live } = clientOver()
    const first = live()
    const answered = client.signal(sessionId('desk'), 'answered')
    void client.signal(sessionId('desk'), 'open')
    first.deliver({ type: 'reply', id: first.ofType('signal')[0]?.['id'] as number, ok: true, at: at('a2') })
    await expect(answered).resolves.toBe(true)
    first.drop(1006)
    await vi.advanceTimersByTimeAsync(300)
    last().open()
    last().deliver(welcome())
    expect(last().ofType('signal')).toMatchObject([{ data: 'open' }])
  })

  it('holds 256 waiting signals and says so beyond', async () => {
    const { client, last, live } = clientOver()
    live()
    last().drop(1006)
    for (let count = 0; count < 256; count += 1) void client.signal(sessionId('desk'), count)
    await expect(client.signal(sessionId('desk'), 'too many')).resolves.toBe(false)
    await expect(outcome(client.message('too many'))).resolves.toBe('full')
  })

  it('rejects everything when it is closed for good', async () => {
    const { client, last, live } = clientOver()
    live()
    const signalled = client.signal(sessionId('desk'), 1)
    last().drop(4403)
    await expect(signalled).resolves.toBe(false)
    await expect(outcome(client.message('hi'))).resolves.toBe('closed')
  })
})

describe('the own state', () => {
  it('says what cannot wait within the call, also before earlier words are answered', async () => {
    const { client, live, last } = clientOver()
    live()
    client.setState({ camera: { status: 'live' } })
    client.setState({ camera: { width: 1280 } })
    expect(patches(last())).toEqual([{ camera: { status: 'live' } }])
    client.setState({ camera: { status: 'paused' } }, 'now')
    expect(patches(last()).at(-1)).toEqual({ camera: { status: 'paused', width: 1280 } })
    accept(last())
    await vi.advanceTimersByTimeAsync(10_000)
    expect(patches(last())).toHaveLength(2)
  })

  it('tells the latest truth over all that may have arrived', async () => {
    const { client, live, last } = clientOver()
    live()
    client.setState({ camera: { status: 'paused' } })
    accept(last())
    await vi.advanceTimersByTimeAsync(200)
    // Unanswered, and then taken back: the server may know either.
    client.setState({ camera: { status: 'live' } })
    client.setState({ camera: { status: 'paused' } }, 'now')
    expect(patches(last()).slice(1)).toEqual([
      { camera: { status: 'live' } },
      { camera: { status: 'paused' } },
    ])
  })

  const accept = (socket: FakeSocket) => {
    const id = socket.ofType('state').at(-1)?.['id'] as number
    socket.deliver({ type: 'reply', id, ok: true, at: at('a2') })
  }
  const patches = (socket: FakeSocket) => socket.ofType('state').map(({ state }) => state)

  it('goes out at once, then what changed meanwhile goes together, as differences', async () => {
    const { client, last, live } = clientOver()
    live()
    client.setState({ camera: { status: 'asking' }, network: '4g' })
    client.setState({ camera: { status: 'live' } })
    client.setState({ camera: { width: 1280 } })
    expect(patches(last())).toEqual([{ camera: { status: 'asking' }, network: '4g' }])
    accept(last())
    await vi.advanceTimersByTimeAsync(100)
    expect(patches(last()).slice(1)).toEqual([{ camera: { status: 'live', width: 1280 } }])
    expect(client.self.value?.state).toEqual({ camera: { status: 'live', width: 1280 }, network: '4g' })
  })

  it('sends nothing for what the server knows', async () => {
    const { client, last } = clientOver()
    client.setState({ camera: { status: 'off' } })
    client.connect()
    last().open()
    last().deliver(welcome({}, { state: { camera: { status: 'off' } } }))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(patches(last())).toEqual([])
  })

  it('puts it back where a restarted server has lost it, and takes back what does not hold', async () => {
    const { client, last, live } = clientOver()
    live()
    client.setState({ camera: { status: 'live', detail: null } })
    accept(last())
    last().drop(1006)
    await vi.advanceTimersByTimeAsync(300)
    last().open()
    last().deliver(welcome({}, { state: { camera: { status: 'off', detail: 'old' }, other: 1 } }))
    await vi.advanceTimersByTimeAsync(100)
    expect(patches(last())).toEqual([{ camera: { status: 'live', detail: null }, other: null }])
  })

  it('tries again when the server had no time for it', async () => {
    const { client, last, live } = clientOver()
    live()
    client.setState({ camera: { status: 'live' } })
    last().deliver({
      type: 'reply',
      id: last().ofType('state')[0]?.['id'] as number,
      ok: false,
      code: 'rate_limited',
      message: 'Slow',
    })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(patches(last())).toHaveLength(2)
    accept(last())
    await vi.advanceTimersByTimeAsync(5_000)
    expect(patches(last())).toHaveLength(2)
  })
})

describe('the end', () => {
  it('leaves: says so, frees the seat and does not come back', () => {
    const { client, live, sockets } = clientOver()
    const socket = live()
    client.leave()
    expect(socket.ofType('leave')).toHaveLength(1)
    expect(client.state.value).toEqual({ status: 'closed', reason: 'left' })
    vi.advanceTimersByTime(60_000)
    expect(sockets).toHaveLength(1)
  })

  it('disposes of every timer', () => {
    const { client, last, live } = clientOver()
    live()
    void client.signal(sessionId('desk'), 1)
    client.setState({ a: 1 })
    last().drop(1006)
    client.dispose()
    expect(vi.getTimerCount()).toBe(0)
  })
})
