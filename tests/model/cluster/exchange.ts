/** The inboxes of all instances as the shared store keeps them, and what gets lost on the way. */
import { BusUnavailable, type Bus, type Listener } from '../../../server/bus/bus.ts'
import type { InstanceId } from '../../../server/protocol/ids.ts'
import type { World } from '../world.ts'
import type { Process } from './process.ts'
import type { Reach } from './reach.ts'

/** How messages travel. */
export interface Post {
  /** Counted as received, and lost all the same. */
  readonly lost: number
  readonly doubled: number
}

interface Inbox {
  readonly take: (text: string) => void
  /** Taken as open by the store, while nothing arrives any more. */
  isDeaf: boolean
}

/** Milliseconds that a message is under way, mostly … */
const DELAY = [2, 30] as const
/** … and now and then. */
const LATE = [50, 300] as const
const LATE_CHANCE = 0.1

export class Exchange {
  readonly #world: World
  readonly #post: () => Post
  readonly #inboxes = new Map<InstanceId, Inbox>()
  /** Messages that were sent, by whom they were for. */
  readonly sent = new Map<InstanceId, number>()

  constructor(world: World, post: () => Post) {
    this.#world = world
    this.#post = post
  }

  open(id: InstanceId, take: (text: string) => void): Inbox {
    const inbox: Inbox = { take, isDeaf: false }
    this.#inboxes.set(id, inbox)
    return inbox
  }

  shut(id: InstanceId, inbox: Inbox | undefined): void {
    if (this.#inboxes.get(id) === inbox) this.#inboxes.delete(id)
  }

  /** What the store does with a message, at its own time. @returns how many listened */
  publish(to: InstanceId, text: string): number {
    if (/[\r\n]/.test(text)) throw new Error('a message has more than one line')
    this.sent.set(to, (this.sent.get(to) ?? 0) + 1)
    const inbox = this.#inboxes.get(to)
    if (inbox === undefined) return 0
    const { random } = this.#world
    const { lost, doubled } = this.#post()
    if (random.chance(lost)) return 1
    for (let copies = random.chance(doubled) ? 2 : 1; copies > 0; copies -= 1) {
      const [least, most] = random.chance(LATE_CHANCE) ? LATE : DELAY
      this.#world.after(random.int(least, most), () => {
        if (this.#world.trace !== undefined)
          this.#world.say(to, `is sent ${text.replaceAll('\u001e', ' ').slice(0, 240)}`)
        if (this.#inboxes.get(to) === inbox && !inbox.isDeaf) inbox.take(text)
      })
    }
    return 1
  }
}

/** Pauses before an inbox is opened again, as long as backends may take. Milliseconds. */
const REOPEN = [20, 2_000] as const

/** The bus of one instance. */
export class ModelBus implements Bus {
  readonly #world: World
  readonly #exchange: Exchange
  readonly #process: Process
  readonly #reach: Reach
  #listening: { readonly id: InstanceId; readonly listener: Listener } | undefined
  #inbox: Inbox | undefined
  /** Nobody may open it before. */
  #shutUntil = 0
  #opening = 0

  constructor(world: World, exchange: Exchange, process: Process, reach: Reach) {
    this.#world = world
    this.#exchange = exchange
    this.#process = process
    this.#reach = reach
  }

  get isOpen(): boolean {
    return this.#inbox !== undefined && !this.#inbox.isDeaf
  }

  listen(id: InstanceId, listener: Listener): () => void {
    this.#listening = { id, listener }
    this.#world.after(this.#world.random.int(1, 30), () => this.#open())
    return () => this.#stop()
  }

  async send(to: InstanceId, text: string): Promise<number> {
    const received = await this.#reach.make('send', undefined, async () => this.#exchange.publish(to, text))
    if (received === undefined) throw new BusUnavailable('nobody answers')
    return received
  }

  async close(): Promise<void> {
    this.#stop()
  }

  /** The inbox is lost, and opened again when so much time has gone by. */
  cut(ms: number): void {
    const { id, listener } = this.#listening ?? {}
    this.#shutUntil = Math.max(this.#shutUntil, this.#world.now() + ms)
    if (id === undefined || this.#inbox === undefined) return
    this.#exchange.shut(id, this.#inbox)
    this.#inbox = undefined
    // The instance hears of it a moment later.
    const opening = (this.#opening += 1)
    this.#world.after(this.#world.random.int(0, 40), () => {
      this.#process.run(() => {
        if (opening === this.#opening) listener?.cut('the connection was lost')
      }, 'inbox')
      this.#reopen()
    })
  }

  /** It counts as listening and hears nothing, then is cut. */
  deafen(ms: number, cutForMs: number): void {
    const inbox = this.#inbox
    if (inbox === undefined) return
    inbox.isDeaf = true
    this.#world.after(ms, () => {
      if (this.#inbox === inbox) this.cut(cutForMs)
    })
  }

  /** The process is gone, and its connections with it. */
  die(): void {
    if (this.#listening !== undefined) this.#exchange.shut(this.#listening.id, this.#inbox)
    this.#inbox = undefined
    this.#listening = undefined
  }

  #reopen(): void {
    const wait = Math.max(0, this.#shutUntil - this.#world.now())
    this.#world.after(wait + this.#world.random.int(...REOPEN), () =>
      this.#process.run(() => this.#open(), 'inbox'),
    )
  }

  #open(): void {
    const { id, listener } = this.#listening ?? {}
    if (id === undefined || this.#inbox !== undefined || this.#process.isDead) return
    if (!this.#reach.isThere || this.#world.now() < this.#shutUntil) {
      this.#reopen()
      return
    }
    const opening = (this.#opening += 1)
    this.#inbox = this.#exchange.open(id, (text) => this.#process.run(() => listener?.deliver(text), 'inbox'))
    // That it is open is heard a moment later, and messages may come before.
    this.#world.after(this.#world.random.int(0, 5), () =>
      this.#process.run(() => {
        if (opening === this.#opening && this.#inbox !== undefined) listener?.opened()
      }, 'inbox'),
    )
  }

  #stop(): void {
    this.die()
  }
}
