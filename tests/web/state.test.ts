import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { MAX_STATE } from '../../server/protocol/limits.ts'
import type { NewSession } from '../../server/protocol/models.ts'
import { createBackoff } from '../../web/lib/backoff.ts'
import { MAX_WATCHED, readCamera, readWatching } from '../../web/lib/camera-state.ts'
import { diffPatch, joinPatches, mergePatch } from '../../web/lib/merge-patch.ts'
import { readPeerSignal } from '../../web/lib/peer-signals.ts'
import { randomText } from '../../web/lib/random.ts'
import { openSeat } from '../../web/lib/seat.ts'
import { createStatsReader } from '../../web/lib/stats.ts'
import { FakeStorage, room, sessionId } from './fakes.ts'

describe('merge patches (RFC 7396)', () => {
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result)
  })

  const key = fc.constantFrom('a', 'b', 'c', 'd')
  const { object } = fc.letrec<{ object: Record<string, unknown>; value: unknown }>((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.string(), fc.array(fc.integer()), tie('object')),
    object: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  }))

  it('patches that lead from two states to a third, joined, lead there from either', () => {
    fc.assert(
      fc.property(object, object, object, (one, other, to) => {
        const patch = joinPatches(diffPatch(one, to), diffPatch(other, to)) ?? {}
        expect(mergePatch(one, patch)).toEqual(to)
        expect(mergePatch(other, patch)).toEqual(to)
      }),
      { numRuns: 500 },
    )
  })

  it('the difference leads from any state to any other, and is none between equals', () => {
    fc.assert(
      fc.property(object, object, (from, to) => {
        const patch = diffPatch(from, to)
        expect(mergePatch(from, patch ?? {})).toEqual(to)
        expect(diffPatch(to, structuredClone(to))).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })
})

describe('the state of a camera', () => {
  it('reads what a phone tells', () => {
    const state = {
      camera: { status: 'live', source: 's', facing: 'back', width: 1280, height: 720, fps: 30 },
      battery: { level: 0.5, charging: false },
      network: '4g',
    }
    expect(readCamera(state)).toEqual(state)
  })

  it('bears whatever another client wrote', () => {
    expect(readCamera({})).toEqual({ camera: { status: 'off' } })
    expect(readCamera({ camera: [], battery: 'full', network: 7 })).toEqual({ camera: { status: 'off' } })
    expect(
      readCamera({ camera: { status: 'on fire', width: -1, facing: 'up', detail: 'x'.repeat(999) } }),
    ).toEqual({ camera: { status: 'off', detail: 'x'.repeat(200) } })
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('camera', 'battery', 'network', 'watching'), fc.jsonValue()),
        (state) => {
          expect(typeof readCamera(state).camera.status).toBe('string')
          readWatching(state, sessionId('cam'))
        },
      ),
    )
  })

  it('reads why a camera pauses, and bears who does not say it', () => {
    for (const why of ['hidden', 'interrupted'])
      expect(readCamera({ camera: { status: 'paused', why } })).toEqual({ camera: { status: 'paused', why } })
    for (const why of [undefined, null, 7, 'lunch'])
      expect(readCamera({ camera: { status: 'paused', why } })).toEqual({ camera: { status: 'paused' } })
  })

  it('reads what a watcher sees', () => {
    expect(readWatching({ watching: { cam: 'live' } }, sessionId('cam'))).toBe('live')
    expect(readWatching({ watching: { cam: 'live' } }, sessionId('other'))).toBeUndefined()
    expect(readWatching({ watching: { cam: 'asleep' } }, sessionId('cam'))).toBeUndefined()
  })

  it('stays under the limit with as many cameras as are told', () => {
    const watching = Object.fromEntries(
      Array.from({ length: MAX_WATCHED }, () => [randomText(22), 'reconnecting']),
    )
    expect(JSON.stringify({ watching }).length).toBeLessThan(MAX_STATE)
  })
})

