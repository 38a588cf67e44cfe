/** One photo from page to page: in chunks, over ways that lose, break and come back, until its hash is confirmed. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { hashOf } from '../../web/lib/stills/hash.ts'
import {
  chunkLength,
  chunksOf,
  CHUNK,
  encodePacket,
  MAX_STILL,
  readPacket,
  type Packet,
} from '../../web/lib/stills/packets.ts'
import { CANCEL, RECEIPT } from '../../server/protocol/still-ends.ts'
import { sha256Of } from '../../web/lib/stills/sha256.ts'
import { sendStill, type Sender } from '../../web/lib/stills/sender.ts'
import { SendWindow } from '../../web/lib/stills/window.ts'
import { offerOf, openPipe, photoOf, sha256, type Pipe, type PipeOptions } from './still-pipe.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Ten chunks and a bit. */
const PHOTO = photoOf(10 * CHUNK + 123)

const settled = async (pipe: Pipe, withinMs = 120_000): Promise<void> => {
  for (let ms = 0; ms < withinMs && pipe.outcome() === undefined; ms += 100)
    await vi.advanceTimersByTimeAsync(100)
}
const run = async (options: Partial<PipeOptions> = {}): Promise<Pipe> => {
  const pipe = openPipe({ bytes: PHOTO, ...options })
  await settled(pipe)
  return pipe
}
const kinds = (pipe: Pipe, kind: Packet['kind']) => pipe.sent.filter((packet) => packet.kind === kind)

describe('packets', () => {
  test('chunks cover a photo exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_STILL }), (bytes) => {
        const count = chunksOf(bytes)
        expect((count - 1) * CHUNK + chunkLength(bytes, count - 1)).toBe(bytes)
      }),
    )
  })

  test('every packet is read as it was written', () => {
    const packets: Packet[] = [
      { kind: 'offer', transfer: 1, offer: offerOf(PHOTO) },
      { kind: 'chunk', transfer: 0xffff_ffff, index: 3, data: photoOf(5) },
      { kind: 'ack', transfer: 2, index: 1_023 },
      { kind: 'have', transfer: 2, bits: Uint8Array.of(0x80, 1) },
      { kind: 'unknown', transfer: 2 },
      { kind: 'receipt', transfer: 2, outcome: 'ok', sha256: sha256(PHOTO) },
      { kind: 'receipt', transfer: 2, outcome: 'full', sha256: '' },
      { kind: 'cancel', transfer: 2 },
    ]
    for (const packet of packets) expect(readPacket(encodePacket(packet))).toEqual(packet)
    // Which the server reads too.
    expect(packets.slice(-2).map((packet) => encodePacket(packet)[0])).toEqual([RECEIPT, CANCEL])
  })

  test('[SEC-6] nothing that comes makes the reader throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const read = readPacket(bytes)
        if (read !== undefined) expect(readPacket(encodePacket(read))).toEqual(read)
      }),
    )
  })

  test.each([
    ['too large', { bytes: MAX_STILL + 1 }],
    ['empty', { bytes: 0 }],
    ['able to hold scripts', { type: 'image/svg+xml' }],
    ['without a hash', { sha256: 'abc' }],
    ['made in no known way', { how: 'magic' as never }],
  ])('[SEC-6] an offer of a photo that is %s is none', (_what, more) => {
    expect(readPacket(encodePacket({ kind: 'offer', transfer: 1, offer: offerOf(PHOTO, more) }))).toBe(
      undefined,
    )
  })
})

describe('the hash of pages without https', () => {
  test('is that of Node, for every length around a block', async () => {
    vi.useRealTimers()
    for (let length = 0; length < 200; length += 1) {
      const bytes = photoOf(length)
      expect(Buffer.from(await sha256Of(bytes)).toString('hex')).toBe(sha256(bytes))
    }
  })

  test('[MED-7] of a large photo is the same with and without `crypto.subtle`', async () => {
    vi.useRealTimers()
    const bytes = photoOf(3_000_000)
    const expected = createHash('sha256').update(bytes).digest('hex')
    expect(await hashOf(bytes)).toBe(expected)
    vi.stubGlobal('crypto', { getRandomValues: () => undefined })
    expect(await hashOf(bytes)).toBe(expected)
  })
})

