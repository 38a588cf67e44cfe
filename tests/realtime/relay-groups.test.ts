import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readPicture, type Picture } from '../../server/protocol/frames.ts'
import { Upload } from '../../server/realtime/relay/upload.ts'
import { Watcher, type Sink } from '../../server/realtime/relay/watcher.ts'
import { mediaFrame } from '../../server/realtime/wire.ts'
import { Film } from '../support/film.ts'

const NOTHING = new Uint8Array()

/** What happens with the next picture: to it on its way up, and to the watcher's way down. */
const step = fc.record({
  isKey: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  fate: fc.constantFrom('comes', 'comes', 'comes', 'is lost', 'is another stream'),
  hasRoom: fc.oneof(
    { weight: 3, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
  elapsed: fc.constantFrom(0, 33, 33, 1_000, 6_000),
})

/** Whether each picture can be decoded after those before it. */
function expectDecodable(pictures: readonly Picture[]): void {
  let last: Picture | undefined
  for (const picture of pictures) {
    if (!picture.isKey) {
      expect(picture.stream).toBe(last?.stream)
      expect(picture.number).toBe((last?.number ?? Number.NaN) + 1)
    }
    last = picture
  }
}

test('[SEC-4] [MED-6] whatever is lost or has no room, what a watcher gets can be decoded', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, isBounded) => {
      let hasRoom = true
      const got: Picture[] = []
      const sink: Sink = {
        takesMedia: () => hasRoom,
        sendMedia({ body }) {
          if (!hasRoom) return 'dropped'
          const picture = readPicture(body)
          if (picture !== undefined) got.push(picture)
          return 'sent'
        },
      }
      const watcher = new Watcher(sink)
      const upload = new Upload(isBounded, 0)
      let stream = 1
      let film = new Film({ stream, keyBytes: 400_000, deltaBytes: 200_000 })
      let now = 0
      let due = 0
      for (const { isKey, fate, hasRoom: room, elapsed } of steps) {
        now += elapsed
        hasRoom = room
        if (fate === 'is another stream') {
          stream += 1
          film = new Film({ stream })
        }
        const bytes = film.shoot(isKey)
        const picture = fate === 'is lost' ? undefined : readPicture(bytes)
        if (picture === undefined || upload.admit(picture, bytes.length, now) !== 'sound') continue
        const taken = watcher.take(mediaFrame(NOTHING, bytes, now), picture.isKey)
        // A key picture that finds room is never kept back.
        if (picture.isKey && room) expect(taken).toBe('sent')
        if (taken === 'sent') due += 1
      }
      expect(got).toHaveLength(due)
      expectDecodable(got)
    }),
    { numRuns: 300 },
  )
})

test('[SEC-4] numbers of pictures begin again behind the last of 32 bits', () => {
  const upload = new Upload(true, 0)
  const picture = (number: number, isKey = false): Picture => ({
    isKey,
    rotation: 0,
    number,
    stream: 1,
    takenAt: 0,
    width: 0,
    height: 0,
    codec: 'vp8',
    payload: NOTHING,
  })
  expect(upload.admit(picture(0xffff_ffff, true), 1, 0)).toBe('sound')
  expect(upload.admit(picture(0), 1, 0)).toBe('sound')
  expect(upload.admit(picture(2), 1, 0)).toBe('broken')
})