describe('peer signals', () => {
  it.each([
    { kind: 'want', pc: 'p', source: 's' },
    { kind: 'bye', pc: 'p' },
    { kind: 'description', pc: 'p', n: 1, description: { type: 'offer', sdp: 'v=0' } },
    { kind: 'candidates', pc: 'p', n: 2, candidates: [] },
  ])('reads $kind', (signal) => {
    expect(readPeerSignal(structuredClone(signal))).toEqual(signal)
  })
  it.each([
    null,
    7,
    'want',
    {},
    { kind: 'want', pc: 'p' },
    { kind: 'description', pc: 'p', n: 1 },
    { kind: 'x', pc: 'p', n: 1 },
  ])('leaves %j aside', (data) => {
    expect(readPeerSignal(data)).toBeUndefined()
  })
})

describe('backoff', () => {
  it('stays between half of its ceiling and all of it', () => {
    for (const random of [() => 0, () => 1]) {
      const backoff = createBackoff({ firstMs: 100, capMs: 1_000, random })
      const waits = Array.from({ length: 6 }, () => backoff.next())
      expect(waits).toEqual(
        random() === 1 ? [100, 200, 400, 800, 1_000, 1_000] : [50, 100, 200, 400, 500, 500],
      )
    }
  })
})

describe('the seat of a page', () => {
  const session = (token: string): NewSession => ({
    id: sessionId('me'),
    role: 'camera',
    name: 'me',
    status: 'active',
    expiresAt: room.createdAt,
    token,
  })

  it('is found again after a reload, counting its connects', () => {
    const storage = new FakeStorage()
    const first = openSeat('phone', storage)
    expect(first.read()).toBeUndefined()
    expect(first.take(session('t1'), room)).toBeUndefined()
    first.update({ notes: { live: true } })
    expect([first.nextAttempt('t1'), first.nextAttempt('t1')]).toEqual([1, 2])
    const second = openSeat('phone', storage)
    expect(second.read()).toMatchObject({
      token: 't1',
      roomName: 'Kitchen table',
      attempt: 2,
      notes: { live: true },
    })
    expect(second.nextAttempt('t1')).toBe(3)
    expect(first.nextAttempt('t1')).toBe(4)
    expect(openSeat('dashboard', storage).read()).toBeUndefined()
  })

  it('names the session that a new claim replaces', () => {
    const seat = openSeat('phone', new FakeStorage())
    seat.take(session('t1'), room)
    expect(seat.take(session('t1'), room)).toBeUndefined()
    expect(seat.take(session('t2'), room)).toBe('t1')
    seat.forget()
    expect(seat.read()).toBeUndefined()
  })

  it.each([
    ['throws', () => Object.assign(new FakeStorage(), { broken: true })],
    ['is missing', () => undefined],
  ])('keeps the session in memory where storage %s, and says so', (_, storage) => {
    const warned = vi.spyOn(console, 'warn').mockReturnValue()
    const seat = openSeat('phone', storage())
    seat.take(session('t1'), room)
    expect(seat.read()?.token).toBe('t1')
    expect([seat.nextAttempt('t1'), seat.nextAttempt('t1')]).toEqual([1, 2])
    expect(seat.persistent).toBe(false)
    warned.mockRestore()
  })

  it('counts from a least on, where its session is used in several browsers', () => {
    let now = 1_000
    const seat = openSeat('viewer:me', new FakeStorage(), () => now)
    seat.take(session('t1'), room)
    expect([seat.nextAttempt('t1'), seat.nextAttempt('t1')]).toEqual([1_000, 1_001])
    now = 5_000
    expect(seat.nextAttempt('t1')).toBe(5_000)
  })

  it('leaves a damaged entry aside', () => {
    const warned = vi.spyOn(console, 'warn').mockReturnValue()
    const storage = new FakeStorage()
    storage.setItem('pairlens:phone', '{"token":')
    expect(openSeat('phone', storage).read()).toBeUndefined()
    storage.setItem('pairlens:phone', '{"token":7}')
    expect(openSeat('phone', storage).read()).toBeUndefined()
    expect(warned).toHaveBeenCalledOnce()
  })
})

