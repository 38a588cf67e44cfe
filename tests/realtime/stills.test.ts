/** Photos through the server: to whom they go, and who waits for whom. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { InstanceId, RoomId, SessionId } from '../../server/protocol/ids.ts'
import {
  LEAST_STILL_COST,
  MAX_STILL_PACKET,
  MAX_WAITING_WITH_MEDIA,
  MAX_WAITING_WITH_STILLS,
  STILL_LINK_IDLE,
  STILLS_BURST,
} from '../../server/protocol/limits.ts'
import { endOf } from '../../server/protocol/still-ends.ts'
import { Outbox } from '../../server/realtime/outbox.ts'
import { StillOpener } from '../../server/realtime/relay/link/still-opener.ts'
import type { FrameStream, MediaFrame } from '../../server/realtime/wire.ts'
import { encodePacket } from '../../web/lib/stills/packets.ts'
import {
  encodeLinkedStill,
  encodeStill,
  readLinkedStill,
  readStill,
} from '../../server/protocol/still-frames.ts'
import { createTestClock } from '../support/clock.ts'
import { Film, relayedOf } from '../support/film.ts'
import { addHost, addMember, addPending, newRoom, stage, startApp, type Seated } from './support.ts'

const PACKET = Buffer.from('a packet of a photo')
const still = (to: string, packet: Uint8Array = PACKET): Buffer =>
  Buffer.from(encodeStill(to as SessionId, packet))
const plain = fc.stringMatching(/^[\w-]{1,64}$/)
const packets = fc.uint8Array({ minLength: 1, maxLength: 300 })

describe('[MED-7] frames of photos', () => {
  test('what is written is read', () => {
    fc.assert(
      fc.property(plain, plain, plain, packets, (room, from, to, packet) => {
        expect(readStill(encodeStill(to as SessionId, packet))).toEqual({ member: to, packet })
        const linked = { room: room as RoomId, from: from as SessionId, to: to as SessionId, packet }
        expect(readLinkedStill(encodeLinkedStill(linked))).toEqual(linked)
      }),
    )
  })

  test('[SEC-6] nothing that comes makes a reader throw', () => {
    const almost = fc
      .tuple(fc.constantFrom(3, 4), fc.uint8Array({ maxLength: 200 }))
      .map(([kind, rest]) => Uint8Array.of(kind, ...rest))
    fc.assert(
      fc.property(almost, (bytes) => {
        const one = readStill(bytes)
        if (one !== undefined) expect(encodeStill(one.member, one.packet)).toEqual(bytes)
        const other = readLinkedStill(bytes)
        if (other !== undefined) expect(encodeLinkedStill(other)).toEqual(bytes)
      }),
    )
  })

  test('a packet that is empty or too large is none', () => {
    const id = 'someone' as SessionId
    expect(readStill(Uint8Array.of(3, 1, 0x61))).toBe(undefined)
    expect(() => encodeStill(id, new Uint8Array())).toThrow(RangeError)
    expect(() => encodeStill(id, new Uint8Array(MAX_STILL_PACKET + 1))).toThrow(RangeError)
    const whole = encodeStill(id, new Uint8Array(MAX_STILL_PACKET))
    expect(readStill(whole)?.packet).toHaveLength(MAX_STILL_PACKET)
    expect(readStill(Uint8Array.of(...whole, 0))).toBe(undefined)
  })
})

test('[MED-7] [ROOM-4] packets go to the one they are for, and answers back, byte for byte', async () => {
  const here = await stage()
  const camera = await addMember(here)
  const second = await addHost(here)
  const other = await addMember(here)
  camera.client.raw(still(here.host.id))
  expect(await here.host.client.pictures(1)).toEqual([still(camera.id)])
  here.host.client.raw(still(camera.id, Uint8Array.of(1)))
  expect(await camera.client.pictures(1)).toEqual([still(here.host.id, Uint8Array.of(1))])
  for (const { client } of [second, other]) {
    await client.settled()
    expect(client.binary).toEqual([])
  }
})

test('[MED-7] nothing of it is an event: no cursor moves, no log grows', async () => {
  const here = await stage()
  const camera = await addMember(here)
  const before = (await here.host.client.ask({ type: 'message', data: 1 })) as { at: string }
  camera.client.raw(still(here.host.id))
  await here.host.client.pictures(1)
  const [pong] = (await here.host.client.settled()).slice(-1)
  expect(pong).toMatchObject({ type: 'pong', at: before.at })
})

describe('[SESS-4] [ROOM-4] who may send a photo to whom', () => {
  const refused = async (from: Seated, to: Seated) => {
    from.client.raw(still(to.id))
    expect(await from.client.next('error')).toMatchObject({ code: 'invalid_message' })
    await to.client.settled()
    expect(to.client.binary).toEqual([])
  }

  test('no camera to a camera or a viewer, no viewer to anybody, no host to a host', async () => {
    const here = await stage()
    const [camera, other, viewer] = [
      await addMember(here),
      await addMember(here),
      await addMember(here, 'viewer'),
    ]
    const second = await addHost(here)
    await refused(camera, other)
    await refused(camera, viewer)
    await refused(viewer, here.host)
    await refused(viewer, camera)
    await refused(here.host, second)
    await refused(here.host, viewer)
  })

  test('nobody who waits for approval', async () => {
    const here = await stage()
    await refused(await addPending(here, 'camera'), here.host)
  })

  test('nobody in another room: what is not there is not told apart', async () => {
    const here = await stage()
    const there = await newRoom(here.app)
    const camera = await addMember(here)
    camera.client.raw(still(there.host.id))
    await camera.client.settled()
    expect(camera.client.of('error')).toEqual([])
    await there.host.client.settled()
    expect(there.host.client.binary).toEqual([])
  })
})

describe('[SEC-4] photos starve nobody', () => {
  test('what is more than a member may send is dropped, and its picture and words go on', async () => {
    const clock = createTestClock()
    const here = await stage({ clock, env: { RATE_LIMITS: 'on' } })
    const camera = await addMember(here)
    const packet = new Uint8Array(MAX_STILL_PACKET)
    const size = still(here.host.id, packet).length
    const most = Math.floor(STILLS_BURST / size)
    for (let count = 0; count < most + 20; count += 1) {
      camera.client.raw(still(here.host.id, packet))
      // One after the other: what a reader has not taken is another bound.
      await camera.client.settled()
      await here.host.client.settled()
    }
    expect(here.host.client.binary).toHaveLength(most)
    await here.host.client.ask({ type: 'watch', camera: camera.id, on: true })
    await camera.client.next('relay')
    const picture = new Film().key()
    camera.client.raw(picture)
    expect((await here.host.client.pictures(most + 1)).at(-1)).toEqual(relayedOf(camera.id, picture))
    expect(await camera.client.ask({ type: 'message', data: 1 })).toMatchObject({ ok: true })
  })

  test('small packets count for what they cost', async () => {
    const clock = createTestClock()
    const here = await stage({ clock, env: { RATE_LIMITS: 'on' } })
    const camera = await addMember(here)
    const most = STILLS_BURST / LEAST_STILL_COST
    for (let count = 0; count < most + 50; count += 1) {
      camera.client.raw(still(here.host.id, Uint8Array.of(1)))
      if (count % 500 === 0) await camera.client.settled()
    }
    await camera.client.settled()
    await here.host.client.settled()
    expect(here.host.client.binary.length).toBeLessThanOrEqual(most)
    expect(here.host.client.binary.length).toBeGreaterThan(1_000)
  })

  test('a host that reads nothing is kept, and loses packets', async () => {
    const here = await stage()
    const camera = await addMember(here)
    here.host.client.socket.pause()
    const packet = new Uint8Array(MAX_STILL_PACKET)
    for (let count = 0; count < 100; count += 1) camera.client.raw(still(here.host.id, packet))
    await camera.client.settled()
    here.host.client.socket.resume()
    await here.host.client.settled()
    expect(here.host.client.binary.length).toBeLessThan(100)
    expect(await here.host.client.ask({ type: 'message', data: 1 })).toMatchObject({ ok: true })
  })
})

describe('[SEC-4] pictures go before photos', () => {
  test('where something waits for a reader, photos are kept from it long before pictures', () => {
    let waiting = 0
    const stream: FrameStream = {
      writable: true,
      get writableLength() {
        return waiting
      },
      write: () => true,
      cork: () => undefined,
      uncork: () => undefined,
    }
    const outbox = new Outbox(stream, { overflowed: () => undefined })
    const framed: MediaFrame = { head: Buffer.alloc(4), body: Buffer.alloc(10), size: 14, at: 0 }
    const taken = () => [outbox.addMedia(framed, MAX_WAITING_WITH_STILLS), outbox.addMedia(framed)]
    waiting = MAX_WAITING_WITH_STILLS
    expect(taken()).toEqual(['sent', 'sent'])
    waiting += 1
    expect(taken()).toEqual(['dropped', 'sent'])
    waiting = MAX_WAITING_WITH_MEDIA + 1
    expect(taken()).toEqual(['dropped', 'dropped'])
  })

  test('a host that is behind is sent pictures where photos find no room', async () => {
    // Standing still: how long a picture waits is another bound.
    const here = await stage({ clock: createTestClock() })
    const camera = await addMember(here)
    await here.host.client.ask({ type: 'watch', camera: camera.id, on: true })
    await camera.client.next('relay')
    here.host.client.socket.pause()
    // More than the system itself takes for who reads nothing.
    const packet = new Uint8Array(MAX_STILL_PACKET)
    for (let count = 0; count < 200; count += 1) camera.client.raw(still(here.host.id, packet))
    await camera.client.settled()
    const picture = new Film().key()
    camera.client.raw(picture)
    await camera.client.settled()
    here.host.client.socket.resume()
    await here.host.client.settled()
    expect(here.host.client.binary.at(-1)).toEqual(relayedOf(camera.id, picture))
  })
})

describe('figures for operators', () => {
  const OK = { kind: 'receipt', transfer: 7, outcome: 'ok', sha256: '' } as const
  const figure = async (url: string, name: string) => {
    const body = await (await fetch(`${url}/metrics`)).text()
    return Number(new RegExp(`^${name.replace('}', '[^}]*}')} (.+)$`, 'm').exec(body)?.[1])
  }

  test('[MED-7] packets, bytes and how photos ended are counted; what is said again counts once', async () => {
    const here = await stage()
    const { url } = here.app
    const camera = await addMember(here)
    const ended = (outcome: string) => figure(url, `pairlens_stills_total{outcome="${outcome}"}`)
    expect(await Promise.all(['ok', 'mismatch', 'full', 'unsound', 'cancelled'].map(ended))).toEqual([
      0, 0, 0, 0, 0,
    ])
    camera.client.raw(still(here.host.id))
    await here.host.client.pictures(1)
    for (const packet of [OK, OK, { ...OK, transfer: 8 }, { ...OK, transfer: 9, outcome: 'full' } as const])
      here.host.client.raw(still(camera.id, encodePacket(packet)))
    await camera.client.pictures(4)
    camera.client.raw(still(here.host.id, encodePacket({ kind: 'cancel', transfer: 10 })))
    // A camera gives no receipts.
    camera.client.raw(still(here.host.id, encodePacket({ ...OK, transfer: 11 })))
    camera.client.raw(still('nobody'))
    await here.host.client.pictures(3)
    expect(await Promise.all(['ok', 'full', 'cancelled', 'mismatch'].map(ended))).toEqual([2, 1, 1, 0])
    expect(await figure(url, 'pairlens_still_packets_total{outcome="sent"}')).toBe(7)
    expect(await figure(url, 'pairlens_still_packets_total{outcome="dropped"}')).toBe(1)
    expect(await figure(url, 'pairlens_still_bytes_total{}')).toBeGreaterThan(7 * 30)
  })

  test('[SEC-6] no packet makes the reader of ends throw', () => {
    const almost = fc
      .tuple(fc.constantFrom(6, 7), fc.uint8Array({ maxLength: 400 }))
      .map(([kind, rest]) => Uint8Array.of(kind, ...rest))
    fc.assert(
      fc.property(almost, fc.constantFrom('camera' as const, 'host' as const), (bytes, by) => {
        const end = endOf(bytes, by)
        if (end !== undefined) expect(bytes.length).toBeGreaterThanOrEqual(5)
      }),
    )
    const receipt = encodePacket({
      kind: 'receipt',
      transfer: 3,
      outcome: 'mismatch',
      sha256: 'a'.repeat(64),
    })
    expect(endOf(receipt, 'host')).toEqual({ transfer: 3, end: 'mismatch' })
    expect(endOf(encodePacket({ kind: 'cancel', transfer: 4 }), 'camera')).toEqual({
      transfer: 4,
      end: 'cancelled',
    })
  })
})

describe('[MED-7] the way to another instance', () => {
  const openTo = (url: string) => {
    const clock = createTestClock()
    let ends = 0
    const reasons: unknown[] = []
    const opener = new StillOpener({
      clock,
      instance: 'me' as InstanceId,
      key: Buffer.alloc(32),
      to: { instance: 'they' as InstanceId, url },
      ended: () => (ends += 1),
      log: { info: () => undefined, warn: (fields) => void reasons.push(fields) },
    })
    return { clock, opener, reasons, ends: () => ends }
  }

  test('that cannot be had is tried again while packets come, and said twice, not each time', () => {
    const { clock, opener, reasons, ends } = openTo('http://8.8.8.8:1')
    for (let ms = 0; ms < 2 * STILL_LINK_IDLE; ms += 1_000) {
      opener.send(PACKET)
      clock.advance(1_000)
    }
    expect([reasons.length, ends()]).toEqual([2, 0])
    clock.advance(STILL_LINK_IDLE)
    expect(ends()).toBe(1)
    expect(clock.pending).toBe(0)
  })

  test('that failed and is closed leaves no timer behind', () => {
    const { clock, opener, ends } = openTo('http://8.8.8.8:1')
    opener.close()
    clock.advance(2 * STILL_LINK_IDLE)
    expect([ends(), clock.pending]).toEqual([0, 0])
  })
})

test('[SEC-6] no frame of a photo harms the process or another member', async () => {
  const app = await startApp({ env: { RATE_LIMITS: 'off' } })
  const here = await newRoom(app)
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 9 }),
      async (all) => {
        const camera = await addMember(here)
        for (const rest of all) camera.client.raw(Buffer.from([3, ...rest]))
        await Promise.race([camera.client.closed, camera.client.settled().catch(() => camera.client.closed)])
        camera.client.send({ type: 'leave' })
        expect(await here.host.client.ask({ type: 'message', data: 1 })).toMatchObject({ ok: true })
      },
    ),
    { numRuns: 25 },
  )
  expect(app.logs()).not.toContain('"level":50')
}, 60_000)
