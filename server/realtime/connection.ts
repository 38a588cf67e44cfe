import { nanoid } from 'nanoid'
import type { RawData } from 'ws'
import type { Clock, Disposer } from '../domain/clock.ts'
import { CLOSES, type CloseReason } from '../protocol/closes.ts'
import type { ConnectionId } from '../protocol/ids.ts'
import {
  CLOSE_WITHIN,
  MAX_INVALID,
  MAX_TEXT_FRAME,
  SERVER_PING_EVERY,
  SERVER_PONG_WITHIN,
} from '../protocol/limits.ts'
import type { ClientMessageOf, MessageId } from '../protocol/messages.ts'
import type { ReplyCode } from '../protocol/problems.ts'
import { Bucket } from './bucket.ts'
import { Outbox, type Sender } from './outbox.ts'
import { parseClientMessage, type Parsed, type Received } from './validate.ts'
import { frame, type Framed, type FrameStream, type MediaFrame } from './wire.ts'

/** One socket, as rooms see it. */
export interface Connection {
  /** New for every socket, so that a late close cannot end a successor. */
  readonly id: ConnectionId
  readonly closed: boolean
  /** Control data: never dropped; a reader that is too slow is closed instead [SEC-4]. */
  send(framed: Framed): void
  /**
   * A picture, or another frame that may be lost: sent now or, where the reader is behind, never [SEC-4].
   * @param most bytes that may wait before it; as many as before a picture unless said
   */
  sendMedia(framed: MediaFrame, most?: number): 'sent' | 'dropped'
  /** Whether a picture that came now would be sent. @param at now, as pictures count it */
  takesMedia(at: number): boolean
  close(reason: CloseReason): void
}

/** What a connection tells its owner. `hello` comes at most once, before any message. */
export interface ConnectionListener {
  hello(message: ClientMessageOf<'hello'>): void
  message(received: Received): void
  /** A binary frame. @returns whether it was one that the session may send */
  media(bytes: Uint8Array): boolean
  /** The socket is gone, or was told to go; comes once. */
  closed(by: 'client' | 'server'): void
}

/** What a connection needs of a `WebSocket` of `ws`. */
interface Socket {
  on(event: 'message', listener: (data: RawData, isBinary: boolean) => void): unknown
  on(event: 'pong', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'close', listener: (code: number) => void): unknown
  /** A close frame is about to be written, whoever closes. */
  on(event: 'closing', listener: () => void): unknown
  close(code: number, reason: string): void
  ping(): void
  terminate(): void
}

export interface Transport {
  readonly socket: Socket
  /** The stream below the socket, to which ready frames are written. */
  readonly stream: FrameStream
}

export interface ConnectionOptions extends Transport {
  readonly clock: Clock
  readonly rateLimits: boolean
  readonly log: { info(fields: object, text: string): void; warn(fields: object, text: string): void }
}

type Phase = 'greeting' | 'open' | 'closed'

/** Parses, bounds and keeps alive one socket; the only writer to it. */
export class SocketConnection implements Connection, Sender {
  readonly id = nanoid<ConnectionId>(10)
  readonly #options: ConnectionOptions
  readonly #listener: ConnectionListener
  readonly #bucket: Bucket
  readonly #outbox: Outbox
  #phase: Phase = 'greeting'
  #invalid = 0
  #heartbeat: Disposer

