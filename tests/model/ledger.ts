/** What the clients of a run sent, what became of it, and which rules were broken. */
import type { World } from './world.ts'

export type Kind = 'message' | 'signal' | 'command' | 'result'

/** A connection as its order is kept: only within a chain of resumed ones [ROOM-3]. */
export interface Sending {
  /** Counts the sender's chains. What is sent right behind a `hello` is of the chain that its `welcome` will say. */
  chain: number
}

export interface Answer {
  readonly ok: boolean
  readonly at: number
  /** It was taken without the store, and waits for that to be said elsewhere [STORE-4]. */
  readonly waits: boolean
  /** It waited on an instance that ended before the store was back: nobody else has it. */
  readonly isLost: () => boolean
}

/** An event of one client, as its sender knows it. */
export interface Sent {
  readonly from: string
  /** Rises with each event of its sender. */
  readonly n: number
  readonly kind: Kind
  /** A session; absent: the room. */
  readonly to: string | undefined
  readonly bytes: number
  readonly sentAt: number
  /** The connection it was sent on. */
  readonly by: Sending
  answer: Answer | undefined
  /** Somebody has it, so the server took it, whatever its sender heard. */
  arrived: boolean
}

/** Data of every event of the model. */
export interface Mark {
  readonly n: number
  readonly pad?: string
}

const markOf = (data: unknown): Mark | undefined =>
  typeof data === 'object' && data !== null && 'n' in data && typeof data.n === 'number'
    ? { n: data.n }
    : undefined

export class Ledger {
  readonly violations: string[] = []
  readonly events: Sent[] = []
  /** Whether an event that one receiver has is one that all must have, though its sender was never answered. */
  arrivedIsTaken = true
  readonly #byKey = new Map<string, Sent>()
  readonly #counts = new Map<string, number>()
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** @param rule as docs/SPEC.md names it */
  violated(rule: string, who: string, what: string): void {
    this.violations.push(`[${rule}] ${who}: ${what}`)
    this.#world.say(who, `BROKEN [${rule}] ${what}`)
  }

  send(from: string, kind: Kind, to: string | undefined, bytes: number, by: Sending): Sent {
    const n = (this.#counts.get(from) ?? 0) + 1
    this.#counts.set(from, n)
    const sent: Sent = {
      from,
      n,
      kind,
      to,
      bytes,
      sentAt: this.#world.now(),
      by,
      answer: undefined,
      arrived: false,
    }
    this.events.push(sent)
    this.#byKey.set(`${from}#${n}`, sent)
    return sent
  }

  find(from: string, data: unknown): Sent | undefined {
    const mark = markOf(data)
    return mark && this.#byKey.get(`${from}#${mark.n}`)
  }
}
