import type { Duplex } from 'node:stream'
import * as ws from 'ws'
import type { ServerMessage } from '../protocol/messages.ts'

/**
 * A message as the bytes of its WebSocket frame, made once and sent to any number of sockets.
 * Sound only while compression is never negotiated [SEC-2].
 */
export interface Framed {
  readonly bytes: Buffer
  /** Of the JSON text, without the frame's header. */
  readonly size: number
}

interface FrameOptions {
  readonly fin: boolean
  readonly rsv1: boolean
  readonly opcode: number
  readonly mask: boolean
  readonly readOnly: boolean
}

/** `ws` exports its sender, whose `frame` lays out one frame (RFC 6455, section 5.2), without a type. */
const { Sender } = ws as unknown as {
  Sender: { frame(data: Buffer, options: FrameOptions): Buffer[] }
}

const TEXT: FrameOptions = { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: true }

export function frame(message: ServerMessage): Framed {
  const payload = Buffer.from(JSON.stringify(message))
  return { bytes: Buffer.concat(Sender.frame(payload, TEXT)), size: payload.length }
}

/** Held back at most within a tick. Bytes. */
const FLUSH_ABOVE = 65_536

/** The part of a stream that frames are written with. */
export type FrameStream = Pick<
  Duplex,
  'cork' | 'destroyed' | 'uncork' | 'writable' | 'writableCorked' | 'writableLength' | 'write'
>

/** Corked sockets wait here for the end of the tick: a burst of events then costs one system call a socket. */
let corked: FrameStream[] = []

function uncork(): void {
  const sockets = corked
  corked = []
  for (const socket of sockets) socket.uncork()
}

/** The one function that writes frames of ours to a socket. */
export function write(socket: FrameStream, framed: Framed): void {
  if (socket.destroyed || !socket.writable) return
  if (socket.writableCorked === 0) {
    socket.cork()
    if (corked.push(socket) === 1) setImmediate(uncork)
  }
  socket.write(framed.bytes)
  // What is held back only for the tick must not look like what a slow reader holds up.
  if (socket.writableLength > FLUSH_ABOVE) socket.uncork()
}
