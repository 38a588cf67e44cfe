/** The protocol of Redis (RESP, version 2), as far as the double needs it. */
import { connect, type Socket } from 'node:net'

/** An error that the server answered; a value like any other, since it may stand in the middle of a list. */
export class RespError {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
export type RespValue = string | number | null | RespError | readonly RespValue[]

const encode = (command: readonly string[]): string => {
  let text = `*${command.length}\r\n`
  for (const part of command) text += `$${Buffer.byteLength(part)}\r\n${part}\r\n`
  return text
}

const LINE_END = '\r\n'
/** The bytes do not hold a whole reply yet. */
const MORE = Symbol('more')

/** Reads one reply behind `at`. */
function readReply(bytes: Buffer, at: number): { value: RespValue; next: number } | typeof MORE {
  const end = bytes.indexOf(LINE_END, at)
  if (end < 0) return MORE
  const line = bytes.toString('utf8', at + 1, end)
  const next = end + LINE_END.length
  switch (bytes[at]) {
    case 0x2b: // +
      return { value: line, next }
    case 0x2d: // -
      return { value: new RespError(line), next }
    case 0x3a: // :
      return { value: Number(line), next }
    case 0x24: {
      // $
      const length = Number(line)
      if (length < 0) return { value: null, next }
      if (bytes.length < next + length + LINE_END.length) return MORE
      return { value: bytes.toString('utf8', next, next + length), next: next + length + LINE_END.length }
    }
    case 0x2a: {
      // *
      const count = Number(line)
      if (count < 0) return { value: null, next }
      const list: RespValue[] = []
      let from = next
      for (let index = 0; index < count; index += 1) {
        const item = readReply(bytes, from)
        if (item === MORE) return MORE
        list.push(item.value)
        from = item.next
      }
      return { value: list, next: from }
    }
    default:
      throw new Error(`Redis sent what is no reply: ${line.slice(0, 80)}`)
  }
}

/** A connection to a Redis server. */
export interface RespConnection {
  /** Writes commands in one go. @returns their replies, in order; rejects where the connection breaks */
  send(commands: readonly (readonly string[])[]): Promise<readonly RespValue[]>
  /** Whether it still stands. */
  readonly alive: boolean
  close(): void
}

interface Waiting {
  readonly replies: RespValue[]
  readonly count: number
  resolve(replies: readonly RespValue[]): void
  reject(error: Error): void
}

/**
 * Connects to a server on loopback.
 * @param pushed takes what comes unasked: the messages of a subscription
 */
export function dialRedis(
  port: number,
  pushed?: (value: RespValue) => void,
  lost?: () => void,
): RespConnection {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const waiting: Waiting[] = []
  let bytes: Buffer = Buffer.alloc(0)
  let failed: Error | undefined

  const take = (value: RespValue): void => {
    const [first] = waiting
    if (first === undefined) {
      pushed?.(value)
      return
    }
    first.replies.push(value)
    if (first.replies.length < first.count) return
    waiting.shift()
    first.resolve(first.replies)
  }
  socket.on('data', (chunk: Buffer) => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
    let at = 0
    while (at < bytes.length) {
      const reply = readReply(bytes, at)
      if (reply === MORE) break
      at = reply.next
      take(reply.value)
    }
    bytes = bytes.subarray(at)
  })
  socket.on('error', (error) => (failed = error))
  socket.on('close', () => {
    failed ??= new Error('Redis closed the connection')
    for (const { reject } of waiting.splice(0)) reject(failed)
    lost?.()
  })
  return {
    send: (commands) =>
      new Promise((resolve, reject) => {
        if (failed !== undefined) {
          reject(failed)
          return
        }
        waiting.push({ replies: [], count: commands.length, resolve, reject })
        socket.write(commands.map(encode).join(''))
      }),
    get alive() {
      return failed === undefined
    },
    close() {
      failed ??= new Error('closed')
      socket.destroy()
    },
  }
}