describe('statistics of a connection', () => {
  const report = (bytes: number, timestamp: number, remote: string) =>
    new Map<string, unknown>([
      [
        'v',
        {
          id: 'v',
          type: 'inbound-rtp',
          kind: 'video',
          timestamp,
          framesDecoded: 60,
          frameWidth: 1280,
          frameHeight: 720,
          framesPerSecond: 29.6,
          bytesReceived: bytes,
          codecId: 'c',
        },
      ],
      ['c', { id: 'c', type: 'codec', timestamp, mimeType: 'video/VP8' }],
      ['t', { id: 't', type: 'transport', timestamp, selectedCandidatePairId: 'p' }],
      [
        'p',
        {
          id: 'p',
          type: 'candidate-pair',
          timestamp,
          localCandidateId: 'l',
          remoteCandidateId: 'r',
          currentRoundTripTime: 0.0123,
        },
      ],
      ['l', { id: 'l', type: 'local-candidate', timestamp, candidateType: 'host' }],
      ['r', { id: 'r', type: 'remote-candidate', timestamp, candidateType: remote }],
    ]) as unknown as RTCStatsReport

  it('tells size, frames, bitrate, round trip and way', async () => {
    const reports = [report(1_000, 1_000, 'srflx'), report(251_000, 2_000, 'srflx')]
    const reader = createStatsReader(
      { getStats: () => Promise.resolve(reports.shift() as RTCStatsReport) },
      'receiving',
    )
    expect((await reader.read()).bitrate).toBe(0)
    expect(await reader.read()).toEqual({
      frames: 60,
      width: 1280,
      height: 720,
      fps: 30,
      bitrate: 2_000_000,
      rttMs: 12,
      transport: 'p2p',
      codec: 'VP8',
    })
  })

  it('tells loss, waiting and decoding of what is received, over a second at least', async () => {
    const counts = (timestamp: number, more: object) =>
      new Map<string, unknown>([
        ['v', { id: 'v', type: 'inbound-rtp', kind: 'video', timestamp, ...more }],
      ]) as unknown as RTCStatsReport
    const first = { packetsReceived: 100, packetsLost: 0, jitterBufferDelay: 1, jitterBufferEmittedCount: 10 }
    const later = {
      packetsReceived: 195,
      packetsLost: 5,
      jitterBufferDelay: 1.6,
      jitterBufferEmittedCount: 40,
      totalDecodeTime: 0.06,
      framesDecoded: 30,
    }
    const reports = [counts(1_000, first), counts(1_500, later), counts(2_000, later)]
    const reader = createStatsReader(
      { getStats: () => Promise.resolve(reports.shift() as RTCStatsReport) },
      'receiving',
    )
    expect(await reader.read()).toMatchObject({ lossPercent: 0, waitMs: 100 })
    expect(await reader.read()).toMatchObject({ lossPercent: 0, waitMs: 100 })
    expect(await reader.read()).toMatchObject({ lossPercent: 5, waitMs: 20, decodeMs: 2 })
  })

  it('says turn where either end is a relay', async () => {
    const reader = createStatsReader({ getStats: () => Promise.resolve(report(1, 1, 'relay')) }, 'receiving')
    expect((await reader.read()).transport).toBe('turn')
  })

  it('bears a report that says nothing yet', async () => {
    const reader = createStatsReader(
      { getStats: () => Promise.resolve(new Map() as unknown as RTCStatsReport) },
      'sending',
    )
    expect(await reader.read()).toEqual({ frames: 0, width: 0, height: 0, fps: 0, bitrate: 0 })
  })
})
