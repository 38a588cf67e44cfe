/** One device as a careful client is: it counts its connects, keeps its last place, and follows close codes. */
import { CLOSES, isFinalClose } from '../../server/protocol/closes.ts'
import type { ClientMessage, ServerMessage, ServerMessageOf } from '../../server/protocol/messages.ts'
import type { Role } from '../../server/protocol/models.ts'
import { Chain } from './chain.ts'
import type { Back } from './continuity.ts'
import { Knowledge } from './knowledge.ts'
import type { Kind, Ledger, Mark, Sending, Sent } from './ledger.ts'
import { Link, type Drop, type Entrance } from './link.ts'
import type { World } from './world.ts'

export interface Seat {
  readonly name: string
  readonly id: string
  readonly token: string
  readonly role: Role
  /** Shown by a device that waits for approval. */
  readonly check?: string
}

/** What a client lives in. */
export interface Surroundings {
  readonly world: World
  readonly ledger: Ledger
  readonly calm: () => boolean
  /** Whom a new connection leads to. */
  readonly reach: () => Entrance | undefined
  /** @returns what is wrong with the answer to a resume, if something is */
  readonly wrongResume: (resumed: boolean, back: Back) => string | undefined
  /** With several instances an earlier event may come again after `resumed: false` [ROOM-3]. */
  readonly mayRepeat: boolean
  /** Nothing that was answered before this need reach who came in by a link at a time. */
  readonly notBefore: (link: Link | undefined, at: number) => number
  /** Whether what a server said last may have been said without the store. */
  readonly isAlone: (entrance: Entrance | undefined) => boolean
  /** Whether a server ended without the store. */
  readonly endedAlone: (entrance: Entrance | undefined) => boolean
  /** Hears what the server says. */
  readonly heard?: (client: Client, message: ServerMessage) => void
}

/** Milliseconds. */
const RETRY = { least: 50, most: 1_500 }
/** Another instance than that of the host seats who waits there when word of the approval has come [ROOM-1]. */
const SEATED_WITHIN = 1_000

interface Waiting {
  readonly sent: Sent | undefined
  readonly type: ClientMessage['type']
  readonly at: number
  readonly answered: ((ok: boolean, code: string | undefined) => void) | undefined
}

export class Client {
  readonly name: string
  readonly id: string
  readonly token: string
  readonly role: Role
  readonly check: string | undefined
  readonly links: Link[] = []
  /** Whether it wants to be in the room now. */
  isIn = false
  /** The server sent it away for good, or its person signed out. */
  isOver = false
  /** Its session was made without the store, and is known to one instance alone until that has written it back [STORE-4]. */
  isKnownToOne = false
  /** It was sent away as nobody known, while that was so. */
  isUnknown = false
  /** Close codes that end it and that somebody has asked for. */
  readonly mayEndWith = new Set<number>()
  phase: 'out' | 'opening' | 'pending' | 'active' = 'out'
  /** When a host first said that this device is to be let in, and when that was answered with `ok`. */
  approval: { readonly asked: number; done: number | undefined } | undefined
  readonly knows = new Knowledge()
  /** When a `resumed: true` or `false` came, for the figures of a run. */
  resumed = { yes: 0, no: 0 }
  /** When it said hello last, and when it heard of the server. */
  helloAt = 0
  heardAt = 0
  /** Since when it is a member on its connection. */
  activeAt = 0
  readonly #around: Surroundings
  #attempt = 0
  #at: string | undefined
  /** On which link that was seen. */
  #atLink = 0
  #seenAt = 0
  /** Whether it is of the time when it waited for approval. */
  #atWaiting = false
  #resume: string | undefined
  #link: Link | undefined
  /** The first link of the chain. */
  #chainFrom = 0
  #chain: Chain | undefined
  /** How many chains of connections it has begun. */
  #chains = 0
  /** Chains of what it sends: how many there were, those too whose `welcome` was lost on its way … */
  #sendings = 0
  /** … the one that its last `welcome` was of, and that of its connection. */
  #welcomedAs = 0
  #sending: Sending = { chain: 0 }
  #nextId = 0
  #lastState = 0
  readonly #waiting = new Map<number, Waiting>()

