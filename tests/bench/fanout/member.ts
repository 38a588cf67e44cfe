/**
 * A WebSocket client that does as little as possible (RFC 6455): it counts what it is sent without decoding it, so
 * that the generator is not what is measured.
 */
import { connect, type Socket } from 'node:net'
import { DATA_BYTES, type Dialect, type Seat } from './protocol.ts'

const TEXT = 1
const CLOSE = 8
const PING = 9
const PONG = 10
/** A server unmasks what it reads; a mask of zeros would spare it the work. */
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

/** A client's frame (section 5.2) of less than 64 KiB. */
export function frameOf(text: string, opcode = TEXT): Buffer {
  const payload = Buffer.from(text)
  const length = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 0xff]
  for (let at = 0; at < payload.length; at += 1) payload[at] = (payload[at] ?? 0) ^ (MASK[at % 4] ?? 0)
  return Buffer.concat([
    Buffer.from([0x80 | opcode, 0x80 | (length[0] ?? 0), ...length.slice(1)]),
    MASK,
    payload,
  ])
}

const PONG_FRAME = frameOf('', PONG)

/** What a member tells of what it receives, once it is seated. */
export interface Counter {
  /** So many messages were in one chunk. */
  received(messages: number): void
  failed(why: string): void
}

export class Member {
  readonly #socket: Socket
  readonly #dialect: Dialect
  readonly #counter: Counter
  #rest: Buffer | undefined
  #told: ((text: string) => void) | undefined

  private constructor(socket: Socket, dialect: Dialect, counter: Counter) {
    this.#socket = socket
    this.#dialect = dialect
    this.#counter = counter
  }

  /** Connects and greets; resolves when the member is seated. */
  static seat(port: number, seat: Seat, dialect: Dialect, counter: Counter): Promise<Member> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, noDelay: true })
      const member = new Member(socket, dialect, counter)
      const fail = (why: string) => {
        socket.destroy()
        reject(new Error(`${seat.path}: ${why}`))
      }
      socket.on('error', (error) => fail(error.message))
      socket.on('close', () => fail('closed'))
      socket.write(upgrade(port, seat))
      let head = Buffer.alloc(0)
      const answered = (chunk: Buffer) => {
        head = Buffer.concat([head, chunk])
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        socket.off('data', answered)
        if (!head.toString('latin1').startsWith('HTTP/1.1 101 ')) {
          fail(head.toString('latin1', 0, end))
          return
        }
        member.#greet(seat, () => {
          socket
            .removeAllListeners('close')
            .on('close', () => counter.failed(`a member of ${seat.path} was closed`))
          resolve(member)
        })
        socket.on('data', (data) => member.#read(data))
        if (head.length > end + 4) member.#read(head.subarray(end + 4))
      }
      socket.on('data', answered)
    })
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** Resolves when the socket is gone. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.removeAllListeners('close').on('close', () => resolve())
      this.#socket.end(frameOf('', CLOSE))
      this.#socket.destroySoon()
    })
  }

  #greet({ greeting }: Seat, seated: () => void): void {
    let step = 0
    const go = (text?: string): void => {
      const turn = greeting[step]
      if (turn === undefined) {
        this.#told = undefined
        seated()
        return
      }
      if (turn.wait !== undefined && text?.startsWith(turn.wait) !== true) return
      step += 1
      if (turn.say !== undefined) this.write(frameOf(turn.say))
      go()
    }
    this.#told = go
    go()
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    let messages = 0
    while (bytes.length - at >= 2) {
      const short = (bytes[at + 1] ?? 0) & 0x7f
      const header = short === 127 ? 10 : short === 126 ? 4 : 2
      if (bytes.length - at < header) break
      const length =
        short === 127
          ? Number(bytes.readBigUInt64BE(at + 2))
          : short === 126
            ? bytes.readUInt16BE(at + 2)
            : short
      if (bytes.length - at < header + length) break
      const opcode = (bytes[at] ?? 0) & 0x0f
      if (opcode === TEXT && length >= DATA_BYTES && this.#told === undefined) messages += 1
      else this.#control(opcode, bytes.subarray(at + header, at + header + length))
      at += header + length
    }
    this.#rest = at === bytes.length ? undefined : bytes.subarray(at)
    if (messages > 0) this.#counter.received(messages)
  }

  #control(opcode: number, payload: Buffer): void {
    const { heartbeat } = this.#dialect
    if (opcode === PING) this.write(PONG_FRAME)
    else if (opcode === TEXT) {
      const text = payload.toString()
      if (heartbeat !== undefined && text === heartbeat.text) this.write(frameOf(heartbeat.answer))
      else this.#told?.(text)
    }
  }
}

const upgrade = (port: number, { path, subprotocol }: Seat): string =>
  [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
    '',
    '',
  ].join('\r\n')
