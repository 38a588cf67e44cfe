/**
 * What a client has sent and not seen answered.
 *
 * Requests are sent once: one that is still unanswered when the socket drops is rejected with `lost`, for it may
 * have been accepted. Signals are sent again after the next welcome (peer.ts numbers them, so that a double does
 * no harm). Whatever is handed in while the client is not active waits, in order, up to a bound.
 */
import type { CursorText } from '../../server/protocol/ids.ts'
import type { ClientMessage, ServerMessageOf } from '../../server/protocol/messages.ts'
import type { ReplyCode } from '../../server/protocol/problems.ts'

type Answerable = Exclude<ClientMessage, { type: 'hello' | 'ping' | 'leave' }>
type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never
/** A client message without its `id`, which the outbox gives. */
export type Outgoing = WithoutId<Answerable>

/** `timeout`: no answer in time; `lost`: the socket dropped first; `full`: too much waits; `closed`: it is over. */
export type RequestErrorCode = ReplyCode | 'timeout' | 'lost' | 'full' | 'closed'

export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly code: RequestErrorCode

  constructor(code: RequestErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** Data of an accepted request and the cursor behind it. */
export interface Accepted {
  readonly at: CursorText
  readonly data?: unknown
}

interface Entry {
  readonly id: number
  readonly text: string
  readonly again: boolean
  sent: boolean
  settle(result: Accepted | RequestError): void
}

const MAX_ENTRIES = 256
const MAX_CHARACTERS = 256 * 1024

export interface Outbox {
  /** Resolves when the server accepted the message; rejects with `RequestError`. */
  send(message: Outgoing, options: { again: boolean; timeoutMs: number }): Promise<Accepted>
  /** The client is active: what waited goes out in order. */
  opened(): void
  /** The socket is gone. */
  dropped(): void
  reply(message: ServerMessageOf<'reply'>): void
  /** Rejects everything with `closed`; later messages too, until `reopen`. */
  close(): void
  reopen(): void
}

export const createOutbox = (write: (text: string) => void): Outbox => {
  const entries = new Map<number, Entry>()
  let lastId = 0
  let characters = 0
  let active = false
  let closed = false

  const finish = (entry: Entry, result: Accepted | RequestError) => {
    if (!entries.delete(entry.id)) return
    characters -= entry.text.length
    entry.settle(result)
  }

  return {
    send(message, { again, timeoutMs }) {
      if (closed) return Promise.reject(new RequestError('closed', 'The connection is closed'))
      lastId += 1
      const id = lastId
      const text = JSON.stringify({ ...message, id })
      if (entries.size >= MAX_ENTRIES || characters + text.length > MAX_CHARACTERS) {
        return Promise.reject(new RequestError('full', 'Too much waits to be sent'))
      }
      return new Promise<Accepted>((resolve, reject) => {
        const timer = setTimeout(
          () => finish(entry, new RequestError('timeout', 'The server did not answer in time')),
          timeoutMs,
        )
        const entry: Entry = {
          id,
          text,
          again,
          sent: active,
          settle(result) {
            clearTimeout(timer)
            if (result instanceof RequestError) reject(result)
            else resolve(result)
          },
        }
        entries.set(id, entry)
        characters += text.length
        if (active) write(text)
      })
    },
    opened() {
      active = true
      for (const entry of [...entries.values()]) {
        if (entry.sent) continue
        entry.sent = true
        write(entry.text)
      }
    },
    dropped() {
      active = false
      for (const entry of [...entries.values()]) {
        if (!entry.sent) continue
        if (entry.again) entry.sent = false
        else finish(entry, new RequestError('lost', 'The connection dropped before the answer came'))
      }
    },
    reply(message) {
      const entry = typeof message.id === 'number' ? entries.get(message.id) : undefined
      if (!entry) return
      if (message.ok) finish(entry, { at: message.at, ...('data' in message ? { data: message.data } : {}) })
      else finish(entry, new RequestError(message.code, message.message))
    },
    close() {
      active = false
      closed = true
      for (const entry of [...entries.values()]) {
        finish(entry, new RequestError('closed', 'The connection is closed'))
      }
    },
    reopen() {
      closed = false
    },
  }
}
