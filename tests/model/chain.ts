/** What one receiver got along its resumed connections, held against what was sent to it. */
import type { Ledger, Kind, Sent } from './ledger.ts'

const isMeantFor = (id: string, { from, to }: Sent): boolean => from !== id && (to === undefined || to === id)

export class Chain {
  /** Everything meant for the receiver that was sent from then on must come … */
  readonly startedAt: number
  /** … and nothing that was answered before this. */
  readonly #notBefore: number
  readonly #ledger: Ledger
  readonly #id: string
  readonly #name: string
  readonly #got = new Set<Sent>()
  /** By sender; of which of its chains they are may be known later. */
  readonly #gotFrom = new Map<string, Sent[]>()

  constructor(
    ledger: Ledger,
    who: { readonly id: string; readonly name: string },
    startedAt: number,
    notBefore: number,
  ) {
    this.#ledger = ledger
    this.#id = who.id
    this.#name = who.name
    this.startedAt = startedAt
    this.#notBefore = notBefore
  }

  received(kind: Kind, from: string, to: string | undefined, data: unknown): void {
    const sent = this.#ledger.find(from, data)
    const broken = (rule: string, what: string): void =>
      this.#ledger.violated(rule, this.#name, `${what}: ${kind} ${from}#${sent?.n ?? '?'}`)
    if (sent === undefined || sent.kind !== kind || (kind === 'message' && sent.to !== to)) {
      broken('ROOM-3', 'got what nobody sent')
      return
    }
    sent.arrived = true
    if (!isMeantFor(this.#id, sent)) broken('ROOM-4', 'got what is not meant for it')
    // What waited for the store is said when that is back, to those who are there then [STORE-4].
    if (sent.answer?.waits === false && sent.answer.at < this.#notBefore)
      broken('ROOM-4', 'got what was sent before it was there')
    if (this.#got.has(sent)) broken('ROOM-3', 'got twice')
    else if (this.#lastOf(sent) > sent.n) broken('ROOM-3', `got behind #${this.#lastOf(sent)}`)
    this.#got.add(sent)
    const others = this.#gotFrom.get(from) ?? []
    this.#gotFrom.set(from, others)
    others.push(sent)
  }

  /**
   * Never partly [RES-1]: of each sender everything up to the last that came.
   * @param settled what was answered with `ok` before this time must be there as well
   */
  complete(settled = -Infinity): void {
    for (const sent of this.#ledger.events) {
      if (sent.sentAt < this.startedAt || this.#got.has(sent) || !isMeantFor(this.#id, sent)) continue
      if (sent.answer?.isLost() === true) continue
      const wasTaken = sent.answer?.ok === true || (sent.arrived && this.#ledger.arrivedIsTaken)
      const isDue = this.#lastOf(sent) > sent.n || (sent.answer?.at ?? Infinity) < settled
      if (wasTaken && isDue)
        this.#ledger.violated('RES-1', this.#name, `never got ${sent.kind} ${sent.from}#${sent.n}`)
    }
  }

  #lastOf(sent: Sent): number {
    const ofChain = (this.#gotFrom.get(sent.from) ?? []).filter(({ by }) => by.chain === sent.by.chain)
    return ofChain.reduce((last, { n }) => Math.max(last, n), 0)
  }
}
