import { WebSocket, type ClientOptions } from 'ws'
import { SUBPROTOCOL } from '../../server/protocol/limits.ts'
import type {
  ClientMessage,
  ServerMessage,
  ServerMessageOf,
  ServerMessageType,
} from '../../server/protocol/messages.ts'

/** How long a test waits for what must come before it says what came instead, unless it says otherwise. Milliseconds. */
const PATIENCE = 3_000

export interface Closed {
  readonly code: number
  readonly reason: string
}

/** A socket of a test: keeps what came, in order, and waits for what is to come. */
export class TestClient {
  readonly socket: WebSocket
  /** Everything received, oldest first. */
  readonly received: ServerMessage[] = []
  /** Binary frames, oldest first. */
  readonly binary: Buffer[] = []
  readonly closed: Promise<Closed>
  /** How long it waits for what must come. Milliseconds. */
  patience = PATIENCE
  #unread = 0
  #ended: Closed | undefined
  #wakers = new Set<() => void>()
  #nextId = 0

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.binary.push(data)
      else this.received.push(JSON.parse(data.toString()) as ServerMessage)
      this.#wake()
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#ended = { code, reason: reason.toString() }
        resolve(this.#ended)
        this.#wake()
      })
    })
    socket.on('error', () => this.#wake())
  }

  send(message: ClientMessage | Record<string, unknown>): void {
    this.socket.send(JSON.stringify(message))
  }

  /** Sends what is no sound message. */
  raw(data: string | Buffer): void {
    this.socket.send(data)
  }

  /** The next unread message of this type; those before it count as read. */
  async next<T extends ServerMessageType>(
    type: T,
    matching: (message: ServerMessageOf<T>) => boolean = () => true,
  ): Promise<ServerMessageOf<T>> {
    const deadline = performance.now() + this.patience
    for (;;) {
      while (this.#unread < this.received.length) {
        const message = this.received[this.#unread]
        this.#unread += 1
        if (message?.type === type && matching(message as ServerMessageOf<T>))
          return message as ServerMessageOf<T>
      }
      if (this.#ended !== undefined)
        throw new Error(`closed with ${this.#ended.code} while waiting for ${type}`)
      await this.#change(deadline, type)
    }
  }

  /** Resolves when so many binary frames have come in all. */
  async pictures(count: number): Promise<readonly Buffer[]> {
    const deadline = performance.now() + this.patience
    while (this.binary.length < count) {
      if (this.#ended !== undefined)
        throw new Error(`closed with ${this.#ended.code} after ${this.binary.length} pictures`)
      await this.#change(deadline, `picture ${count} (${this.binary.length} came)`)
    }
    return this.binary
  }

  /** Sends a message under an id of its own and gives the reply. */
  async ask(message: Record<string, unknown>): Promise<ServerMessageOf<'reply'>> {
    this.#nextId += 1
    const id = `t${this.#nextId}`
    this.send({ ...message, id })
    return this.next('reply', (reply) => reply.id === id)
  }

  /** What came up to the answer of a ping sent now: everything the server had sent before, and no sleep. */
  async settled(): Promise<ServerMessage[]> {
    this.#nextId += 1
    const t = `settled-${this.#nextId}`
    this.send({ type: 'ping', t })
    await this.next('pong', (pong) => pong.t === t)
    return this.received
  }

  of<T extends ServerMessageType>(type: T): ServerMessageOf<T>[] {
    return this.received.filter((message): message is ServerMessageOf<T> => message.type === type)
  }

  /** Ends the connection without a close frame, like a phone that loses its network. */
  drop(): void {
    this.socket.terminate()
  }

  #wake(): void {
    for (const waker of this.#wakers) waker()
  }

  #change(deadline: number, waitingFor: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          this.#wakers.delete(wake)
          const types = this.received.map(({ type }) => type).join(', ')
          reject(
            new Error(
              `no ${waitingFor} in ${this.patience} ms; received: ${types === '' ? 'nothing' : types}`,
            ),
          )
        },
        Math.max(0, deadline - performance.now()),
      )
      const wake = () => {
        clearTimeout(timer)
        this.#wakers.delete(wake)
        resolve()
      }
      this.#wakers.add(wake)
    })
  }
}

export interface ConnectOptions {
  readonly protocols?: readonly string[]
  readonly origin?: string
  readonly headers?: Record<string, string>
  /** Another path than that of the socket. */
  readonly path?: string
  /** What a client may do otherwise: answer no pings, offer compression. */
  readonly socket?: Pick<ClientOptions, 'autoPong' | 'perMessageDeflate'>
}

/** The answer to a refused upgrade. */
export class Refused extends Error {
  override name = 'Refused'
  readonly status: number
  readonly body: string
  readonly headers: Record<string, string | string[] | undefined>
  constructor(status: number, body: string, headers: Record<string, string | string[] | undefined>) {
    super(`upgrade refused with ${status}: ${body}`)
    this.status = status
    this.body = body
    this.headers = headers
  }
}

/** Opens a socket; rejects with `Refused` where the server answers otherwise. */
export async function connect(base: string, options: ConnectOptions = {}): Promise<TestClient> {
  const socket = new WebSocket(
    `${base.replace(/^http/, 'ws')}${options.path ?? '/ws'}`,
    [...(options.protocols ?? [SUBPROTOCOL])],
    {
      ...options.socket,
      ...(options.origin === undefined ? {} : { origin: options.origin }),
      ...(options.headers === undefined ? {} : { headers: options.headers }),
    },
  )
  const client = new TestClient(socket)
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
    socket.once('unexpected-response', (_request, response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString()))
      response.on('end', () => reject(new Refused(response.statusCode ?? 0, body, response.headers)))
    })
  })
  return client
}

/** Opens a socket and says hello; resolves after the welcome. */
export async function join(
  base: string,
  token: string,
  hello: { attempt?: number; resume?: string } = {},
): Promise<{ client: TestClient; welcome: ServerMessageOf<'welcome'> }> {
  const client = await connect(base)
  client.send({ type: 'hello', token, ...hello })
  return { client, welcome: await client.next('welcome') }
}
