import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CommandRef } from '../../server/protocol/ids.ts'
import { ApiError } from '../../web/lib/api.ts'
import { createClient, type Client } from '../../web/lib/client.ts'
import { at, FakeSocket, member, room, sessionId, welcome } from './fakes.ts'

/** Makes the jitter sit at its upper end: waits of 300, 600, 1200 … ms. */
const NO_JITTER = () => 1

const setUp = (more: { askSession?: () => Promise<unknown> } = {}) => {
  const sockets: FakeSocket[] = []
  let attempts = 0
  let wake: () => void = () => {}
  const askSession = vi.fn(more.askSession ?? (() => Promise.resolve({})))
  const client: Client = createClient({
    url: 'wss://host.example/ws',
    token: 'room.me.secret',
    nextAttempt: () => (attempts += 1),
    askSession,
    createSocket(url, protocol) {
      const socket = new FakeSocket(url, protocol)
      sockets.push(socket)
      return socket
    },
    onWake(listener) {
      wake = listener
      return () => {
        wake = () => {}
      }
    },
    random: NO_JITTER,
  })
  const last = () => {
    const socket = sockets.at(-1)
    if (!socket) throw new Error('No socket was made')
    return socket
  }
  const live = () => {
    client.connect()
    last().open()
    last().deliver(welcome())
    return last()
  }
  return { client, sockets, last, live, askSession, wake: () => wake() }
}

const code = (error: unknown) => (error as { code: unknown }).code
const outcome = (promise: Promise<unknown>) => promise.then(() => 'ok', code)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('connecting', () => {
  it('offers the subprotocol and says hello with token and attempt', () => {
    const { client, last } = setUp()
    expect(client.state.value).toEqual({ status: 'idle' })
    client.connect()
    expect(client.state.value).toEqual({ status: 'connecting' })
    expect(last()).toMatchObject({ url: 'wss://host.example/ws', protocol: 'pairlens.v1' })
    last().open()
    expect(last().sent).toEqual([{ type: 'hello', token: 'room.me.secret', attempt: 1 }])
  })

  it('is live with the room after the welcome', () => {
    const { client, live } = setUp()
    live()
    expect(client.state.value).toEqual({ status: 'live', resumed: false })
    expect(client.active.value).toBe(true)
    expect([...client.members.value.keys()]).toEqual(['me', 'desk'])
    expect(client.room.value).toEqual(room)
    expect(client.iceServers.value).toEqual([{ urls: 'stun:stun.example' }])
  })

  it('makes one connection however often it is asked', () => {
    const { client, sockets, live } = setUp()
    live()
    client.connect()
    expect(sockets).toHaveLength(1)
  })

  it('gives up a socket that never welcomes and tries another', () => {
    const { client, sockets, last } = setUp()
    client.connect()
    last().open()
    vi.advanceTimersByTime(8_000)
    expect(sockets[0]?.closedByClient).toBe(true)
    expect(client.state.value).toMatchObject({ status: 'reconnecting', inMs: 300 })
    vi.advanceTimersByTime(300)
    expect(sockets).toHaveLength(2)
  })

  it('closes for good when the server speaks another version', () => {
    const { client, last } = setUp()
    client.connect()
    last().open()
    last().deliver(welcome({ protocol: 2 }))
    expect(client.state.value).toEqual({ status: 'closed', reason: 'protocol' })
    expect(last().closedByClient).toBe(true)
  })
})

