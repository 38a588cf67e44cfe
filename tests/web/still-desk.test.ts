/** Photos at both ends as the pages hold them: what is said while they are asked for, taken and sent. */
import { signal } from '@preact/signals'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { encodeStill, readStill } from '../../server/protocol/still-frames.ts'
import type { LeaveReason, ServerMessageOf } from '../../server/protocol/messages.ts'
import { openStills } from '../../web/dashboard/stills/desk.ts'
import { encodePacket, readPacket, type Packet } from '../../web/lib/stills/packets.ts'
import type { Camera } from '../../web/phone/camera.ts'
import { createStills } from '../../web/phone/stills/stills.ts'
import { clientOver } from './fake-client.ts'
import { at, member, sessionId, welcome } from './fakes.ts'
import { offerOf, photoOf } from './still-pipe.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const CAMERA = sessionId('camera')
const PHOTO = photoOf(9)

const openDesk = async (transfers: readonly number[]) => {
  const taking = new Set<(bytes: Uint8Array) => void>()
  const leaving = new Set<(message: ServerMessageOf<'member-left'>) => void>()
  const client: Parameters<typeof openStills>[0]['client'] = {
    members: signal(new Map()),
    active: signal(true),
    unsent: () => 0,
    sendBinary: () => true,
    onBinary(listener) {
      taking.add(listener)
      return () => void taking.delete(listener)
    },
    on(_type: string, listener: never) {
      leaving.add(listener)
      return () => void leaving.delete(listener)
    },
  }
  const left = [...transfers]
  const desk = openStills({
    client,
    director: { ask: () => Promise.resolve({ transfer: left.shift() }), dispose: () => undefined },
    cameras: { feeds: signal(new Map()) },
    roomName: signal('Kitchen table'),
    album: {
      open: () => Promise.resolve([]),
      keep: () => Promise.resolve(),
      remove: () => Promise.resolve(),
      close: () => undefined,
    },
  })
  await vi.advanceTimersByTimeAsync(0)
  return {
    desk,
    progress: () => desk.progress.value.get(CAMERA),
    leave(reason: LeaveReason) {
      for (const listener of leaving)
        listener({ type: 'member-left', at: at('a2'), memberId: CAMERA, reason })
    },
    come(packet: Packet) {
      for (const listener of taking) listener(encodeStill(CAMERA, encodePacket(packet)))
    },
    listeners: () => taking.size + leaving.size,
  }
}

describe('[MED-7] the dashboard', () => {
  test('says of a photo that was taken that it is on its way, and lets the next one be taken', async () => {
    const { desk, progress, come } = await openDesk([5])
    const shooting = desk.shoot(CAMERA)
    expect(progress()).toEqual({ stage: 'taking' })
    await shooting
    expect(progress()).toEqual({ stage: 'sending', part: 0 })
    come({ kind: 'offer', transfer: 5, offer: offerOf(PHOTO) })
    come({ kind: 'chunk', transfer: 5, index: 0, data: PHOTO })
    vi.useRealTimers()
    await vi.waitFor(() => expect(desk.photos.value).toHaveLength(1))
    expect([progress(), desk.arrived.value?.transfer]).toEqual([undefined, 5])
    desk.dispose()
  })

  test('waits no longer for a camera that has left, but for one that is merely lost', async () => {
    const { desk, progress, leave } = await openDesk([5])
    await desk.shoot(CAMERA)
    leave('lost')
    expect(progress()).toEqual({ stage: 'sending', part: 0 })
    leave('left')
    expect(progress()).toBe(undefined)
    desk.dispose()
  })

  test('waits for a photo as long as others of its camera come before it', async () => {
    const { desk, progress, come, listeners } = await openDesk([5, 6])
    await desk.shoot(CAMERA)
    await desk.shoot(CAMERA)
    come({ kind: 'offer', transfer: 5, offer: offerOf(photoOf(100_000)) })
    for (let step = 0; step < 4; step += 1) {
      await vi.advanceTimersByTimeAsync(40_000)
      come({ kind: 'chunk', transfer: 5, index: step, data: photoOf(16_384) })
    }
    come({ kind: 'cancel', transfer: 5 })
    expect(progress()).toEqual({ stage: 'sending', part: 0 })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(progress()).toBe(undefined)
    desk.dispose()
    expect(listeners()).toBe(0)
  })
})

describe('[MED-5] [MED-7] the phone', () => {
  test('says which dashboards did not get a file, and sends it again to those alone', async () => {
    vi.useRealTimers()
    const { client, last } = clientOver()
    client.connect()
    last().open()
    const hosts = [member('one', 'host'), member('two', 'host')]
    last().deliver(welcome({ members: [member('me'), ...hosts] }))
    const stills = createStills({ client, camera: {} as Camera, sending: signal(undefined) })
    const offers = () =>
      last().pictures.flatMap((bytes) => {
        const read = readStill(bytes)
        const packet = read && readPacket(read.packet)
        return read && packet?.kind === 'offer'
          ? [{ to: read.member, transfer: packet.transfer, sha256: packet.offer.sha256 }]
          : []
      })
    const answer = ({ to, transfer, sha256 }: ReturnType<typeof offers>[number], outcome: 'ok' | 'full') =>
      last().deliverPicture(
        encodeStill(
          to,
          encodePacket({
            kind: 'receipt',
            transfer,
            outcome,
            sha256: outcome === 'ok' ? sha256 : '',
          }),
        ),
      )
    const sending = stills.sendFile(new File([PHOTO], 'a.png', { type: 'image/png' }))
    await vi.waitFor(() => expect(offers()).toHaveLength(2), { timeout: 15_000 })
    for (const offer of offers()) answer(offer, offer.to === 'one' ? 'ok' : 'full')
    await sending
    const note = stills.note.value
    expect(note).toMatchObject({ kind: 'failed', text: '1 of 2 dashboards did not get the photo.' })
    if (note?.kind !== 'failed' || note.retry === undefined) throw new Error('it cannot be sent again')
    note.retry()
    await vi.waitFor(() => expect(offers()).toHaveLength(3))
    const again = offers().at(-1)
    expect(again?.to).toBe('two')
    if (again) answer(again, 'ok')
    await vi.waitFor(() => expect(stills.note.value).toEqual({ kind: 'sent' }))
    stills.dispose()
  })
})
