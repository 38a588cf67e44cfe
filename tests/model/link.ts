/** One TCP connection with a WebSocket on it: the server's end as `ws` shows it, the client's as a page does. */
import { EventEmitter } from 'node:events'
import type { Transport } from '../../server/realtime/connection.ts'
import type { ServerMessage } from '../../server/protocol/messages.ts'
import { controlFrame, FrameReader } from './frames.ts'
import type { World } from './world.ts'

/** What a client hears of its own end. */
export interface LinkListener {
  message(message: ServerMessage): void
  /** 1006: without a close frame. */
  closed(code: number): void
  /** Hears the server's first message when it is written, before what this connection sent reaches anybody. */
  greeted?(message: ServerMessage): void
}

/** What a connection is made to. */
export interface Entrance {
  readonly name: string
  /** Lets something happen in the server's process: at once where that runs, later or never where it does not. */
  run(task: () => void): void
  accept(link: Link): boolean
}

/**
 * How a client goes away. `end`: all it sent arrives first. `reset`: what is under way may be lost.
 * `silence`: that too, and the server is not told.
 */
export type Drop = 'end' | 'reset' | 'silence'

const ABNORMAL = 1006
const CLOSED_BY_PAGE = 1001

/** Milliseconds that a chunk is under way, mostly … */
const DELAY = { least: 2, most: 25 }
/** … and now and then. */
const LATE = { least: 50, most: 300, chance: 0.04 }
const CUT_IN_TWO = 0.2

export class Link {
  readonly transport: Transport
  /** When the first message of the server was written: its welcome, unless it sent the client on. */
  spokeAt: number | undefined
  /** When the server took the connection for ended. */
  endedAt: number | undefined
  /** When the client lost or left it. */
  lostAt: number | undefined
  /** The close code the server gave, if it did. */
  closedWith: number | undefined
  /** Where it leads; nothing where nobody was to be reached. */
  entrance: Entrance | undefined
  readonly #world: World
  readonly #listener: LinkListener
  readonly #socket = new EventEmitter()
  readonly #reader = new FrameReader()
  #held: Buffer[] = []
  #heldBytes = 0
  #server: 'none' | 'open' | 'closing' | 'gone' = 'none'
  #clientIsThere = true
  /** Nothing sent by the client arrives after this. */
  #upUntil = Infinity
  #lastUp = 0
  #lastDown = 0
  readonly calm: () => boolean