describe('coming back', () => {
  it('retries at 300 ms, doubles, and stops at 10 s', () => {
    const { client, last, live, sockets } = setUp()
    live()
    const waits: number[] = []
    for (let turn = 0; turn < 8; turn += 1) {
      last().drop(1006)
      const state = client.state.value
      if (state.status !== 'reconnecting') throw new Error(`It is ${state.status}`)
      waits.push(state.inMs)
      const before = sockets.length
      vi.advanceTimersByTime(state.inMs - 1)
      expect(sockets).toHaveLength(before)
      vi.advanceTimersByTime(1)
      expect(sockets).toHaveLength(before + 1)
      last().open()
    }
    expect(waits).toEqual([300, 600, 1_200, 2_400, 4_800, 9_600, 10_000, 10_000])
  })

  it('starts its backoff anew after five steady seconds, not before', () => {
    const { client, last, live } = setUp()
    live()
    last().drop(1006)
    vi.advanceTimersByTime(300)
    last().open()
    last().deliver(welcome())
    vi.advanceTimersByTime(4_999)
    last().drop(1013)
    expect(client.state.value).toMatchObject({ inMs: 600 })
    vi.advanceTimersByTime(600)
    last().open()
    last().deliver(welcome())
    vi.advanceTimersByTime(5_000)
    last().drop(1013)
    expect(client.state.value).toMatchObject({ inMs: 300 })
  })

  it('resumes from the last cursor seen, with a higher attempt', () => {
    const { client, last, live } = setUp()
    live().deliver({ type: 'message', at: at('a2'), from: sessionId('desk'), data: 1 })
    last().deliver({ type: 'pong', now: '2026-01-01T00:00:00.000Z', at: at('a3') })
    last().drop(1006)
    vi.advanceTimersByTime(300)
    last().open()
    expect(last().sent).toEqual([{ type: 'hello', token: 'room.me.secret', attempt: 2, resume: 'a3' }])
    last().deliver(welcome({ resumed: true, at: at('a3') }))
    expect(client.state.value).toEqual({ status: 'live', resumed: true })
  })

  it('keeps the room as it was known while the connection is away', () => {
    const { client, last, live } = setUp()
    live()
    last().drop(1006)
    expect(client.members.value.size).toBe(2)
    expect(client.active.value).toBe(false)
  })

  it('follows going-away: comes back when it was told to', () => {
    const { client, last, live, sockets } = setUp()
    live().deliver({ type: 'going-away', reconnectInMs: 1_234 })
    last().drop(1012)
    expect(client.state.value).toMatchObject({ status: 'reconnecting', inMs: 1_234 })
    vi.advanceTimersByTime(1_234)
    expect(sockets).toHaveLength(2)
  })

  it('tells since when it has been away, over several tries', () => {
    const { client, last, live } = setUp()
    live()
    vi.advanceTimersByTime(7_000)
    const since = Date.now()
    last().drop(1006)
    vi.advanceTimersByTime(300)
    last().open()
    last().drop(1006)
    expect(client.state.value).toMatchObject({ status: 'reconnecting', since })
  })

  it.each([
    [1000, 'left'],
    [4400, 'invalid_message'],
    [4401, 'session_invalid'],
    [4403, 'kicked'],
    [4404, 'room_gone'],
    [4409, 'connected_elsewhere'],
  ])('stays closed after %i', (closeCode, reason) => {
    const { client, last, live, sockets } = setUp()
    live()
    last().drop(closeCode)
    expect(client.state.value).toEqual({ status: 'closed', reason })
    vi.advanceTimersByTime(60_000)
    expect(sockets).toHaveLength(1)
  })

  it.each([1001, 1006, 1009, 1012, 1013, 4408, 4429, 4430])('comes back after %i', (closeCode) => {
    const { last, live, sockets } = setUp()
    live()
    last().drop(closeCode)
    vi.advanceTimersByTime(300)
    expect(sockets).toHaveLength(2)
  })

  it('takes the seat back from another tab when the person says so', () => {
    const { client, last, live } = setUp()
    live()
    last().drop(4409)
    client.connect()
    last().open()
    expect(last().sent).toEqual([{ type: 'hello', token: 'room.me.secret', attempt: 2, resume: 'a1' }])
  })
})

