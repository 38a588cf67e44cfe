/**
 * What two pages say to each other to hand over one photo (docs/SPEC.md, "Photos"): binary, so that it fits both a
 * data channel and the server's frames. Numbers are big endian; a packet is its kind, the transfer, and the rest.
 */

import { readOutcome, type Outcome } from '../../../server/protocol/still-ends.ts'

/** Bytes of a photo in one packet: what every browser's data channel takes, and a way of 1 Mbit/s carries in 130 ms. */
export const CHUNK = 16 * 1024
/** Largest photo. Bytes. */
export const MAX_STILL = 32 * 1024 * 1024

/** How a photo was made: by the camera at its full resolution, as a frame of the video, as what is shown, or as a file. */
export const HOWS = ['photo', 'frame', 'picture', 'file'] as const
export type How = (typeof HOWS)[number]

/** What browsers show, and cameras write. SVG is none: it can hold scripts. */
const TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/avif', 'image/gif', 'image/heic', 'image/heif']

/** What is said of a photo before its bytes. */
export interface Offer {
  /** Media type. */
  readonly type: string
  readonly bytes: number
  /** Pixels as it is to be seen; 0 where unknown. */
  readonly width: number
  readonly height: number
  readonly how: How
  /** Unix time in milliseconds, by the server's clock as far as the camera knows it. */
  readonly takenAt: number
  /** SHA-256 of the bytes, hex. */
  readonly sha256: string
}

export type Packet =
  /** From who sends. Again: asks what is there. */
  | { readonly kind: 'offer'; readonly transfer: number; readonly offer: Offer }
  | {
      readonly kind: 'chunk'
      readonly transfer: number
      readonly index: number
      readonly data: Uint8Array<ArrayBuffer>
    }
  /** One chunk is there. */
  | { readonly kind: 'ack'; readonly transfer: number; readonly index: number }
  /** Answers an offer: a bit for each chunk that is there, the first in the highest bit of the first byte. */
  | { readonly kind: 'have'; readonly transfer: number; readonly bits: Uint8Array<ArrayBuffer> }
  /** Answers a chunk of what was not offered, or was forgotten: offer it again. */
  | { readonly kind: 'unknown'; readonly transfer: number }
  /** The end of a transfer. */
  | {
      readonly kind: 'receipt'
      readonly transfer: number
      readonly outcome: Outcome
      /** As the receiver computed it, hex; empty where it did not. */
      readonly sha256: string
    }
  /** Who sends has given up. */
  | { readonly kind: 'cancel'; readonly transfer: number }

const KINDS = ['offer', 'chunk', 'ack', 'have', 'unknown', 'receipt', 'cancel'] as const
const HEAD = 5
const MAX_SIDE = 100_000

export const chunksOf = (bytes: number): number => Math.ceil(bytes / CHUNK)

/** Bytes of this chunk; all but the last are full. */
export const chunkLength = (bytes: number, index: number): number => Math.min(CHUNK, bytes - index * CHUNK)

export const hasBit = (bits: Uint8Array, index: number): boolean =>
  ((bits[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0

export const setBit = (bits: Uint8Array, index: number): void => {
  bits[index >> 3] = (bits[index >> 3] ?? 0) | (0x80 >> (index & 7))
}

const u32 = (value: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}
const text = (value: string) => new TextEncoder().encode(value)

const bodyOf = (packet: Packet): readonly Uint8Array[] => {
  switch (packet.kind) {
    case 'offer':
      return [text(JSON.stringify(packet.offer))]
    case 'chunk':
      return [u32(packet.index), packet.data]
    case 'ack':
      return [u32(packet.index)]
    case 'have':
      return [packet.bits]
    case 'receipt':
      return [text(JSON.stringify({ outcome: packet.outcome, sha256: packet.sha256 }))]
    default:
      return []
  }
}

export const encodePacket = (packet: Packet): Uint8Array<ArrayBuffer> => {
  const parts = [Uint8Array.of(KINDS.indexOf(packet.kind) + 1), u32(packet.transfer), ...bodyOf(packet)]
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
const whole = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most
const isHash = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)

const parse = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    // What is no JSON is no packet, which is what the caller says.
    return undefined
  }
}

/** Nothing where a member of it is not as it must be. */
const readOffer = (value: unknown): Offer | undefined => {
  if (!isRecord(value)) return undefined
  const { type, bytes, width, height, takenAt, sha256 } = value
  const how = HOWS.find((known) => known === value['how'])
  if (typeof type !== 'string' || !TYPES.includes(type) || how === undefined) return undefined
  if (!whole(bytes, 1, MAX_STILL) || !whole(width, 0, MAX_SIDE) || !whole(height, 0, MAX_SIDE))
    return undefined
  if (typeof takenAt !== 'number' || !Number.isFinite(takenAt) || !isHash(sha256)) return undefined
  return { type, bytes, width, height, how, takenAt, sha256 }
}

/** Whether a file is of a kind that is taken. */
export const isStillType = (type: string): boolean => TYPES.includes(type)

/** Reads a packet; nothing where it is unsound in any way. Never throws. */
export const readPacket = (bytes: Uint8Array): Packet | undefined => {
  const kind = KINDS[(bytes[0] ?? 0) - 1]
  if (kind === undefined || bytes.length < HEAD) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const transfer = view.getUint32(1)
  const body = bytes.slice(HEAD)
  switch (kind) {
    case 'offer': {
      const offer = readOffer(parse(body))
      return offer && { kind, transfer, offer }
    }
    case 'chunk':
      return body.length > 4 && body.length <= 4 + CHUNK
        ? { kind, transfer, index: view.getUint32(HEAD), data: body.subarray(4) }
        : undefined
    case 'ack':
      return body.length === 4 ? { kind, transfer, index: view.getUint32(HEAD) } : undefined
    case 'have':
      return { kind, transfer, bits: body }
    case 'receipt': {
      const said = parse(body)
      const outcome = readOutcome(body)
      if (!isRecord(said) || outcome === undefined) return undefined
      const { sha256 } = said
      return sha256 !== '' && !isHash(sha256) ? undefined : { kind, transfer, outcome, sha256 }
    }
    default:
      return { kind, transfer }
  }
}