  constructor(options: ConnectionOptions, listener: ConnectionListener) {
    this.#options = options
    this.#listener = listener
    this.#bucket = new Bucket(options.clock)
    this.#heartbeat = options.clock.after(SERVER_PING_EVERY, () => this.#ping())
    const { socket } = options
    this.#outbox = new Outbox(options.stream, this)
    socket.on('message', (data, isBinary) => this.#received(data, isBinary))
    socket.on('pong', () => this.#alive())
    socket.on('error', (error) => options.log.info({ conn: this.id, err: error.message }, 'socket error'))
    socket.on('close', (code) => this.#ended(code))
    socket.on('closing', () => this.#outbox.end())
  }

  get closed(): boolean {
    return this.#phase === 'closed'
  }

  send(framed: Framed): void {
    if (this.#phase !== 'closed') this.#outbox.add(framed)
  }

  sendMedia(framed: MediaFrame, most?: number): 'sent' | 'dropped' {
    return this.#phase === 'closed' ? 'dropped' : this.#outbox.addMedia(framed, most)
  }

  takesMedia(at: number): boolean {
    return this.#phase !== 'closed' && this.#outbox.takesMedia(at)
  }

  overflowed(): void {
    this.close('too_slow')
  }

  close(reason: CloseReason): void {
    if (this.#phase === 'closed') return
    const { socket, clock, log } = this.#options
    this.#outbox.end()
    // What waited may have been too much, which closes as well.
    if (this.closed) return
    this.#end('server')
    log.info({ conn: this.id, code: CLOSES[reason], reason }, 'connection closed by the server')
    socket.close(CLOSES[reason], reason)
    // A peer that does not answer the close frame would keep the socket for half a minute.
    clock.after(CLOSE_WITHIN, () => socket.terminate())
  }

  /** Answers a message under its id, or says the fault where there is none. */
  refuse(id: MessageId | undefined, code: ReplyCode, message: string): void {
    this.send(
      frame(
        id === undefined ? { type: 'error', code, message } : { type: 'reply', id, ok: false, code, message },
      ),
    )
  }

  #received(data: RawData, isBinary: boolean): void {
    if (this.#phase === 'closed') return
    // `ws` hands a message over as one Buffer unless told otherwise.
    const bytes = data as Buffer
    if (isBinary) {
      if (this.#phase === 'greeting' || !this.#listener.media(bytes))
        this.#unknown(
          'Binary frames hold pictures of an active camera, or a photo between a camera and a host; this is neither.',
        )
      return
    }
    if (bytes.length > MAX_TEXT_FRAME) {
      this.close('too_big')
      return
    }
    this.#parsed(parseClientMessage(bytes.toString()))
  }

  #parsed(parsed: Parsed): void {
    if (this.#phase === 'greeting') {
      if (parsed.ok && parsed.message.type === 'hello') {
        this.#phase = 'open'
        this.#listener.hello(parsed.message)
      } else {
        this.close('invalid_message')
      }
      return
    }
    const exempt = parsed.ok && parsed.message.type === 'ping'
    if (this.#options.rateLimits && !exempt) {
      const taken = this.#bucket.take()
      if (taken !== 'taken') {
        if (taken === 'flood') this.close('too_many_messages')
        else this.refuse(idOf(parsed), 'rate_limited', 'Too many messages; send slower.')
        return
      }
    }
    if (parsed.ok) this.#listener.message(parsed)
    else if (parsed.kind === 'unknown') this.#unknown(parsed.reason)
    else this.refuse(parsed.id, 'invalid_message', parsed.reason)
  }

  #unknown(reason: string): void {
    if (this.#phase === 'greeting') {
      this.close('invalid_message')
      return
    }
    this.#invalid += 1
    this.refuse(undefined, 'invalid_message', reason)
    if (this.#invalid >= MAX_INVALID) this.close('invalid_message')
  }

  #ping(): void {
    this.#options.socket.ping()
    this.#heartbeat = this.#options.clock.after(SERVER_PONG_WITHIN, () => {
      this.#options.log.info({ conn: this.id }, 'no answer to a ping: connection dropped')
      this.#options.socket.terminate()
    })
  }

  #alive(): void {
    if (this.#phase === 'closed') return
    this.#heartbeat()
    this.#heartbeat = this.#options.clock.after(SERVER_PING_EVERY, () => this.#ping())
  }

  #ended(code: number): void {
    if (this.#phase === 'closed') return
    this.#options.log.info({ conn: this.id, code }, 'connection ended')
    this.#end('client')
  }

  #end(by: 'client' | 'server'): void {
    this.#phase = 'closed'
    this.#heartbeat()
    // Not at once: a room that is sending an event must reach everybody with it before it tells of this end.
    queueMicrotask(() => this.#listener.closed(by))
  }
}

function idOf(parsed: Parsed): MessageId | undefined {
  if (!parsed.ok) return parsed.kind === 'unsound' ? parsed.id : undefined
  return 'id' in parsed.message ? parsed.message.id : undefined
}
