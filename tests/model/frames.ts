/** The server's frames as a client reads them (RFC 6455, section 5.2), out of chunks cut anywhere. */

export type Frame =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'close'; readonly code: number }
  | { readonly kind: 'ping' }

const TEXT = 1
const CLOSE = 8
const PING = 9

/** A frame of the server's own that is not a message; what `ws` would write. */
export function controlFrame(kind: 'close' | 'ping', code = 0): Buffer {
  if (kind === 'ping') return Buffer.from([0x80 | PING, 0])
  return Buffer.from([0x80 | CLOSE, 2, code >> 8, code & 0xff])
}

const NO_BYTES = Buffer.alloc(0)

export class FrameReader {
  #rest: Buffer = NO_BYTES

  /** The frames that are whole now. */
  read(chunk: Buffer): Frame[] {
    const frames: Frame[] = []
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    for (;;) {
      const [first, second] = this.#rest
      if (first === undefined || second === undefined) return frames
      const extra = second === 126 ? 2 : second === 127 ? 8 : 0
      if (this.#rest.length < 2 + extra) return frames
      const size = extra === 0 ? second : this.#rest.readUIntBE(extra === 2 ? 2 : 4, extra === 2 ? 2 : 6)
      const end = 2 + extra + size
      if (this.#rest.length < end) return frames
      const payload = this.#rest.subarray(2 + extra, end)
      this.#rest = this.#rest.subarray(end)
      frames.push(frameOf(first & 0x0f, payload))
    }
  }
}

function frameOf(opcode: number, payload: Buffer): Frame {
  switch (opcode) {
    case TEXT:
      return { kind: 'text', text: payload.toString() }
    case CLOSE:
      return { kind: 'close', code: payload.readUInt16BE() }
    case PING:
      return { kind: 'ping' }
    default:
      throw new Error(`a frame with opcode ${opcode}`)
  }
}
