import { createSocket } from 'node:dgram'

/** A STUN server (RFC 8489) that answers binding requests on loopback. */
export interface StunServer {
  /** `stun:127.0.0.1:<port>` */
  readonly url: string
  close(): Promise<void>
}

const BINDING_REQUEST = 0x0001
const BINDING_SUCCESS = 0x0101
const XOR_MAPPED_ADDRESS = 0x0020
const MAGIC_COOKIE = 0x2112a442
/** From the documentation range: another one than the asker has, as behind a router that translates. */
const OUTSIDE = [203, 0, 113, 7] as const

const answer = (request: Buffer, port: number): Buffer => {
  const reply = Buffer.alloc(32)
  reply.writeUInt16BE(BINDING_SUCCESS, 0)
  reply.writeUInt16BE(12, 2)
  request.copy(reply, 4, 4, 20)
  reply.writeUInt16BE(XOR_MAPPED_ADDRESS, 20)
  reply.writeUInt16BE(8, 22)
  reply.writeUInt8(1, 25)
  reply.writeUInt16BE(port ^ (MAGIC_COOKIE >>> 16), 26)
  reply.writeUInt32BE((Buffer.from(OUTSIDE).readUInt32BE(0) ^ MAGIC_COOKIE) >>> 0, 28)
  return reply
}

export async function startStunServer(): Promise<StunServer> {
  const socket = createSocket('udp4')
  socket.on('message', (request, from) => {
    if (request.length >= 20 && request.readUInt16BE(0) === BINDING_REQUEST)
      socket.send(answer(request, from.port), from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  return {
    url: `stun:127.0.0.1:${port}`,
    close: () => new Promise((resolve) => socket.close(resolve)),
  }
}
