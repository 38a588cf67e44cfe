import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../../web/lib/api.ts'
import { clientOver } from './fake-client.ts'
import { at, room, sessionId, welcome } from './fakes.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('connecting', () => {
  it('offers the subprotocol and says hello with token and attempt', () => {
    const { client, last } = clientOver()
    expect(client.state.value).toEqual({ status: 'idle' })
    client.connect()
    expect(client.state.value).toEqual({ status: 'connecting' })
    expect(last()).toMatchObject({ url: 'wss://host.example/ws', protocol: 'pairlens.v1' })
    last().open()
    expect(last().sent).toEqual([{ type: 'hello', token: 'room.me.secret', attempt: 1 }])
  })

  it('is live with the room after the welcome', () => {
    const { client, live } = clientOver()
    live()
    expect(client.state.value).toEqual({ status: 'live', resumed: false })
    expect(client.active.value).toBe(true)
    expect([...client.members.value.keys()]).toEqual(['me', 'desk'])
    expect(client.room.value).toEqual(room)
    expect(client.iceServers.value).toEqual([{ urls: 'stun:stun.example' }])
  })

  it('makes one connection however often it is asked', () => {
    const { client, sockets, live } = clientOver()
    live()
    client.connect()
    expect(sockets).toHaveLength(1)
  })

  it('gives up a socket that never welcomes and tries another', () => {
    const { client, sockets, last } = clientOver()
    client.connect()
    last().open()
    vi.advanceTimersByTime(8_000)
    expect(sockets[0]?.closedByClient).toBe(true)
    expect(client.state.value).toMatchObject({ status: 'reconnecting', inMs: 300 })
    vi.advanceTimersByTime(300)
    expect(sockets).toHaveLength(2)
  })

  it('closes for good when the server speaks another version', () => {
    const { client, last } = clientOver()
    client.connect()
    last().open()
    last().deliver(welcome({ protocol: 2 }))
    expect(client.state.value).toEqual({ status: 'closed', reason: 'protocol' })
    expect(last().closedByClient).toBe(true)
  })
})

describe('coming back', () => {
  it('retries at 300 ms, doubles, stops at 3 s for the time of a restart, then at 10 s', () => {
    const { client, last, live, sockets } = clientOver()
    live()
    const waits: number[] = []
    for (let turn = 0; turn < 30; turn += 1) {
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
    const long = waits.findIndex((wait) => wait > 3_000)
    const sum = (all: readonly number[]) => all.reduce((total, wait) => total + wait, 0)
    expect(waits.slice(0, 6)).toEqual([300, 600, 1_200, 2_400, 3_000, 3_000])
    expect(sum(waits.slice(0, long))).toBeGreaterThanOrEqual(60_000)
    expect(sum(waits.slice(0, long - 1))).toBeLessThan(60_000)
    expect(new Set(waits.slice(long))).toEqual(new Set([10_000]))
  })

  it('starts its backoff anew after five steady seconds, not before', () => {
    const { client, last, live } = clientOver()
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
    const { client, last, live } = clientOver()
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
    const { client, last, live } = clientOver()
    live()
    last().drop(1006)
    expect(client.members.value.size).toBe(2)
    expect(client.active.value).toBe(false)
  })

  it('follows going-away: comes back when it was told to', () => {
    const { client, last, live, sockets } = clientOver()
    live().deliver({ type: 'going-away', reconnectInMs: 1_234 })
    last().drop(1012)
    expect(client.state.value).toMatchObject({ status: 'reconnecting', inMs: 1_234 })
    vi.advanceTimersByTime(1_234)
    expect(sockets).toHaveLength(2)
  })

  it('tells since when it has been away, over several tries', () => {
    const { client, last, live } = clientOver()
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
    const { client, last, live, sockets } = clientOver()
    live()
    last().drop(closeCode)
    expect(client.state.value).toEqual({ status: 'closed', reason })
    vi.advanceTimersByTime(60_000)
    expect(sockets).toHaveLength(1)
  })

  it.each([1001, 1006, 1009, 1012, 1013, 4408, 4429, 4430])('comes back after %i', (closeCode) => {
    const { last, live, sockets } = clientOver()
    live()
    last().drop(closeCode)
    vi.advanceTimersByTime(300)
    expect(sockets).toHaveLength(2)
  })

  it('takes the seat back from another tab when the person says so', () => {
    const { client, last, live } = clientOver()
    live()
    last().drop(4409)
    client.connect()
    last().open()
    expect(last().sent).toEqual([{ type: 'hello', token: 'room.me.secret', attempt: 2, resume: 'a1' }])
  })
})

describe('a refused upgrade', () => {
  const refused = async (askSession: () => Promise<unknown>) => {
    const all = clientOver({ askSession })
    all.client.connect()
    all.last().drop(1006)
    await vi.advanceTimersByTimeAsync(0)
    return all
  }

  it('asks for the session and closes when it is not valid any more', async () => {
    const { client, askSession, sockets } = await refused(() =>
      Promise.reject(new ApiError(401, 'unauthorized', 'No valid session')),
    )
    expect(askSession).toHaveBeenCalledOnce()
    expect(client.state.value).toEqual({ status: 'closed', reason: 'session_invalid' })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sockets).toHaveLength(1)
  })

  it('waits as long as the server says', async () => {
    const { client, sockets } = await refused(() =>
      Promise.reject(new ApiError(429, 'rate_limited', 'Too many', 4_000)),
    )
    expect(client.state.value).toMatchObject({ status: 'reconnecting', inMs: 4_000, unreachable: false })
    await vi.advanceTimersByTimeAsync(3_999)
    expect(sockets).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(sockets).toHaveLength(2)
  })

  it('says that the server is unreachable, and goes on trying', async () => {
    const { client, sockets } = await refused(() =>
      Promise.reject(new ApiError(0, 'unreachable', 'Failed to fetch')),
    )
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
    const { client, last, live } = clientOver()
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
    const { client, live, sockets } = clientOver()
    live()
    vi.advanceTimersByTime(15_000 + 4_999)
    expect(client.state.value.status).toBe('live')
    vi.advanceTimersByTime(1)
    expect(client.state.value.status).toBe('reconnecting')
    expect(sockets[0]?.closedByClient).toBe(true)
    vi.advanceTimersByTime(300)
    expect(sockets).toHaveLength(2)
  })

  it('gives up sooner on one whose answers are asked for sooner', () => {
    const { client, live, sockets } = clientOver()
    live()
    client.askClock(3_000)
    vi.advanceTimersByTime(2_999)
    expect(client.state.value.status).toBe('live')
    vi.advanceTimersByTime(301)
    expect(sockets).toHaveLength(2)
  })

  it('asks again instead of giving up when the page itself was asleep', () => {
    const { client, last, live } = clientOver()
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
    const { last, live, wake } = clientOver()
    live()
    wake()
    expect(last().ofType('ping')).toHaveLength(1)
  })

  it('cuts a wait short when the page is shown or the network is back', () => {
    const { last, live, sockets, wake } = clientOver()
    live()
    last().drop(1006)
    wake()
    expect(sockets).toHaveLength(2)
    vi.advanceTimersByTime(7_000)
    expect(sockets).toHaveLength(2)
  })
})
