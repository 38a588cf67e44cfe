/**
 * Binary frames that carry photos through the server (docs/SPEC.md, section 6): between a camera and a host a packet
 * behind the other's id, between instances behind the room and both ids. The server looks into none of them, but for how
 * a photo ended (still-ends.ts).
 */
import type { RoomId, SessionId } from './ids.ts'
import { MAX_STILL_PACKET } from './limits.ts'
import { isPlainText, readText, writeText } from './plain-text.ts'

/** First byte between a member and the server. */
const STILL = 3
/** First byte between two instances. */
const LINKED = 4

/** A packet as a member sends it, with whom it is for, or as it gets it, with whom it is from. */
export interface Still {
  readonly member: SessionId
  /** A view of what was read; never empty. */
  readonly packet: Uint8Array
}

/** A packet on its way to another instance. */
export interface LinkedStill {
  readonly room: RoomId
  readonly from: SessionId
  readonly to: SessionId
  readonly packet: Uint8Array
}

export const isStill = (bytes: Uint8Array): boolean => bytes[0] === STILL

const isPacket = ({ length }: Uint8Array): boolean => length > 0 && length <= MAX_STILL_PACKET

function prefixOf(kind: number, texts: readonly string[]): Uint8Array<ArrayBuffer> {
  if (!texts.every(isPlainText)) throw new RangeError('This is no id.')
  const prefix = new Uint8Array(1 + texts.reduce((sum, { length }) => sum + 1 + length, 0))
  prefix[0] = kind
  let at = 1
  for (const text of texts) {
    prefix[at] = text.length
    writeText(prefix, at + 1, text)
    at += 1 + text.length
  }
  return prefix
}

function readBehind(
  kind: number,
  count: number,
  bytes: Uint8Array,
): { texts: string[]; packet: Uint8Array } | undefined {
  if (bytes[0] !== kind) return undefined
  const texts: string[] = []
  let at = 1
  while (texts.length < count) {
    const text = readText(bytes, at)
    if (text === undefined) return undefined
    texts.push(text)
    at += 1 + text.length
  }
  const packet = bytes.subarray(at)
  return isPacket(packet) ? { texts, packet } : undefined
}

const joined = (prefix: Uint8Array, packet: Uint8Array): Uint8Array<ArrayBuffer> => {
  if (!isPacket(packet)) throw new RangeError(`A packet has 1 to ${MAX_STILL_PACKET} bytes.`)
  const bytes = new Uint8Array(prefix.length + packet.length)
  bytes.set(prefix)
  bytes.set(packet, prefix.length)
  return bytes
}

/** What stands before a packet for a member. @throws RangeError for what is no member's id */
export const stillPrefix = (member: SessionId): Uint8Array<ArrayBuffer> => prefixOf(STILL, [member])

/** @throws RangeError for what is no member's id, or a packet that is empty or too large */
export const encodeStill = (member: SessionId, packet: Uint8Array): Uint8Array<ArrayBuffer> =>
  joined(stillPrefix(member), packet)

/** Reads a member's frame; nothing where it is unsound in any way. Never throws. */
export function readStill(bytes: Uint8Array): Still | undefined {
  const read = readBehind(STILL, 1, bytes)
  return read && { member: read.texts[0] as SessionId, packet: read.packet }
}

/** @throws RangeError for what is no id, or a packet that is empty or too large */
export const encodeLinkedStill = ({ room, from, to, packet }: LinkedStill): Uint8Array<ArrayBuffer> =>
  joined(prefixOf(LINKED, [room, from, to]), packet)

/** Reads an instance's frame; nothing where it is unsound in any way. Never throws. */
export function readLinkedStill(bytes: Uint8Array): LinkedStill | undefined {
  const read = readBehind(LINKED, 3, bytes)
  if (read === undefined) return undefined
  const [room, from, to] = read.texts
  return { room: room as RoomId, from: from as SessionId, to: to as SessionId, packet: read.packet }
}