  constructor(around: Surroundings, { name, id, token, role, check }: Seat) {
    this.#around = around
    this.name = name
    this.id = id
    this.token = token
    this.role = role
    this.check = check
  }

  /** Whether a message can be sent. */
  get isOpen(): boolean {
    return this.#link?.isHeld === true
  }

  /** Whether somebody has asked for the end of its session, which it may not have heard yet. */
  get isSentAway(): boolean {
    return this.mayEndWith.has(CLOSES.session_invalid) || this.mayEndWith.has(CLOSES.kicked)
  }

  /** Messages without an answer since before the given time. */
  unanswered(before: number): string[] {
    return [...this.#waiting.values()].filter(({ at }) => at < before).map(({ type }) => type)
  }

  connect(): void {
    if (this.isOver) return
    const { world, calm, reach, mayRepeat } = this.#around
    this.#abandon('reset')
    this.isIn = true
    this.phase = 'opening'
    this.#attempt += 1
    this.#resume = this.#at
    this.helloAt = world.now()
    const sending: Sending = { chain: this.#welcomedAs }
    this.#sending = sending
    const link = new Link(world, calm, {
      greeted: (message) => {
        if (!mayRepeat || message.type !== 'welcome' || message.resumed) return
        this.#sendings += 1
        sending.chain = this.#sendings
      },
      message: (message) => {
        if (this.#link === link) this.#received(message)
      },
      closed: (code) => {
        if (this.#link === link) this.#closed(code)
      },
    })
    this.#link = link
    this.links.push(link)
    const entrance = reach()
    const where = entrance?.name ?? 'nowhere'
    world.say(this.name, `connects to ${where}, attempt ${this.#attempt}, resume ${this.#resume ?? '-'}`)
    link.connect(entrance)
    const resume = this.#resume === undefined ? {} : { resume: this.#resume }
    this.#write({ type: 'hello', token: this.token, attempt: this.#attempt, ...resume })
  }

  drop(how: Drop): void {
    this.#around.world.say(this.name, `drops (${how})`)
    this.#abandon(how)
    this.phase = 'out'
  }

  leave(): void {
    this.isIn = false
    this.#around.world.say(this.name, 'leaves')
    this.#write({ type: 'leave' })
  }

  /** Stays away without a word. */
  vanish(how: Drop): void {
    this.isIn = false
    this.drop(how)
  }

  /** Sends an event for the ledger. */
  tell(kind: 'message' | 'signal' | 'command', to: string | undefined, pad = 0): void {
    const { sent, data } = this.#mark(kind, to, pad)
    const id = this.#ask(kind, sent)
    if (kind === 'command')
      this.#write({ type: kind, id, to: to ?? '', name: 'model', args: data } as ClientMessage)
    else this.#write({ type: kind, id, ...(to === undefined ? {} : { to }), data } as ClientMessage)
  }

  setState(state: Record<string, unknown>): void {
    // Until the last one is answered nobody knows: the answer may be lost with the connection.
    this.knows.ownState = undefined
    const id = this.#ask('state', undefined, (ok) => {
      if (ok && id === this.#lastState) this.knows.changed(this.id, state)
    })
    this.#lastState = id
    this.#write({ type: 'state', id, state })
  }

  /** Decides a pairing; without a check it is denied. */
  decide(
    pairing: string,
    check: string | undefined,
    answered: (ok: boolean, code: string | undefined) => void,
  ): void {
    const type = check === undefined ? 'deny' : 'approve'
    const id = this.#ask(type, undefined, answered)
    this.#write({ type, id, pairing, ...(check === undefined ? {} : { check }) } as ClientMessage)
  }

  ping(): void {
    this.#write({ type: 'ping' })
  }

  /** What came so far is complete; @param settled see `Chain.complete` */
  checkComplete(settled?: number): void {
    this.#chain?.complete(settled)
  }

  #mark(kind: Kind, to: string | undefined, pad: number): { sent: Sent; data: Mark } {
    const sent = this.#around.ledger.send(this.id, kind, to, pad, this.#sending)
    this.#around.world.say(this.name, `sends ${kind} #${sent.n} to ${to ?? 'all'}`)
    return { sent, data: { n: sent.n, ...(pad > 0 ? { pad: 'x'.repeat(pad) } : {}) } }
  }

  #ask(type: ClientMessage['type'], sent?: Sent, answered?: Waiting['answered']): number {
    this.#nextId += 1
    this.#waiting.set(this.#nextId, { type, sent, answered, at: this.#around.world.now() })
    return this.#nextId
  }

  #write(message: ClientMessage): void {
    this.#link?.send(JSON.stringify(message))
  }

