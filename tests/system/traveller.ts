/** A client as a page is one: it comes back by itself, resumes, and keeps what it was told. */
import { WebSocket } from 'ws'
import { SUBPROTOCOL } from '../../server/protocol/limits.ts'
import type { ServerMessage, ServerMessageOf } from '../../server/protocol/messages.ts'
import type { Member, StoreState } from '../../server/protocol/models.ts'

/** What a member sends in chatter: its name for the sender is the id of the event. */
export interface Said {
  readonly n: number
  /** Whether it was answered `ok`; a refusal is told apart from what was never answered. */
  outcome: 'open' | 'ok' | 'refused'
  /** Milliseconds of the process's clock. */
  readonly at: number
  /** Which chain of resumed connections sent it. */
  readonly chain: number
}

/** What was heard along one chain of resumed connections. */
export interface Chain {
  /** When its first welcome came. */
  readonly since: number
  readonly heard: { readonly from: string; readonly n: number }[]
}

/** After these a page does not come back by itself. */
const FINAL = new Set([1000, 4400, 4401, 4403, 4404, 4409])
/** A connection attempt that takes longer is given up. Milliseconds. */
const CONNECT_WITHIN = 4_000
const RETRY_AFTER = 100

export interface TravellerOptions {
  readonly id: string
  readonly token: string
  /** Where to connect next; nothing: nowhere for now. */
  readonly next: () => string | undefined
}

export class Traveller {
  readonly id: string
  readonly token: string
  /** Newest last. */
  readonly chains: Chain[] = []
  readonly said: Said[] = []
  readonly members = new Map<string, Member>()
  readonly closes: number[] = []
  /** Events besides chatter. */
  readonly events: ServerMessage[] = []
  welcome: ServerMessageOf<'welcome'> | undefined
  store: StoreState | undefined
  resumes = 0
  attempt = 0
  at: string | undefined
  url: string | undefined
  readonly #next: () => string | undefined
  #socket: WebSocket | undefined
  #isLive = false
  #isOver = false
  #timer: NodeJS.Timeout | undefined
  #pings = 0
  readonly #waiting = new Map<
    string,
    (message: ServerMessageOf<'reply'> | ServerMessageOf<'pong'> | undefined) => void
  >()

  constructor(options: TravellerOptions) {
    this.id = options.id
    this.token = options.token
    this.#next = options.next
  }

  /** Welcomed, and not closed since. */
  get isLive(): boolean {
    return this.#isLive
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get chain(): Chain | undefined {
    return this.chains.at(-1)
  }

  /** Sets out; comes back from then on. */
  travel(): void {
    this.#connect()
  }

  /** Ends the connection as a lost network does. */
  drop(): void {
    this.#socket?.terminate()
  }

  /** Ends for good, without a word. */
  end(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#socket?.terminate()
  }

  leave(): void {
    this.#send({ type: 'leave' })
  }

  /** Says the next number to the whole room. @returns the reply; nothing where the connection was lost before */
  async say(to?: string): Promise<ServerMessageOf<'reply'> | undefined> {
    const said: Said = {
      n: this.said.length + 1,
      outcome: 'open',
      at: performance.now(),
      chain: this.chains.length,
    }
    this.said.push(said)
    const reply = await this.ask(
      { type: 'message', data: { n: said.n }, ...(to === undefined ? {} : { to }) },
      `m${said.n}`,
    )
    if (reply !== undefined) said.outcome = reply.ok ? 'ok' : 'refused'
    return reply
  }

  async ask(
    message: Record<string, unknown>,
    id = `a${(this.#pings += 1)}`,
  ): Promise<ServerMessageOf<'reply'> | undefined> {
    const answer = await this.#answer(id, { ...message, id })
    return answer?.type === 'reply' ? answer : undefined
  }

  /** What the server had sent before has come when this resolves. @returns false where the connection was lost */
  async settled(): Promise<boolean> {
    const t = `p${(this.#pings += 1)}`
    return (await this.#answer(t, { type: 'ping', t })) !== undefined
  }

  #answer(
    key: string,
    message: object,
  ): Promise<ServerMessageOf<'reply'> | ServerMessageOf<'pong'> | undefined> {
    if (!this.#isLive) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      this.#waiting.set(key, resolve)
      this.#send(message)
    })
  }

  #send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #later(ms: number): void {
    if (this.#isOver) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#connect(), ms)
  }

  #connect(): void {
    const url = this.#next()
    if (url === undefined) {
      this.#later(RETRY_AFTER)
      return
    }
    this.url = url
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws`, [SUBPROTOCOL], {
      handshakeTimeout: CONNECT_WITHIN,
    })
    this.#socket = socket
    let backIn = RETRY_AFTER
    // A paused server takes the connection and says nothing.
    const late = setTimeout(() => socket.terminate(), CONNECT_WITHIN)
    socket.on('open', () => {
      this.attempt += 1
      const { token, attempt, at } = this
      socket.send(
        JSON.stringify({ type: 'hello', token, attempt, ...(at === undefined ? {} : { resume: at }) }),
      )
    })
    socket.on('message', (data: Buffer) => {
      if (this.#socket !== socket) return
      const message = JSON.parse(data.toString()) as ServerMessage
      if (message.type === 'welcome') clearTimeout(late)
      if (message.type === 'going-away') backIn = message.reconnectInMs
      this.#take(message)
    })
    // The close that follows says all there is to be said.
    socket.on('error', () => undefined)
    socket.on('close', (code) => {
      clearTimeout(late)
      if (this.#socket !== socket) return
      this.#isLive = false
      this.closes.push(code)
      for (const resolve of this.#waiting.values()) resolve(undefined)
      this.#waiting.clear()
      if (FINAL.has(code)) this.#isOver = true
      else this.#later(backIn)
    })
  }

  #take(message: ServerMessage): void {
    // Any place it saw will do, that of an answer too.
    if ('at' in message) this.at = message.at
    switch (message.type) {
      case 'welcome':
        this.welcome = message
        this.store = message.store
        this.#isLive = true
        if (message.resumed) this.resumes += 1
        else this.chains.push({ since: performance.now(), heard: [] })
        this.members.clear()
        for (const member of message.members) this.members.set(member.id, member)
        return
      case 'member-joined':
      case 'member-updated':
        this.members.set(message.member.id, message.member)
        break
      case 'member-left':
        this.members.delete(message.memberId)
        break
      case 'message': {
        const { n } = message.data as { n?: unknown }
        if (typeof n === 'number') {
          this.chain?.heard.push({ from: message.from, n })
          return
        }
        break
      }
      case 'service':
        this.store = message.store
        break
      case 'reply':
        this.#answered(String(message.id), message)
        return
      case 'pong':
        this.#answered(String(message.t), message)
        return
      default:
        break
    }
    this.events.push(message)
  }

  #answered(key: string, message: ServerMessageOf<'reply'> | ServerMessageOf<'pong'>): void {
    this.#waiting.get(key)?.(message)
    this.#waiting.delete(key)
  }
}