describe('a refused upgrade', () => {
  const refused = async (askSession: () => Promise<unknown>) => {
    const all = setUp({ askSession })
    all.client.connect()
    all.last().drop(1006)
    await vi.advanceTimersByTimeAsync(0)
    return all
  }

  it('asks for the session and closes when it is not valid any more', async () => {
    const { client, askSession, sockets } = await refused(() =>
      Promise.reject(new ApiError(401, 'unauthorized', 'No valid session')))
    expect(askSession).toHaveBeenCalledOnce()
    expect(client.state.value).toEqual({ status: 'closed', reason: 'session_invalid' })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sockets).toHaveLength(1)
  })

  it('waits as long as the server says', async () => {
    const { client, sockets } = await refused(() =>
      Promise.reject(new ApiError(429, 'rate_limited', 'Too many', 4_000)))
    expect(client.state.value).toMatchObject({ status: 'reconnecting', inMs: 4_000, unreachable: false })
    await vi.advanceTimersByTimeAsync(3_999)
    expect(sockets).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(sockets).toHaveLength(2)
  })

  it('says that the server is unreachable, and goes on trying', async () => {
    const { client, sockets } = await refused(() =>
      Promise.reject(new ApiError(0, 'unreachable', 'Failed to fetch')))
    expect(client.state.value).toMatchObject({ status: 'reconnecting', inMs: 300, unreachable: true })
    await vi.advanceTimersByTimeAsync(300)
    expect(sockets).toHaveLength(2)
  })

  it('backs off when the session is sound', async () => {
    const { client } = await refused(() => Promise.resolve({}))
    expect(client.state.value).toMatchObject({ status: 'reconnecting', inMs: 300, unreachable: false })
  })
})

describe('heartbeat', () => {
  it('pings every 15 s and is content with the pongs', () => {
    const { client, last, live } = setUp()
    live()
    for (let turn = 1; turn <= 3; turn += 1) {
      vi.advanceTimersByTime(15_000)
      expect(last().ofType('ping')).toHaveLength(turn)
      last().deliver({ type: 'pong', t: turn, now: '2026-01-01T00:00:00.000Z', at: at('a1') })
    }
    vi.advanceTimersByTime(10_000)
    expect(client.state.value.status).toBe('live')
  })

  it('reconnects when no pong came within 5 s', () => {
    const { client, live, sockets } = setUp()
    live()
    vi.advanceTimersByTime(15_000 + 4_999)
    expect(client.state.value.status).toBe('live')
    vi.advanceTimersByTime(1)
    expect(client.state.value.status).toBe('reconnecting')
    expect(sockets[0]?.closedByClient).toBe(true)
    vi.advanceTimersByTime(300)
    expect(sockets).toHaveLength(2)
  })

  it('asks again instead of giving up when the page itself was asleep', () => {
    const { client, last, live } = setUp()
    live()
    vi.advanceTimersByTime(15_000)
    // The timer is due long before it gets to run.
    vi.setSystemTime(Date.now() + 60_000)
    vi.advanceTimersByTime(5_000)
    expect(client.state.value.status).toBe('live')
    expect(last().ofType('ping')).toHaveLength(2)
    vi.advanceTimersByTime(5_000)
    expect(client.state.value.status).toBe('reconnecting')
  })

  it('pings at once when the page is shown again', () => {
    const { last, live, wake } = setUp()
    live()
    wake()
    expect(last().ofType('ping')).toHaveLength(1)
  })

  it('cuts a wait short when the page is shown or the network is back', () => {
    const { last, live, sockets, wake } = setUp()
    live()
    last().drop(1006)
    wake()
    expect(sockets).toHaveLength(2)
    vi.advanceTimersByTime(7_000)
    expect(sockets).toHaveLength(2)
  })
})

