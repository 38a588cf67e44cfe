/** What the viewer's page for OBS and walls decides: its address, its camera, what it does when it is out. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SessionView } from '../../server/protocol/api.ts'
import type { NewSession, PairingCode } from '../../server/protocol/models.ts'
import { ApiError } from '../../web/lib/api.ts'
import type { ClosedReason } from '../../web/lib/client-types.ts'
import { ASSUMED_MS, cameraToScreen } from '../../web/lib/delay.ts'
import { playAtOnce } from '../../web/lib/low-latency.ts'
import { createLossCount } from '../../web/lib/relay/loss-count.ts'
import { bitrateWords, codecWords, statsLines } from '../../web/lib/room/stats-words.ts'
import {
  openedFragment,
  readFragment,
  readLook,
  wallAddress,
  writeLook,
  type Look,
} from '../../web/lib/room/wall-address.ts'
import type { VideoStats } from '../../web/lib/stats.ts'
import { makeWallLink, unusedWords } from '../../web/dashboard/wall-link.ts'
import { endedWords, waitingWords } from '../../web/viewer/clean/quiet-words.ts'
import { oneCamera } from '../../web/viewer/one-camera.ts'
import { standingOf, waitForPlace } from '../../web/viewer/standing.ts'
import { at, member, room, sessionId } from './fakes.ts'

const PLAIN: Look = {
  clean: false,
  background: undefined,
  camera: undefined,
  layout: undefined,
  fit: 'contain',
  stats: false,
  names: false,
}

describe("the viewer's address", () => {
  it.each<[string, Partial<Look>]>([
    ['', {}],
    ['?clean', { clean: true }],
    ['?clean=0&stats=off&names=no', {}],
    ['?clean=1&stats=on&names', { clean: true, stats: true, names: true }],
    ['?background=transparent', { background: 'transparent' }],
    ['?background=00FF00', { background: '#00ff00' }],
    ['?background=%2300ff00', { background: '#00ff00' }],
    ['?background=url(x)', {}],
    ['?background=red;x', {}],
    ['?camera=Pixel%209', { camera: 'Pixel 9' }],
    ['?camera=%20', {}],
    ['?layout=side&fit=cover', { layout: 'side', fit: 'cover' }],
    ['?layout=upside&fit=squeeze', {}],
    ['?transport=relay', {}],
  ])('reads %s', (search, said) => {
    expect(readLook(search)).toEqual({ ...PLAIN, ...said })
  })

  it('writes what it reads, whatever the name of the camera', () => {
    const look: Look = {
      clean: true,
      background: '#00ff00',
      camera: 'Ann’s & Bob’s #1 = “best”',
      layout: 'spotlight',
      fit: 'cover',
      stats: true,
      names: true,
    }
    expect(readLook(`?${writeLook(look)}`)).toEqual(look)
    expect(writeLook(PLAIN)).toBe('')
    expect(writeLook({ ...PLAIN, clean: true, background: 'transparent' })).toBe(
      'clean&background=transparent',
    )
  })

  it('[PAIR-8] carries a session in its fragment alone', () => {
    const address = new URL(wallAddress('https://host.example', { clean: true }, 'room.me.s3cret'))
    expect(address.pathname + address.search).toBe('/v?clean')
    expect(readFragment(address.hash)).toEqual({ kind: 'token', token: 'room.me.s3cret', id: 'me' })
    expect(new URL(wallAddress('https://host.example', {}, 'a.b.c')).href).toBe(
      'https://host.example/v#t=a.b.c',
    )
  })

  it('tells a code, a session, an opened link and nothing apart', () => {
    expect(readFragment('')).toEqual({ kind: 'none' })
    expect(readFragment('#')).toEqual({ kind: 'none' })
    expect(readFragment('#AbC-_123')).toEqual({ kind: 'secret', secret: 'AbC-_123' })
    expect(readFragment(openedFragment('me'))).toEqual({ kind: 'opened', id: 'me' })
    // What is no token is looked up as a code, and refused in words.
    expect(readFragment('#t=half.token')).toEqual({ kind: 'secret', secret: 't=half.token' })
  })
})

describe('the one camera', () => {
  const anna = member('a', 'camera', { name: 'Anna’s iPhone' })
  const pixel = member('p', 'camera', { name: 'Pixel 9' })
  const other = member('q', 'camera', { name: 'Pixel 9' })
  const away = { ...pixel, connected: false }

  it('is found by its id or its name, in any case', () => {
    expect(oneCamera('p')([anna, pixel])).toEqual([pixel])
    expect(oneCamera('pixel 9')([anna, pixel])).toEqual([pixel])
    expect(oneCamera('nobody')([anna, pixel])).toEqual([])
  })

  it('keeps its place when another of that name comes, or it drops for a moment', () => {
    const choose = oneCamera('Pixel 9')
    expect(choose([pixel])).toEqual([pixel])
    expect(choose([pixel, other])).toEqual([pixel])
    expect(choose([away, other])).toEqual([away])
    // It paired anew: its old session is out of the room.
    expect(choose([other])).toEqual([other])
  })

  it('is one that is connected, where nothing was shown yet', () => {
    expect(oneCamera('Pixel 9')([away, other])).toEqual([other])
    expect(oneCamera('Pixel 9')([away])).toEqual([away])
  })
})

describe('a page that nobody tends', () => {
  const REASONS: Record<ClosedReason, ReturnType<typeof standingOf>> = {
    kicked: 'over',
    session_invalid: 'over',
    room_gone: 'over',
    connected_elsewhere: 'wait',
    left: 'wait',
    protocol: 'reload',
    invalid_message: 'reload',
  }
  it.each(Object.keys(REASONS) as ClosedReason[])(
    '[SESS-3] knows what to do after %s, and says it',
    (reason) => {
      expect(standingOf(reason)).toBe(REASONS[reason])
      expect(endedWords(reason)).toMatch(/^[A-Z][^!]{10,60}$/)
    },
  )

  it('says what it waits for', () => {
    expect(waitingWords({ status: 'live', resumed: false }, undefined)).toBe('Waiting for a camera')
    expect(waitingWords({ status: 'live', resumed: true }, 'Pixel 9')).toBe('Waiting for “Pixel 9”')
    expect(waitingWords({ status: 'reconnecting', inMs: 1, since: 0, unreachable: true }, 'x')).toBe(
      'The server does not answer',
    )
    expect(waitingWords({ status: 'reconnecting', inMs: 1, since: 0, unreachable: false }, 'x')).toBe(
      'Reconnecting',
    )
    expect(waitingWords({ status: 'connecting' }, undefined)).toBe('Connecting')
  })

  describe('whose link is open elsewhere', () => {
    beforeEach(() => {
      vi.useFakeTimers()
      vi.spyOn(Math, 'random').mockReturnValue(1)
    })
    afterEach(() => vi.useRealTimers())

    const view = (connected: boolean): SessionView => ({
      session: {
        id: sessionId('me'),
        role: 'viewer',
        name: 'OBS',
        status: 'active',
        expiresAt: room.createdAt,
      },
      room,
      members: [member('me', 'viewer', { connected }), member('desk', 'host')],
    })

    it('[SESS-2] takes its place when that is free, and looks ever more rarely before', async () => {
      const answers = [
        () => Promise.resolve(view(true)),
        () => Promise.reject(new ApiError(0, 'unreachable', 'away')),
        () => Promise.resolve(view(false)),
      ]
      const session = vi.fn(() => (answers.shift() ?? (() => Promise.reject(new Error('asked too often'))))())
      const free = vi.fn()
      waitForPlace({ session }, 'token', free)
      await vi.advanceTimersByTimeAsync(19_999)
      expect(session).not.toHaveBeenCalled()
      await vi.advanceTimersByTimeAsync(1)
      expect(session).toHaveBeenCalledTimes(1)
      await vi.advanceTimersByTimeAsync(40_000)
      expect(session).toHaveBeenCalledTimes(2)
      expect(free).not.toHaveBeenCalled()
      await vi.advanceTimersByTimeAsync(80_000)
      expect(free).toHaveBeenCalledTimes(1)
      await vi.advanceTimersByTimeAsync(600_000)
      expect(session).toHaveBeenCalledTimes(3)
    })

    it('[SESS-3] learns by a connect that the session is gone', async () => {
      const free = vi.fn()
      waitForPlace({ session: () => Promise.reject(new ApiError(401, 'unauthorized', 'x')) }, 'token', free)
      await vi.advanceTimersByTimeAsync(20_000)
      expect(free).toHaveBeenCalledTimes(1)
    })

    it('does nothing more once it is ended', async () => {
      const session = vi.fn(() => Promise.resolve(view(false)))
      const free = vi.fn()
      const stop = waitForPlace({ session }, 'token', free)
      stop()
      await vi.advanceTimersByTimeAsync(600_000)
      expect([session, free].map((each) => each.mock.calls.length)).toEqual([0, 0])
    })
  })
})

describe('numbers of a picture', () => {
  const stats: VideoStats = {
    frames: 90,
    width: 1280,
    height: 720,
    fps: 29.7,
    bitrate: 2_440_000,
    rttMs: 24,
    waitMs: 30,
    decodeMs: 3.4,
    lossPercent: 0.3,
    codec: 'H264',
  }

  it('[MED-5] are told with their units', () => {
    const told = Object.fromEntries(statsLines(stats, 'p2p').map(({ name, value }) => [name, value]))
    expect(told).toEqual({
      Picture: '1280 × 720, 30 fps',
      Bitrate: '2.4 Mbit/s',
      'Camera to screen': `about ${12 + 30 + 3 + ASSUMED_MS} ms`,
      'Round trip': '24 ms',
      Loss: '0.3 %',
      Codec: 'H.264',
      Way: 'direct',
    })
  })

  it('of a relayed picture: the round trip is to the server, the delay is measured', () => {
    const relayed: VideoStats = { ...stats, delayMs: 120, codec: 'avc1.42e01f' }
    const told = Object.fromEntries(statsLines(relayed, 'relay').map(({ name, value }) => [name, value]))
    expect(told).toMatchObject({
      'Camera to screen': 'about 170 ms',
      'Server and back': '24 ms',
      Codec: 'H.264',
      Way: 'through the server',
    })
  })

  it('are left out where they are not known', () => {
    const lines = statsLines({ frames: 1, width: 0, height: 0, bitrate: 0 }, undefined)
    expect(lines).toEqual([{ name: 'Bitrate', value: '0 kbit/s' }])
    expect(cameraToScreen({ frames: 1, width: 1, height: 1, bitrate: 0, rttMs: 20 })).toBeUndefined()
  })

  it.each([
    [0, '0 kbit/s'],
    [180_400, '180 kbit/s'],
    [999_600, '1000 kbit/s'],
    [1_000_000, '1.0 Mbit/s'],
  ])('%i bits a second are %s', (bits, words) => expect(bitrateWords(bits)).toBe(words))

  it.each([
    ['vp8', 'VP8'],
    ['avc1.42e01f', 'H.264'],
    ['H264', 'H.264'],
    ['jpeg', 'JPEG'],
    ['AV1', 'AV1'],
  ])('names %s', (codec, words) => expect(codecWords(codec)).toBe(words))

  it('counts relayed pictures that were left out, by the gaps in their numbers', () => {
    const count = createLossCount()
    expect(count.take()).toEqual({})
    for (const number of [5, 6, 9]) count.came({ stream: 1, number })
    expect(count.take()).toEqual({ lossPercent: 40 })
    // A new stream begins where it likes, and numbers turn over.
    count.came({ stream: 2, number: 2 ** 32 - 1 })
    count.came({ stream: 2, number: 0 })
    expect(count.take()).toEqual({ lossPercent: 0 })
  })
})

describe('a receiver', () => {
  it('is asked to hold nothing back, in the words its browser knows', () => {
    const now: { jitterBufferTarget: number | null } = { jitterBufferTarget: null }
    const before: { playoutDelayHint: number | null } = { playoutDelayHint: null }
    const neither = {}
    for (const receiver of [now, before, neither]) playAtOnce(receiver)
    expect([now.jitterBufferTarget, before.playoutDelayHint, neither]).toEqual([0, 0, {}])
  })
})

describe('making a link', () => {
  const made = (check?: string) => {
    const code = { id: 'code-1', url: 'https://10.0.0.5:3443/v#s3cret' } as PairingCode
    const session: NewSession = {
      id: sessionId('me'),
      role: 'viewer',
      name: 'OBS',
      status: check === undefined ? 'active' : 'pending',
      expiresAt: room.createdAt,
      token: 'room.me.s',
    }
    const needs = {
      api: {
        issueCode: vi.fn(() => Promise.resolve(code)),
        claim: vi.fn(() => Promise.resolve({ session, room, ...(check === undefined ? {} : { check }) })),
      },
      token: 'host',
      client: { approve: vi.fn(() => Promise.resolve({ at: at('a') })) },
      claims: { answeredHere: vi.fn() },
      address: undefined,
    }
    return { needs, link: makeWallLink(needs, 'OBS') }
  }

  it('[SESS-4] claims a viewer’s code under its name, and gives the session out of the record', async () => {
    const { needs, link } = made()
    const { session, token, elsewhere } = await link
    expect(needs.api.issueCode).toHaveBeenCalledWith('host', { role: 'viewer' })
    expect(needs.api.claim).toHaveBeenCalledWith(
      expect.objectContaining({ secret: 's3cret', deviceName: 'OBS' }),
    )
    expect([token, elsewhere, 'token' in session]).toEqual(['room.me.s', 'https://10.0.0.5:3443', false])
    expect(needs.client.approve).not.toHaveBeenCalled()
  })

  it('[PAIR-5] approves its own claim where the room approves everybody, and asks nobody', async () => {
    const { needs, link } = made('42')
    await link
    expect(needs.client.approve).toHaveBeenCalledWith('code-1', '42')
    const [told] = needs.claims.answeredHere.mock.invocationCallOrder
    const [claimed = 0] = needs.api.claim.mock.invocationCallOrder
    expect(told).toBeLessThan(claimed)
  })
})

it.each([
  [7 * 86_400_000 - 500, 'seven days'],
  [86_400_000, '24 hours'],
  [3_600_000, 'an hour'],
  [30 * 86_400_000, '30 days'],
])('%i ms may pass unused: %s', (ms, words) => expect(unusedWords(ms)).toBe(words))
