import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  encodePicture,
  JPEG,
  readPicture,
  readRelayed,
  wrapPicture,
  type PictureHeader,
  type Rotation,
} from '../../server/protocol/frames.ts'
import type { SessionId } from '../../server/protocol/ids.ts'

const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const header: fc.Arbitrary<PictureHeader> = fc
  .record({
    isKey: fc.boolean(),
    rotation: fc.constantFrom<Rotation>(0, 90, 180, 270),
    number: u32,
    stream: u32,
    takenAt: fc.double({ noNaN: true, noDefaultInfinity: true }),
    width: u16,
    height: u16,
    codec: fc.constantFrom('avc1.42e01f', 'vp8', 'vp09.00.10.08', 'jpeg'),
  })
  .map((drawn) => (drawn.codec === 'jpeg' ? { ...drawn, isKey: true } : drawn))
const payload = fc.uint8Array({ minLength: 1, maxLength: 600 })
const camera = fc.stringMatching(/^[\w-]{1,64}$/).map((text) => text as SessionId)

const some: PictureHeader = {
  isKey: true,
  rotation: 90,
  number: 7,
  stream: 0xfedc_ba98,
  takenAt: 1_800_000_000_000.5,
  width: 1280,
  height: 720,
  codec: 'vp8',
}

describe('[MED-6] frames of pictures', () => {
  test('what is written is read, and leaves the bytes behind it alone', () => {
    fc.assert(
      fc.property(header, payload, camera, (drawn, bytes, id) => {
        const uploaded = encodePicture(drawn, bytes)
        expect(readPicture(uploaded)).toEqual({ ...drawn, payload: bytes })
        const relayed = wrapPicture(id, uploaded)
        expect(readRelayed(relayed)).toEqual({ camera: id, picture: { ...drawn, payload: bytes } })
        expect(relayed.subarray(2 + id.length)).toEqual(uploaded)
      }),
    )
  })

  test('the fields stand where the contract says', () => {
    const bytes = encodePicture(some, Uint8Array.of(9, 8))
    expect(Buffer.from(bytes).toString('hex')).toBe(
      ['01', '03', '00000007', 'fedcba98', '427a3185c5000800', '0500', '02d0', '03', '767038', '0908'].join(
        '',
      ),
    )
    expect(
      Buffer.from(wrapPicture('ab' as SessionId, bytes))
        .subarray(0, 5)
        .toString('hex'),
    ).toBe('0202616201')
  })

  test('hostile bytes are read as nothing, or as what they would be written as', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(0, 1, 2), (drawn, kind) => {
        const bytes = Uint8Array.from(drawn)
        if (bytes.length > 0) bytes[0] = kind
        const picture = readPicture(bytes)
        if (picture !== undefined) expect(encodePicture(picture, picture.payload)).toEqual(bytes)
        const relayed = readRelayed(bytes)
        if (relayed !== undefined) {
          const { camera: id, picture: inner } = relayed
          expect(wrapPicture(id, encodePicture(inner, inner.payload))).toEqual(bytes)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('a sound frame with bytes changed or cut off is no fault of the reader', () => {
    fc.assert(
      fc.property(header, payload, fc.nat(), fc.nat(255), fc.nat(), (drawn, bytes, at, value, length) => {
        const frame = encodePicture(drawn, bytes)
        frame[at % frame.length] = value
        const cut = frame.subarray(0, length % (frame.length + 1))
        const picture = readPicture(cut)
        if (picture !== undefined) expect(encodePicture(picture, picture.payload)).toEqual(cut)
      }),
      { numRuns: 2_000 },
    )
  })

  test('nothing is read where no picture is', () => {
    const bytes = encodePicture(some, Uint8Array.of(1))
    expect(readPicture(bytes.subarray(0, -1))).toBeUndefined()
    expect(readPicture(new Uint8Array())).toBeUndefined()
    expect(readRelayed(bytes)).toBeUndefined()
    expect(readPicture(wrapPicture('a' as SessionId, bytes))).toBeUndefined()
    const later = Uint8Array.from(bytes)
    later[1] = 0b1000
    expect(readPicture(later)).toBeUndefined()
  })

  test('a view into larger memory is read from where it begins', () => {
    const bytes = encodePicture(some, Uint8Array.of(1, 2, 3))
    const around = new Uint8Array(bytes.length + 20).fill(0xff)
    around.set(bytes, 7)
    expect(readPicture(around.subarray(7, 7 + bytes.length))).toEqual({
      ...some,
      payload: Uint8Array.of(1, 2, 3),
    })
  })

  test.each([
    { number: -1 },
    { stream: 2 ** 32 },
    { width: 65_536 },
    { height: 1.5 },
    { takenAt: Number.NaN },
    { codec: '' },
    { codec: 'v p8' },
    { codec: 'x'.repeat(65) },
    { codec: JPEG, isKey: false },
  ])('a header that no frame can hold is not written: %o', (wrong) => {
    expect(() => encodePicture({ ...some, ...wrong }, Uint8Array.of(1))).toThrow(RangeError)
  })

  test('an empty picture and an odd id are not written', () => {
    expect(() => encodePicture(some, new Uint8Array())).toThrow(RangeError)
    expect(() => wrapPicture('é' as SessionId, encodePicture(some, Uint8Array.of(1)))).toThrow(RangeError)
  })
})