describe('the room', () => {
  it('follows presence', () => {
    const { client, live } = setUp()
    const socket = live()
    socket.deliver({ type: 'member-joined', at: at('a2'), member: member('cam') })
    socket.deliver({ type: 'member-updated', at: at('a3'), member: member('cam', 'camera', { connected: false }) })
    expect(client.members.value.get(sessionId('cam'))?.connected).toBe(false)
    socket.deliver({ type: 'member-left', at: at('a4'), memberId: sessionId('cam'), reason: 'lost' })
    expect(client.members.value.has(sessionId('cam'))).toBe(false)
    expect(client.cursor()).toBe('a4')
  })

  it('becomes active when a host approves', async () => {
    const { client, last } = setUp()
    client.connect()
    last().open()
    last().deliver(welcome({}, { status: 'pending' }))
    expect(client.active.value).toBe(false)
    void client.signal(sessionId('desk'), 'early')
    expect(last().ofType('signal')).toHaveLength(0)
    last().deliver({
      type: 'approved',
      session: { id: sessionId('me'), role: 'camera', name: 'me', status: 'active', expiresAt: room.createdAt },
      room, members: [member('me'), member('desk', 'host')], at: at('a2'), iceServers: [],
    })
    expect(client.active.value).toBe(true)
    expect(last().ofType('signal')).toMatchObject([{ to: 'desk', data: 'early' }])
  })

  it('gives each message to its listeners until they stop listening', () => {
    const { client, live } = setUp()
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
    const { client, last, live } = setUp()
    live()
    const ref = client.command(sessionId('cam'), 'torch', { on: true })
    const [sent] = last().ofType('command')
    expect(sent).toMatchObject({ to: 'cam', name: 'torch', args: { on: true } })
    last().deliver({ type: 'reply', id: sent?.['id'] as number, ok: true, at: at('a2'), data: { ref: 'r1' as CommandRef } })
    await expect(ref).resolves.toBe('r1')
  })

  it('rejects with the code of the reply', async () => {
    const { client, last, live } = setUp()
    live()
    const result = outcome(client.message('hi', sessionId('gone')))
    last().deliver({
      type: 'reply', id: last().ofType('message')[0]?.['id'] as number, ok: false, code: 'not_found', message: 'No',
    })
    await expect(result).resolves.toBe('not_found')
  })

  it('rejects after 10 s without a reply', async () => {
    const { client, live } = setUp()
    live()
    const result = outcome(client.message('hi'))
    await vi.advanceTimersByTimeAsync(10_000)
    await expect(result).resolves.toBe('timeout')
  })

  it('is lost when the socket drops: it may have been accepted, so it is not sent twice', async () => {
    const { client, last, live } = setUp()
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
    const { client, last, live } = setUp()
    live()
    last().drop(1006)
    void client.signal(sessionId('desk'), 1)
    void outcome(client.message(2))
    void client.signal(sessionId('desk'), 3)
    await vi.advanceTimersByTimeAsync(300)
    last().open()
    last().deliver(welcome())
    expect(last().sent.slice(1).map(({ data }) => data)).toEqual([1, 2, 3])
  })

  it('sends a signal again that had no reply, and only that', async () => {
    const { client, last, live } = setUp()
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
    const { client, last, live } = setUp()
    live()
    last().drop(1006)
    for (let count = 0; count < 256; count += 1) void client.signal(sessionId('desk'), count)
    await expect(client.signal(sessionId('desk'), 'too many')).resolves.toBe(false)
    await expect(outcome(client.message('too many'))).resolves.toBe('full')
  })

  it('rejects everything when it is closed for good', async () => {
    const { client, last, live } = setUp()
    live()
    const signalled = client.signal(sessionId('desk'), 1)
    last().drop(4403)
    await expect(signalled).resolves.toBe(false)
    await expect(outcome(client.message('hi'))).resolves.toBe('closed')
  })
})

describe('the own state', () => {
  const accept = (socket: FakeSocket) => {
    const id = socket.ofType('state').at(-1)?.['id'] as number
    socket.deliver({ type: 'reply', id, ok: true, at: at('a2') })
  }
  const patches = (socket: FakeSocket) => socket.ofType('state').map(({ state }) => state)

  it('goes out at once, then what changed meanwhile goes together, as differences', async () => {
    const { client, last, live } = setUp()
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
    const { client, last } = setUp()
    client.setState({ camera: { status: 'off' } })
    client.connect()
    last().open()
    last().deliver(welcome({}, { state: { camera: { status: 'off' } } }))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(patches(last())).toEqual([])
  })

  it('puts it back where a restarted server has lost it, and takes back what does not hold', async () => {
    const { client, last, live } = setUp()
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
    const { client, last, live } = setUp()
    live()
    client.setState({ camera: { status: 'live' } })
    last().deliver({
      type: 'reply', id: last().ofType('state')[0]?.['id'] as number, ok: false, code: 'rate_limited', message: 'Slow',
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
    const { client, live, sockets } = setUp()
    const socket = live()
    client.leave()
    expect(socket.ofType('leave')).toHaveLength(1)
    expect(client.state.value).toEqual({ status: 'closed', reason: 'left' })
    vi.advanceTimersByTime(60_000)
    expect(sockets).toHaveLength(1)
  })

  it('disposes of every timer', () => {
    const { client, last, live } = setUp()
    live()
    void client.signal(sessionId('desk'), 1)
    client.setState({ a: 1 })
    last().drop(1006)
    client.dispose()
    expect(vi.getTimerCount()).toBe(0)
  })
})