describe('the window', () => {
  const answers = (window: SendWindow, count: number, ms: number) => {
    for (let at = 0; at < count; at += 1) window.answered(ms)
  }

  test('[SEC-4] opens while answers are prompt, and closes when they take longer', () => {
    const window = new SendWindow()
    expect(window.size).toBe(1)
    answers(window, 40, 20)
    expect(window.size).toBe(16)
    answers(window, 80, 100)
    expect(window.size).toBe(0)
  })

  test('one step down for all that was out together', () => {
    const window = new SendWindow()
    answers(window, 40, 20)
    for (let count = 0; count < 16; count += 1) window.lost()
    expect(window.size).toBe(8)
  })

  test('[SEC-4] what was too much is not tried again at once', () => {
    const window = new SendWindow()
    answers(window, 6, 20)
    expect(window.size).toBe(4)
    answers(window, 4, 200)
    answers(window, 40, 20)
    expect(window.size).toBe(3)
    answers(window, 3, 20)
    expect(window.size).toBeGreaterThanOrEqual(4)
  })
})

test('a hiccup of the way or of a page is no queue', () => {
  const window = new SendWindow()
  for (let at = 0; at < 160; at += 1) window.answered(at % 4 === 3 ? 20 : 150)
  expect(window.size).toBe(16)
})

describe('[SEC-4] on a narrow way', () => {
  /** A photo over a way that carries so many bits a second, one thing behind the other, and 40 ms there and back. */
  const over = (bitsPerSecond: number, forMs: number) => {
    const waits: number[] = []
    let freeAt = 0
    let arrived = 0
    const bytes = photoOf(200 * CHUNK)
    const sender: Sender = sendStill({
      transfer: 1,
      offer: offerOf(bytes),
      bytes,
      onProgress: () => undefined,
      send(encoded) {
        const packet = readPacket(encoded)
        freeAt = Math.max(freeAt, Date.now()) + (encoded.length * 8_000) / bitsPerSecond
        setTimeout(
          () => {
            if (packet?.kind === 'offer')
              sender.receive({ kind: 'have', transfer: 1, bits: new Uint8Array(25) })
            else if (packet?.kind === 'chunk') {
              arrived += 1
              sender.receive({ kind: 'ack', transfer: 1, index: packet.index })
            }
          },
          freeAt - Date.now() + 40,
        )
        return true
      },
    })
    sender.done.catch(() => undefined)
    for (let ms = 0; ms < forMs; ms += 10) {
      vi.advanceTimersByTime(10)
      // What a picture or a word that came now would wait.
      waits.push(Math.max(0, freeAt - Date.now()))
    }
    sender.cancel('over')
    waits.sort((a, b) => a - b)
    return {
      usual: waits[Math.floor(waits.length / 2)] ?? 0,
      most: waits[Math.floor(waits.length * 0.95)] ?? 0,
      arrived,
    }
  }

  test.each([
    [1_000_000, 4],
    [2_000_000, 8],
    [8_000_000, 30],
  ])('of %i bit/s a picture waits less than what holds it back, and %i chunks a second go', (bits, least) => {
    const { usual, most, arrived } = over(bits, 6_000)
    // The phone holds pictures back from 150 ms on.
    expect([usual < 100, most < 150]).toEqual([true, true])
    expect(arrived).toBeGreaterThanOrEqual(6 * least)
  })
})