  #abandon(how: Drop): void {
    this.#link?.drop(how)
    this.#link = undefined
    this.#waiting.clear()
  }

  #broken(rule: string, what: string): void {
    this.#around.ledger.violated(rule, this.name, what)
  }

  #received(message: ServerMessage): void {
    const { world, heard } = this.#around
    this.heardAt = world.now()
    heard?.(this, message)
    if (world.trace !== undefined) world.say(this.name, `got ${JSON.stringify(message).slice(0, 150)}`)
    if (this.phase === 'opening') {
      if (message.type === 'welcome') this.#welcomed(message)
      else if (message.type !== 'going-away') this.#broken('RES-1', `got ${message.type} before its welcome`)
    } else if (this.phase === 'pending') {
      if (message.type === 'approved') this.#approved(message)
      else if (!['reply', 'error', 'pong', 'going-away', 'service'].includes(message.type)) {
        this.#broken('PAIR-5', `got ${message.type} before it was let in`)
      }
    } else {
      this.#heard(message)
    }
    if (message.type === 'reply') this.#answered(message)
    if ('at' in message) {
      // The place of a welcome that resumes is the client's own.
      if (message.type !== 'welcome' || !message.resumed) this.#atWaiting = this.phase === 'pending'
      this.#at = message.at
      this.#atLink = this.links.length - 1
      this.#seenAt = world.now()
    }
  }

  #welcomed(welcome: ServerMessageOf<'welcome'>): void {
    const { world } = this.#around
    this.#welcomedAs = this.#sending.chain
    if (welcome.self.id !== this.id || welcome.self.role !== this.role)
      this.#broken('RES-1', 'was welcomed as somebody else')
    if (welcome.self.status === 'pending') {
      this.phase = 'pending'
      if (welcome.members.length > 0) this.#broken('PAIR-5', 'saw members before it was let in')
      return
    }
    this.phase = 'active'
    this.activeAt = this.#around.world.now()
    this.knows.told(welcome.room, welcome.members)
    // One that moves faster than word of it may find that its state has not come along, and sees that here.
    if (this.#around.mayRepeat && this.knows.ownState !== undefined) this.knows.ownState = welcome.self.state
    if (!welcome.members.some(({ id, connected }) => id === this.id && connected)) {
      this.#broken('RES-1', 'is not among the members it was welcomed with')
    }
    if (welcome.resumed && this.#resume === undefined) this.#broken('RES-1', 'resumed without a place')
    const from = this.#chain === undefined ? this.#seatedByApproval() : this.#chainFrom
    if (from !== undefined && this.#resume !== undefined) {
      const wrong = this.#around.wrongResume(welcome.resumed, {
        links: this.links.slice(from),
        seenAt: this.#seenAt,
        seenOn: this.links[this.#atLink],
        waited: this.#atWaiting,
        helloAt: this.helloAt,
      })
      // One that is being sent away need not resume in that moment.
      if (wrong !== undefined && (welcome.resumed || !this.isSentAway)) this.#broken('RES-1', wrong)
    }
    if (welcome.resumed) {
      this.resumed.yes += 1
      // The word that it was let in was lost on the way.
      if (this.#chain === undefined) this.#letIn()
      return
    }
    this.resumed.no += 1
    const enteredAt = this.#link?.spokeAt ?? world.now()
    // What others say while it comes in on another instance may be read there before it is seated or behind that.
    this.#begin(enteredAt, this.#around.mayRepeat ? this.helloAt : enteredAt)
  }

  /** The connection, by its index, on which it had its last place and waited while it was approved, unheard. */
  #seatedByApproval(): number | undefined {
    const { asked, done } = this.approval ?? {}
    const { spokeAt, endedAt = Infinity } = this.links[this.#atLink] ?? {}
    if (asked === undefined || done === undefined || spokeAt === undefined) return undefined
    const seatedBy = done + (this.#around.mayRepeat ? SEATED_WITHIN : 0)
    return spokeAt < asked && endedAt > seatedBy ? this.#atLink : undefined
  }

  #approved({ members, room }: ServerMessageOf<'approved'>): void {
    this.phase = 'active'
    this.activeAt = this.#around.world.now()
    this.knows.told(room, members)
    this.#letIn()
  }

  #letIn(): void {
    const { world, mayRepeat } = this.#around
    // Another instance that is told of an approval seats it a moment after its host was answered.
    const startedAt = mayRepeat ? world.now() : Math.min(world.now(), this.approval?.done ?? Infinity)
    this.#begin(startedAt, this.approval?.asked ?? Infinity)
  }

  #begin(startedAt: number, notBefore: number): void {
    this.#chain?.complete()
    const isFirst = this.#chains === 0 || !this.#around.mayRepeat
    this.#chains += 1
    const first = isFirst ? this.#around.notBefore(this.#link, notBefore) : -Infinity
    this.#chain = new Chain(this.#around.ledger, this, startedAt, first)
    this.#chainFrom = this.links.length - 1
    this.knows.begin()
  }

  #heard(message: ServerMessage): void {
    const chain = this.#chain
    this.knows.heard(message)
    switch (message.type) {
      case 'welcome':
      case 'approved':
        this.#broken('RES-1', `got ${message.type} twice`)
        break
      case 'member-joined':
      case 'member-updated':
        if (message.member.id === this.id) this.#broken('ROOM-1', `was told of itself by ${message.type}`)
        break
      case 'signal':
      case 'result':
        chain?.received(message.type, message.from, this.id, message.data)
        break
      case 'message':
        chain?.received('message', message.from, message.to, message.data)
        break
      case 'command':
        if (this.role !== 'camera') this.#broken('ROOM-4', 'got a command and is no camera')
        chain?.received('command', message.from, this.id, message.args)
        this.#result(message)
        break
      case 'pairing-pending':
      case 'pairing-done':
        if (this.role !== 'host') this.#broken('ROOM-4', `got ${message.type} and is no host`)
        break
      case 'error':
        this.#broken('SEC-6', `was told ${message.code}: ${message.message}`)
        break
      default:
        break
    }
  }

  #result({ from, ref }: ServerMessageOf<'command'>): void {
    const { sent, data } = this.#mark('result', from, 0)
    this.#write({ type: 'result', id: this.#ask('result', sent), to: from, ref, ok: true, data })
  }

  #answered(reply: ServerMessageOf<'reply'>): void {
    const id = Number(reply.id)
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (waiting === undefined) {
      this.#broken('ROOM-3', `got a second answer, or one to what this connection did not ask: ${id}`)
      return
    }
    const { sent, answered } = waiting
    const { world, isAlone, endedAlone } = this.#around
    const entrance = this.#link?.entrance
    if (sent !== undefined) {
      const waits = isAlone(entrance)
      const isLost = (): boolean => waits && endedAlone(entrance)
      sent.answer = { ok: reply.ok, at: world.now(), waits, isLost }
    }
    if (this.phase === 'pending' && reply.ok)
      this.#broken('PAIR-5', `was answered ok to ${waiting.type} before it was let in`)
    answered?.(reply.ok, reply.ok ? undefined : reply.code)
  }

  #closed(code: number): void {
    const { world } = this.#around
    world.say(this.name, `closed with ${code}`)
    this.#link = undefined
    this.#waiting.clear()
    this.phase = 'out'
    if (code === CLOSES.left && !this.isIn) return
    if (code === CLOSES.connected_elsewhere)
      this.#broken('SESS-2', 'its latest connection was closed with 4409')
    else if (code === CLOSES.session_invalid && this.isKnownToOne) this.isUnknown = true
    else if (!this.mayEndWith.has(code)) this.#broken('SESS-2', `was closed with ${code} for no reason`)
    if (isFinalClose(code)) {
      this.isOver = true
      this.isIn = false
      return
    }
    world.after(world.random.int(RETRY.least, RETRY.most), () => {
      if (this.isIn && this.#link === undefined) this.connect()
    })
  }
}
