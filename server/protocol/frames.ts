/**
 * Binary frames of relayed pictures (docs/SPEC.md, section 6); numbers are big endian. A camera uploads an encoded
 * picture behind a header; a watcher gets the same bytes behind the camera's id.
 */
import type { SessionId } from './ids.ts'
import { isPlainText, readText, writeText } from './plain-text.ts'

/** First byte of what a camera uploads. */
const UPLOADED = 1
/** First byte of what a watcher is sent. */
const RELAYED = 2

const KEY_BIT = 1
const ROTATION_SHIFT = 1
/** The other bits are for later versions. */
const KNOWN_BITS = 0b111
/** Where the header's fields stand. Bytes. */
const AT = { flags: 1, number: 2, stream: 6, takenAt: 10, width: 18, height: 20, codecLength: 22, codec: 23 }
const MAX_U32 = 0xffff_ffff
const MAX_U16 = 0xffff
/** What stands for a JPEG file where others name a codec; each is a key picture. */
export const JPEG = 'jpeg'

const ROTATIONS = [0, 90, 180, 270] as const
/** How far a picture is to be turned clockwise to stand upright. Degrees. */
export type Rotation = (typeof ROTATIONS)[number]

/** What a picture's frame says of it. */
export interface PictureHeader {
  /** Whether decoding can begin here. */
  readonly isKey: boolean
  readonly rotation: Rotation
  /** Rises by one with each picture of a stream; 32 bits. */
  readonly number: number
  /** Random for each start of an encoder; 32 bits. A new stream begins with a key picture. */
  readonly stream: number
  /** When it was taken, by the server's clock as far as the sender knows it. Milliseconds of Unix time. */
  readonly takenAt: number
  /** Pixels; 0 where unknown. */
  readonly width: number
  readonly height: number
  /** As WebCodecs names it (`avc1.42e01f`, `vp8`), or `jpeg`. */
  readonly codec: string
}

export interface Picture extends PictureHeader {
  /**
   * H.264 in Annex B form with the parameter sets in each key picture, VP8 as it is, or a JPEG file. A view of what
   * was read.
   */
  readonly payload: Uint8Array
}

/** A picture as a watcher gets it. */
export interface RelayedPicture {
  readonly camera: SessionId
  readonly picture: Picture
}

const fits = (value: number, most: number): boolean => Number.isInteger(value) && value >= 0 && value <= most

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/**
 * A camera's frame of one picture.
 * @throws RangeError where the header holds what the frame cannot, or the payload is empty
 */
export function encodePicture(header: PictureHeader, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const { isKey, rotation, number, stream, takenAt, width, height, codec } = header
  const isSound =
    fits(number, MAX_U32) &&
    fits(stream, MAX_U32) &&
    fits(width, MAX_U16) &&
    fits(height, MAX_U16) &&
    Number.isFinite(takenAt) &&
    isPlainText(codec) &&
    (isKey || codec !== JPEG) &&
    payload.length > 0
  if (!isSound) throw new RangeError('The header of a picture holds what its frame cannot.')
  const bytes = new Uint8Array(AT.codec + codec.length + payload.length)
  const view = viewOf(bytes)
  bytes[0] = UPLOADED
  bytes[AT.flags] = (isKey ? KEY_BIT : 0) | (ROTATIONS.indexOf(rotation) << ROTATION_SHIFT)
  view.setUint32(AT.number, number)
  view.setUint32(AT.stream, stream)
  view.setFloat64(AT.takenAt, takenAt)
  view.setUint16(AT.width, width)
  view.setUint16(AT.height, height)
  bytes[AT.codecLength] = codec.length
  writeText(bytes, AT.codec, codec)
  bytes.set(payload, AT.codec + codec.length)
  return bytes
}

/** Reads a camera's frame; nothing where it is unsound in any way. Never throws. */
export function readPicture(bytes: Uint8Array): Picture | undefined {
  const flags = bytes[AT.flags] ?? 0
  if (bytes[0] !== UPLOADED || flags > KNOWN_BITS) return undefined
  const codec = readText(bytes, AT.codecLength)
  if (codec === undefined || bytes.length === AT.codec + codec.length) return undefined
  const view = viewOf(bytes)
  const takenAt = view.getFloat64(AT.takenAt)
  const isKey = (flags & KEY_BIT) !== 0
  if (!Number.isFinite(takenAt) || (codec === JPEG && !isKey)) return undefined
  return {
    isKey,
    rotation: ROTATIONS[flags >> ROTATION_SHIFT] ?? 0,
    number: view.getUint32(AT.number),
    stream: view.getUint32(AT.stream),
    takenAt,
    width: view.getUint16(AT.width),
    height: view.getUint16(AT.height),
    codec,
    payload: bytes.subarray(AT.codec + codec.length),
  }
}

/**
 * What stands before a camera's frame when it is passed on.
 * @throws RangeError for what is no member's id
 */
export function relayPrefix(camera: SessionId): Uint8Array<ArrayBuffer> {
  if (!isPlainText(camera)) throw new RangeError('This is no id of a member.')
  const prefix = new Uint8Array(2 + camera.length)
  prefix[0] = RELAYED
  prefix[1] = camera.length
  writeText(prefix, 2, camera)
  return prefix
}

/**
 * A watcher's frame: the camera's, unchanged, behind its id.
 * @throws RangeError for what is no member's id
 */
export function wrapPicture(camera: SessionId, uploaded: Uint8Array): Uint8Array<ArrayBuffer> {
  const prefix = relayPrefix(camera)
  const bytes = new Uint8Array(prefix.length + uploaded.length)
  bytes.set(prefix)
  bytes.set(uploaded, prefix.length)
  return bytes
}

/** Reads a watcher's frame; nothing where it is unsound in any way. Never throws. */
export function readRelayed(bytes: Uint8Array): RelayedPicture | undefined {
  if (bytes[0] !== RELAYED) return undefined
  const camera = readText(bytes, 1)
  if (camera === undefined) return undefined
  const picture = readPicture(bytes.subarray(2 + camera.length))
  return picture && { camera: camera as SessionId, picture }
}
