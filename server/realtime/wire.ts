import type { Duplex } from 'node:stream'
import type { ServerMessage } from '../protocol/messages.ts'

/**
 * A message as the bytes of its WebSocket frame, made once and sent to any number of sockets.
 * Sound only while compression is never negotiated [SEC-2].
 */
export interface Framed {
  /** Holds the frame from `start` to `end`; what is written there is never changed. */
  readonly page: Buffer
  readonly start: number
  readonly end: number
  /** Of the JSON text, without the frame's header. */
  readonly size: number
}

/** The part of a stream that frames are written with. */
export type FrameStream = Pick<Duplex, 'writable' | 'writableLength' | 'write' | 'cork' | 'uncork'>

/** A picture as the bytes of its WebSocket frame, made once and written to any number of sockets without a copy. */
export interface MediaFrame {
  readonly head: Buffer
  readonly body: Uint8Array
  /** Of both. */
  readonly size: number
  /** When this instance got it. */
  readonly at: number
}

/** RFC 6455, section 5.2: the first byte of a whole text frame, and what the length's place says of longer ones. */
const WHOLE_TEXT = 0x81
const WHOLE_BINARY = 0x82
const LENGTH_IN_16_BITS = 126
const LENGTH_IN_64_BITS = 127

/** Of a frame with so many bytes of text; servers send no mask (section 5.1). */
function headerSize(size: number): number {
  if (size < LENGTH_IN_16_BITS) return 2
  return size <= 0xffff ? 4 : 10
}

export const frameSize = (size: number): number => headerSize(size) + size

/** @returns where the frame's content begins */
function layHeader(kind: number, size: number, page: Buffer, start: number): number {
  page[start] = kind
  const header = headerSize(size)
  if (header === 2) page[start + 1] = size
  else if (header === 4) {
    page[start + 1] = LENGTH_IN_16_BITS
    page.writeUInt16BE(size, start + 2)
  } else {
    page[start + 1] = LENGTH_IN_64_BITS
    page.writeBigUInt64BE(BigInt(size), start + 2)
  }
  return start + header
}

function lay(text: string, size: number, page: Buffer, start: number): Framed {
  const content = layHeader(WHOLE_TEXT, size, page, start)
  page.write(text, content)
  return { page, start, end: content + size, size }
}

/** A frame that stands alone. */
export function frame(message: ServerMessage): Framed {
  const text = JSON.stringify(message)
  const size = Buffer.byteLength(text)
  return lay(text, size, Buffer.allocUnsafe(frameSize(size)), 0)
}

/**
 * @param prefix what stands before the body in the same frame
 * @param at when the body came
 */
export function mediaFrame(prefix: Uint8Array, body: Uint8Array, at: number): MediaFrame {
  const size = prefix.length + body.length
  const head = Buffer.allocUnsafe(headerSize(size) + prefix.length)
  head.set(prefix, layHeader(WHOLE_BINARY, size, head, 0))
  return { head, body, size: head.length + body.length, at }
}

/** The same event with another place, which stands last in its text. */
export function framedAt({ page, end, size }: Framed, at: string): Framed {
  const text = page.toString('utf8', end - size, end)
  const moved = `${text.slice(0, text.lastIndexOf(',"at":"'))},"at":"${at}"}`
  const length = Buffer.byteLength(moved)
  return lay(moved, length, Buffer.allocUnsafe(frameSize(length)), 0)
}

/** A page starts small, since most rooms say little, and doubles up to the most. Bytes. */
const FIRST_PAGE = 2 * 1024
const MOST_PAGE = 64 * 1024
export const NO_PAGE = Buffer.alloc(0)

/** Frames one behind the other, so that several of them go out as one piece without being copied. */
export class Pages {
  #page = NO_PAGE
  #end = 0

  /** @param text JSON of a server's message */
  frame(text: string): Framed {
    const size = Buffer.byteLength(text)
    const length = frameSize(size)
    if (this.#end + length > this.#page.length) {
      const next = Math.min(MOST_PAGE, Math.max(FIRST_PAGE, 2 * this.#page.length))
      // Not from the pool that all share: a page is kept for long, and would keep the pool's.
      this.#page = Buffer.allocUnsafeSlow(Math.max(next, length))
      this.#end = 0
    }
    const framed = lay(text, size, this.#page, this.#end)
    this.#end = framed.end
    return framed
  }
}
