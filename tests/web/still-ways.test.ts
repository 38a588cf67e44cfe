/** What carries a photo's packets, and in what order photos go. */
import { signal } from '@preact/signals'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { encodeStill, readStill } from '../../server/protocol/still-frames.ts'
import type { SessionId } from '../../server/protocol/ids.ts'
import type { LeaveReason, ServerMessageOf } from '../../server/protocol/messages.ts'
import { encodePacket, readPacket, type Packet } from '../../web/lib/stills/packets.ts'
import { openWays, type Channels } from '../../web/lib/stills/ways.ts'
import { openPost } from '../../web/phone/stills/post.ts'
import { sessionId } from './fakes.ts'
import { photoOf, sha256 } from './still-pipe.ts'

/** Hashing is loaded with the first photo, which a busy machine takes its time for. */
const PATIENCE = { timeout: 15_000 }
const HOST = sessionId('host')
const PACKET = Uint8Array.of(1, 2, 3)

/** The parts of a client that photos use, with what was sent. */
const fakeClient = () => {
  const active = signal(true)
  const sent: Uint8Array[] = []
  let unsent = 0
  const listeners = new Set<(bytes: Uint8Array) => void>()
  const leaves = new Set<(message: ServerMessageOf<'member-left'>) => void>()
  return {
    active,
    sent,
    deliver: (bytes: Uint8Array) => {
      for (const listener of listeners) listener(bytes)
    },
    leave: (memberId: SessionId, reason: LeaveReason) => {
      for (const listener of leaves) listener({ type: 'member-left', memberId, reason } as never)
    },
    unsent: () => unsent,
    wait: (bytes: number) => (unsent = bytes),
    sendBinary: (bytes: Uint8Array<ArrayBuffer>) => sent.push(bytes) > 0,
    onBinary(listener: (bytes: Uint8Array) => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    on: ((_type: string, listener: never) => {
      leaves.add(listener)
      return () => void leaves.delete(listener)
    }) as never,
  }
}
const fakeChannel = () => {
  const sent: Uint8Array[] = []
  const state = { readyState: 'open', bufferedAmount: 0, throws: false }
  const channel = Object.assign(new EventTarget(), {
    send(bytes: Uint8Array) {
      if (state.throws) throw new DOMException('gone', 'OperationError')
      sent.push(bytes)
    },
  })
  Object.defineProperties(channel, {
    readyState: { get: () => state.readyState },
    bufferedAmount: { get: () => state.bufferedAmount },
  })
  return { channel: channel as unknown as RTCDataChannel, sent, state }
}

describe('[MED-7] a packet', () => {
  test('goes from device to device where that is open, else through the server, else not', () => {
    const client = fakeClient()
    const { channel, sent, state } = fakeChannel()
    const channels = signal<Channels>(new Map([[HOST, channel]]))
    const ways = openWays({ client, channels, receive: () => undefined })
    expect(ways.send(HOST, PACKET)).toBe(true)
    expect([sent.length, client.sent.length]).toEqual([1, 0])

    for (const broken of [{ bufferedAmount: 1e6 }, { throws: true }, { readyState: 'closing' }]) {
      Object.assign(state, { bufferedAmount: 0, throws: false, readyState: 'open' }, broken)
      expect(ways.send(HOST, PACKET)).toBe(true)
    }
    expect([sent.length, client.sent.length]).toEqual([1, 3])
    expect(readStill(client.sent[0] ?? PACKET)).toEqual({ member: HOST, packet: PACKET })

    channels.value = new Map()
    client.active.value = false
    expect(ways.send(HOST, PACKET)).toBe(false)
    ways.dispose()
  })

  test('[SEC-4] stays back while much waits in the socket, so that the picture does not wait behind it', () => {
    const client = fakeClient()
    const ways = openWays({ client, channels: signal<Channels>(new Map()), receive: () => undefined })
    client.wait(40_000)
    expect(ways.send(HOST, PACKET)).toBe(false)
    client.wait(10_000)
    expect(ways.send(HOST, PACKET)).toBe(true)
    ways.dispose()
  })

  test('comes by either way, until nobody listens', async () => {
    const client = fakeClient()
    const { channel } = fakeChannel()
    const got: string[] = []
    const changed = vi.fn()
    const ways = openWays({
      client,
      channels: signal<Channels>(new Map([[HOST, channel]])),
      receive: (from, packet) => void got.push(`${from}:${packet.join('.')}`),
      changed,
    })
    const both = () => {
      channel.dispatchEvent(new MessageEvent('message', { data: PACKET.buffer }))
      client.deliver(encodeStill(HOST, Uint8Array.of(9)))
    }
    both()
    expect(got).toEqual(['host:1.2.3', 'host:9'])
    client.active.value = false
    client.active.value = true
    await Promise.resolve()
    expect(changed).toHaveBeenCalled()
    ways.dispose()
    both()
    expect(got).toHaveLength(2)
  })
})

describe('[MED-7] photos of one phone', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const still = {
    bytes: photoOf(40),
    type: 'image/png',
    width: 1,
    height: 1,
    how: 'file',
    takenAt: 1,
  } as const
  const openOne = () => {
    const client = fakeClient()
    const post = openPost(client, signal<Channels>(new Map()))
    const offers = () =>
      client.sent.flatMap((bytes) => {
        const read = readStill(bytes)
        const packet = read && readPacket(read.packet)
        return read && packet?.kind === 'offer' ? [`${read.member} ${packet.transfer}`] : []
      })
    const say = (from: SessionId, packet: Packet) => client.deliver(encodeStill(from, encodePacket(packet)))
    const receipt = (from: SessionId, transfer: number) =>
      say(from, { kind: 'receipt', transfer, outcome: 'ok', sha256: sha256(still.bytes) })
    return { client, post, offers, receipt }
  }

  test('go one after the other to each host, and hosts wait for none but their own', async () => {
    const { post, offers, receipt } = openOne()
    const other = sessionId('other')
    const nothing = () => undefined
    const first = post.send(still, HOST, 1, nothing)
    const second = post.send(still, HOST, 2, nothing)
    const third = post.send(still, other, 3, nothing)
    // Each is hashed first, whichever that is done for first.
    await vi.waitFor(() => expect(new Set(offers())).toEqual(new Set(['host 1', 'other 3'])), PATIENCE)
    expect([post.waiting(HOST), post.waiting(other)]).toEqual([2, 1])
    receipt(HOST, 1)
    await first
    await vi.waitFor(() => expect(offers().slice(2)).toEqual(['host 2']), PATIENCE)
    receipt(HOST, 2)
    receipt(other, 3)
    await Promise.all([second, third])
    expect(post.waiting(HOST)).toBe(0)
    post.dispose()
  })

  const GONE = 'The dashboard is gone. Open it, and take the photo again.'
  const outcome = (sending: Promise<void>) =>
    sending.then(
      () => 'sent',
      ({ message }: Error) => message,
    )
  const nothing = () => undefined

  test('to a host that leaves are given up, those that wait too, and later ones go', async () => {
    const { client, post, offers, receipt } = openOne()
    const first = outcome(post.send(still, HOST, 1, nothing))
    const second = outcome(post.send(still, HOST, 2, nothing))
    await vi.waitFor(() => expect(offers()).toEqual(['host 1']), PATIENCE)
    client.leave(HOST, 'left')
    expect([await first, await second, post.waiting(HOST)]).toEqual([GONE, GONE, 0])
    const third = outcome(post.send(still, HOST, 3, nothing))
    await vi.waitFor(() => expect(offers()).toContain('host 3'), PATIENCE)
    receipt(HOST, 3)
    expect(await third).toBe('sent')
    expect(offers()).not.toContain('host 2')
    post.dispose()
  })

  test('to a host that is merely lost go on when it is back', async () => {
    const { client, post, offers, receipt } = openOne()
    const sending = outcome(post.send(still, HOST, 1, nothing))
    await vi.waitFor(() => expect(offers()).toEqual(['host 1']), PATIENCE)
    client.leave(HOST, 'instance-lost')
    await vi.advanceTimersByTimeAsync(20_000)
    receipt(HOST, 1)
    expect(await sending).toBe('sent')
    post.dispose()
  })

  test('that is disposed of sends nothing any more', async () => {
    const { post, offers } = openOne()
    post.dispose()
    expect(await outcome(post.send(still, HOST, 1, nothing))).toBe(GONE)
    expect(offers()).toEqual([])
  })
})