  constructor(world: World, calm: () => boolean, listener: LinkListener) {
    this.#world = world
    this.#listener = listener
    this.calm = calm
    this.transport = { socket: this.#serverSocket(), stream: this.#serverStream() }
  }

  /** Whether the server holds this connection for one that lives. */
  get isLive(): boolean {
    return this.#server === 'open'
  }

  /** Whether the client still has its end. */
  get isHeld(): boolean {
    return this.#clientIsThere
  }

  /** The upgrade reaches the server, which takes it or not. */
  connect(entrance: Entrance | undefined): void {
    this.entrance = entrance
    this.#up(() => {
      this.#server = 'open'
      if (entrance?.accept(this) === true) return
      this.#server = 'gone'
      this.#toClient(() => this.#lost())
    })
  }

  send(text: string): void {
    if (!this.#clientIsThere) return
    this.#up(() => {
      if (this.#server === 'open' || this.#server === 'closing')
        this.#socket.emit('message', Buffer.from(text), false)
    })
  }

  drop(how: Drop): void {
    if (!this.#clientIsThere) return
    this.#clientIsThere = false
    this.lostAt = this.#world.now()
    const { random } = this.#world
    if (how === 'end') {
      this.#up(() => this.#gone(CLOSED_BY_PAGE))
      return
    }
    const cut = random.int(0, 40)
    this.#upUntil = this.#world.now() + cut
    if (how === 'reset')
      this.#world.after(cut + (random.chance(0.3) ? random.int(200, 3_000) : 1), () =>
        this.#inServer(() => this.#gone(ABNORMAL)),
      )
  }

  /** The server's process is gone, and its machine says so or not. */
  kill(isHeard: boolean): void {
    if (this.#server === 'gone') return
    this.#server = 'gone'
    this.endedAt ??= this.#world.now()
    this.#release()
    if (isHeard) this.#toClient(() => this.#lost())
  }

  #delay(): number {
    const { random } = this.#world
    const range = !this.calm() && random.chance(LATE.chance) ? LATE : DELAY
    return random.int(range.least, range.most)
  }

  #up(arrive: () => void): void {
    this.#lastUp = Math.max(this.#lastUp, this.#world.now() + this.#delay())
    this.#world.after(this.#lastUp - this.#world.now(), () => {
      if (this.#world.now() > this.#upUntil) return
      this.#inServer(() => {
        if (this.#server !== 'gone') arrive()
      })
    })
  }

  #inServer(task: () => void): void {
    if (this.entrance === undefined) task()
    else this.entrance.run(task)
  }

  #toClient(arrive: () => void): void {
    this.#lastDown = Math.max(this.#lastDown, this.#world.now() + this.#delay())
    this.#world.after(this.#lastDown - this.#world.now(), () => {
      if (this.#clientIsThere) arrive()
    })
  }

  /** The server's socket is closed, by whomever. */
  #gone(code: number): void {
    if (this.#server === 'gone') return
    this.#server = 'gone'
    this.endedAt ??= this.#world.now()
    this.#release()
    this.#socket.emit('close', code)
  }

  #lost(code = ABNORMAL): void {
    this.#clientIsThere = false
    this.lostAt = this.#world.now()
    this.#listener.closed(code)
  }

  #serverSocket(): Transport['socket'] {
    const emitter = this.#socket
    return {
      on: (event: string, listener: Parameters<typeof emitter.on>[1]) => emitter.on(event, listener),
      close: (code) => {
        if (this.#server !== 'open') return
        this.#server = 'closing'
        this.endedAt = this.#world.now()
        this.closedWith = code
        this.#write(controlFrame('close', code))
      },
      ping: () => {
        if (this.#server === 'open') this.#write(controlFrame('ping'))
      },
      terminate: () => {
        if (this.#server === 'gone') return
        // As `destroy` does it: what was not sent is lost, and the event comes a moment later.
        this.#held = []
        this.endedAt ??= this.#world.now()
        this.#toClient(() => this.#lost())
        this.#world.after(0, () => this.#inServer(() => this.#gone(ABNORMAL)))
      },
    }
  }

  #serverStream(): Transport['stream'] {
    const isGone = (): boolean => this.#server === 'gone'
    const waiting = (): number => this.#heldBytes
    return {
      get writable() {
        return !isGone()
      },
      cork: () => undefined,
      uncork: () => undefined,
      get writableLength() {
        return waiting()
      },
      write: (bytes: Buffer) => {
        if (this.spokeAt === undefined) this.#greeted(bytes)
        this.#write(bytes)
        return true
      },
    }
  }

  #greeted(bytes: Buffer): void {
    this.spokeAt = this.#world.now()
    const [first] = new FrameReader().read(bytes)
    if (first?.kind === 'text') this.#listener.greeted?.(JSON.parse(first.text) as ServerMessage)
  }

  #write(bytes: Buffer): void {
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    this.#flush()
  }

  #release(): void {
    this.#held = []
    this.#heldBytes = 0
  }

  /** What was written in one tick travels together, in one piece or in two. */
  #flush(): void {
    const bytes = Buffer.concat(this.#held)
    this.#release()
    if (bytes.length === 0) return
    const { random } = this.#world
    const cut = random.chance(CUT_IN_TWO) ? random.int(1, bytes.length) : bytes.length
    for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      if (part.length > 0) this.#toClient(() => this.#read(part))
    }
  }

  #read(chunk: Buffer): void {
    for (const frame of this.#reader.read(chunk)) {
      if (!this.#clientIsThere) return
      if (frame.kind === 'text') this.#listener.message(JSON.parse(frame.text) as ServerMessage)
      else if (frame.kind === 'ping') this.#up(() => this.#socket.emit('pong', Buffer.alloc(0)))
      else {
        this.#up(() => this.#gone(frame.code))
        this.#lost(frame.code)
      }
    }
  }
}