describe('[MED-7] a photo', () => {
  test('arrives as it was, with a receipt', async () => {
    const pipe = await run()
    expect(pipe.outcome()).toBe('sent')
    expect(pipe.photos.map(sha256)).toEqual([sha256(PHOTO)])
    expect(kinds(pipe, 'chunk')).toHaveLength(11)
    expect(pipe.progress.at(-1)).toEqual({ stage: 'checking' })
    expect(pipe.most).toBeLessThanOrEqual(8)
  })

  test('of one byte arrives as well', async () => {
    const pipe = await run({ bytes: photoOf(1) })
    expect([pipe.outcome(), pipe.photos[0]?.length]).toEqual(['sent', 1])
  })

  test('arrives whatever is lost on the way', async () => {
    for (let seed = 1; seed <= 12; seed += 1) {
      const pipe = openPipe({ bytes: PHOTO, loses: (_packet, n) => ((n * seed * 7919) >> 3) % 4 === 0 })
      await settled(pipe)
      expect([seed, pipe.outcome(), pipe.photos.length]).toEqual([seed, 'sent', 1])
      expect(sha256(pipe.photos[0] ?? PHOTO.subarray(1))).toBe(sha256(PHOTO))
    }
  })

  test('that lost one chunk has that chunk alone sent again', async () => {
    let isLost = false
    const pipe = await run({
      loses: (packet) => packet.kind === 'chunk' && packet.index === 4 && !isLost && (isLost = true),
    })
    expect(pipe.outcome()).toBe('sent')
    expect(kinds(pipe, 'chunk')).toHaveLength(12)
  })

  test('that was cut in the middle goes on with what is missing', async () => {
    const pipe = openPipe({ bytes: PHOTO, latency: 50 })
    await vi.advanceTimersByTimeAsync(350)
    pipe.isOpen = false
    await vi.advanceTimersByTimeAsync(12_000)
    expect(pipe.outcome()).toBe(undefined)
    const before = kinds(pipe, 'chunk').length
    expect(before).toBeGreaterThan(2)
    const there = pipe.progress.length
    pipe.isOpen = true
    pipe.sender.resume()
    await settled(pipe)
    expect(pipe.outcome()).toBe('sent')
    expect(pipe.photos.map(sha256)).toEqual([sha256(PHOTO)])
    // Nothing that was known to be there goes again.
    expect(kinds(pipe, 'chunk').length - before).toBeLessThanOrEqual(11 - (there - 2))
  })

  test('begins anew where the dashboard was loaded anew', async () => {
    const pipe = openPipe({ bytes: photoOf(40 * CHUNK), latency: 50 })
    await vi.advanceTimersByTimeAsync(300)
    pipe.reload()
    await settled(pipe)
    expect([pipe.outcome(), pipe.photos.length]).toEqual(['sent', 1])
    expect(kinds(pipe, 'unknown').length).toBeGreaterThan(0)
  })

  test('comes once, even if its receipt was lost', async () => {
    let lost = 0
    const pipe = await run({ loses: (packet) => packet.kind === 'receipt' && (lost += 1) <= 2 })
    expect([pipe.outcome(), pipe.photos.length]).toEqual(['sent', 1])
  })

  test('that arrives damaged is sent again, three times in all, and then both sides say so', async () => {
    let hashed = 0
    const again = await run({
      hash: (bytes) => Promise.resolve((hashed += 1) === 1 ? sha256(photoOf(3)) : sha256(bytes)),
    })
    expect([again.outcome(), again.photos.length, hashed]).toEqual(['sent', 1, 2])

    const never = await run({ hash: () => Promise.resolve(sha256(photoOf(3))) })
    expect(never.outcome()).toBe('checking: The photo arrived damaged. Take it again.')
    expect(never.photos).toEqual([])
    await vi.advanceTimersByTimeAsync(100)
    expect(never.failures).toEqual(['damaged'])
  })

  test('for which there is no room is refused at once', async () => {
    const pipe = await run({ hasRoom: () => false })
    expect(pipe.outcome()).toMatch(/^sending: The dashboard has no room/)
    expect(kinds(pipe, 'chunk')).toEqual([])
    expect(pipe.failures).toEqual(['full'])
  })

  test('whose way stays away fails on both sides, in the stage of sending', async () => {
    const pipe = openPipe({ bytes: PHOTO, latency: 50 })
    await vi.advanceTimersByTimeAsync(200)
    pipe.isOpen = false
    await settled(pipe)
    expect(pipe.outcome()).toMatch(/^sending: The photo did not get through/)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(pipe.failures).toEqual(['sending'])
  })

  test('whose camera leaves is given up', async () => {
    const pipe = openPipe({ bytes: PHOTO, latency: 50 })
    await vi.advanceTimersByTimeAsync(200)
    pipe.leave()
    expect(pipe.failures).toEqual(['sending'])
  })

  test('[SEC-4] waits for a reader that does not keep up', async () => {
    const pipe = openPipe({ bytes: photoOf(40 * CHUNK), loses: (packet) => packet.kind === 'ack' })
    await vi.advanceTimersByTimeAsync(5_000)
    expect(kinds(pipe, 'chunk')).toHaveLength(1)
    pipe.sender.cancel('over')
  })

  test('is confirmed when it is kept, and not before', async () => {
    let kept: () => void = () => undefined
    const pipe = openPipe({ bytes: PHOTO, keeping: () => new Promise((resolve) => (kept = resolve)) })
    await vi.advanceTimersByTimeAsync(10_000)
    expect([pipe.photos.length, pipe.outcome(), kinds(pipe, 'receipt').length]).toEqual([1, undefined, 0])
    // Whoever leaves now has sent all of it.
    pipe.leave()
    kept()
    await settled(pipe)
    expect([pipe.photos.length, pipe.outcome(), pipe.failures]).toEqual([1, 'sent', []])
  })

  test('that is here already is confirmed and not sent again', async () => {
    const pipe = await run({ has: () => true })
    expect([pipe.outcome(), kinds(pipe, 'chunk').length, pipe.photos.length]).toEqual(['sent', 0, 0])
  })

  test('that could not be checked at once is checked again', async () => {
    let tries = 0
    const pipe = await run({
      hash: (bytes) =>
        (tries += 1) === 1 ? Promise.reject(new TypeError('not loaded')) : Promise.resolve(sha256(bytes)),
    })
    expect([pipe.outcome(), pipe.photos.length, tries]).toEqual(['sent', 1, 2])
    expect(kinds(pipe, 'chunk')).toHaveLength(11)
  })

  test('that was given up is not begun anew by what comes late, which ends no other photo', async () => {
    const pipe = openPipe({ bytes: photoOf(40 * CHUNK), latency: 50 })
    const other = { kind: 'offer', transfer: 6, offer: offerOf(photoOf(9)) } as const
    pipe.inject(other)
    pipe.inject({ kind: 'cancel', transfer: 6 })
    expect(pipe.failures).toEqual(['sending'])
    await vi.advanceTimersByTimeAsync(300)
    pipe.inject(other)
    await settled(pipe)
    expect([pipe.outcome(), pipe.failures, kinds(pipe, 'unknown').length]).toEqual(['sent', ['sending'], 0])
  })

  test('[SEC-4] finds room beside those under way, not beside those that are there alone', async () => {
    const asked: [number, number][] = []
    const pipe = openPipe({
      bytes: PHOTO,
      hasRoom: (photos, bytes) => asked.push([photos, bytes]) > 0 && bytes < 1_000_000,
    })
    await vi.advanceTimersByTimeAsync(15)
    const large = offerOf(PHOTO, { bytes: 900_000 })
    pipe.inject({ kind: 'offer', transfer: 1, offer: large }, 'other')
    expect(asked).toEqual([
      [1, PHOTO.length],
      [2, PHOTO.length + 900_000],
    ])
    expect(pipe.failures).toEqual(['full'])
    await settled(pipe)
    expect(pipe.outcome()).toBe('sent')
  })

  test('whose chunks end every connection is given up', async () => {
    const pipe = openPipe({ bytes: PHOTO, loses: (packet) => packet.kind === 'chunk' })
    for (let ms = 0; ms < 60_000 && pipe.outcome() === undefined; ms += 2_000) {
      await vi.advanceTimersByTimeAsync(2_000)
      pipe.sender.resume()
    }
    expect(pipe.outcome()).toMatch(/^sending: The photo did not get through/)
  })
})
