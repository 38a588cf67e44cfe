/** Members that talk without end, and what must hold of what they heard [ROOM-3, RES-1, RES-2, SYNC-2]. */
import { setTimeout as sleep } from 'node:timers/promises'
import { call, createRoom, pair } from '../support/app.ts'
import { seeded } from '../support/upstash-double/faults.ts'
import { until } from './cluster.ts'
import { Traveller, type Chain } from './traveller.ts'

export interface ChatterOptions {
  readonly seed: number
  readonly members: number
  /** Where the room is made. */
  readonly url: string
  /** Where a member connects next; nothing: nowhere for now. */
  readonly next: (index: number, random: () => number) => string | undefined
  /** Longest pause between two messages of one member. Milliseconds. */
  readonly pause?: number
}

/** A member as views are compared. */
const shown = ({
  id,
  role,
  name,
  connected,
  state,
}: {
  id: string
  role: string
  name: string
  connected: boolean
  state: unknown
}) => ({ id, role, name, connected, state })
type Shown = ReturnType<typeof shown>
const ordered = (members: Iterable<Parameters<typeof shown>[0]>): Shown[] =>
  [...members].map(shown).sort((a, b) => (a.id < b.id ? -1 : 1))

export class Chatter {
  readonly travellers: readonly Traveller[]
  readonly host: Traveller
  readonly random: () => number
  readonly #pause: number
  #talking: Promise<unknown> | undefined
  #isQuiet = true

  private constructor(travellers: readonly Traveller[], random: () => number, pause: number) {
    const [host] = travellers
    if (host === undefined) throw new Error('a room has its first host')
    this.host = host
    this.travellers = travellers
    this.random = random
    this.#pause = pause
  }

  /** Makes a room and pairs its members; all are connected, and everybody sees that, when this resolves. */
  static async start({ seed, members, url, next, pause = 20 }: ChatterOptions): Promise<Chatter> {
    const random = seeded(seed)
    const { session } = await createRoom(url)
    const sessions = [session]
    while (sessions.length < members)
      sessions.push((await pair(url, session.token, sessions.length % 3 === 2 ? 'viewer' : 'camera')).session)
    const travellers = sessions.map(
      ({ id, token }, index) => new Traveller({ id, token, next: () => next(index, random) }),
    )
    for (const traveller of travellers) traveller.travel()
    const chatter = new Chatter(travellers, random, pause)
    await chatter.live()
    await chatter.seen()
    return chatter
  }

  /** Everybody talks until `quiet`. */
  talk(): void {
    if (!this.#isQuiet) return
    this.#isQuiet = false
    this.#talking = Promise.all(this.travellers.map((traveller) => this.#speak(traveller)))
  }

  /** Nobody says anything more; resolves when the last has been answered. */
  async quiet(): Promise<void> {
    this.#isQuiet = true
    await this.#talking
  }

  async live(withinMs = 15_000): Promise<void> {
    await until(
      () =>
        this.travellers
          .filter(({ isLive, isOver }) => !isLive && !isOver)
          .map(({ id, closes, url }) => ({ id, closes, url })),
      (away) => away.length === 0,
      withinMs,
      'everybody is connected',
    )
  }

  /** Until every member sees every other as connected: word of a hello goes between instances behind its welcome. */
  async seen(withinMs = 15_000): Promise<void> {
    await until(
      () =>
        this.travellers.flatMap(({ id, members }) =>
          this.travellers.flatMap((other) =>
            members.get(other.id)?.connected === true ? [] : `${id} of ${other.id}`,
          ),
        ),
      (unseen) => unseen.length === 0,
      withinMs,
      'everybody sees everybody',
    )
  }

  /** Until every member and every instance sees the same members, all of them connected. */
  async converged(urls: readonly string[], withinMs: number): Promise<void> {
    const here = this.travellers.filter(({ isOver }) => !isOver)
    const ids = here.map(({ id }) => id).sort()
    const views = async (): Promise<Record<string, Shown[]>> => {
      const seen: Record<string, Shown[]> = {}
      for (const traveller of here) seen[`member ${traveller.id}`] = ordered(traveller.members.values())
      for (const url of urls) {
        const { status, body } = await call<{ members: Shown[] }>(url, 'GET', '/api/room', {
          token: this.host.token,
        })
        seen[`instance ${url}`] = status === 200 ? ordered(body.members) : []
      }
      return seen
    }
    const isSame = (seen: Record<string, Shown[]>): boolean => {
      const texts = new Set(Object.values(seen).map((view) => JSON.stringify(view)))
      const [view = []] = Object.values(seen)
      return (
        texts.size === 1 &&
        JSON.stringify(view.map(({ id }) => id)) === JSON.stringify(ids) &&
        view.every(({ connected }) => connected)
      )
    }
    let seen: Record<string, Shown[]> = {}
    await until(async () => isSame((seen = await views())), Boolean, withinMs, 'all views are equal').catch(
      (error: unknown) => {
        throw new Error(`${String(error)}\n${differences(seen)}`, { cause: error })
      },
    )
  }

  /** Until nothing is on its way any more and everything that was answered `ok` was heard. */
  async heard(withinMs = 10_000): Promise<void> {
    await until(
      async () => {
        await Promise.all(this.travellers.map((traveller) => traveller.settled()))
        return this.faults()
      },
      (faults) => faults.length === 0,
      withinMs,
      'everything was heard once and in order',
    )
  }

  /** What was lost, doubled or reordered. */
  faults(): string[] {
    return this.travellers.flatMap((receiver) =>
      this.travellers.flatMap((sender) =>
        sender === receiver
          ? []
          : receiver.chains.flatMap((chain, index) =>
              faultsOf(sender, receiver, chain, index === receiver.chains.length - 1),
            ),
      ),
    )
  }

  /** How much was said and heard. */
  figures(): { said: number; ok: number; heard: number; resumes: number; chains: number } {
    const all = this.travellers
    const sum = (of: (traveller: Traveller) => number) => all.reduce((total, each) => total + of(each), 0)
    return {
      said: sum(({ said }) => said.length),
      ok: sum(({ said }) => said.filter(({ outcome }) => outcome === 'ok').length),
      heard: sum(({ chains }) => chains.reduce((total, { heard }) => total + heard.length, 0)),
      resumes: sum(({ resumes }) => resumes),
      chains: sum(({ chains }) => chains.length),
    }
  }

  end(): void {
    this.#isQuiet = true
    for (const traveller of this.travellers) traveller.end()
  }

  async #speak(traveller: Traveller): Promise<void> {
    while (!this.#isQuiet) {
      if (traveller.isLive) await traveller.say()
      if (!this.#isQuiet) await sleep(this.random() * this.#pause)
    }
  }
}

function faultsOf(sender: Traveller, receiver: Traveller, chain: Chain, isNewest: boolean): string[] {
  const heard = chain.heard.filter(({ from }) => from === sender.id).map(({ n }) => n)
  const faults: string[] = []
  const say = (what: string) => faults.push(`${receiver.id} of ${sender.id}: ${what}`)
  const seen = new Set<number>()
  let highest = 0
  for (const n of heard) {
    if (seen.has(n)) say(`${n} came twice`)
    // Behind a chain of the sender that ended, an earlier event may be overtaken.
    else if (n < highest && sender.said[n - 1]?.chain === sender.said[highest - 1]?.chain)
      say(`${n} came behind ${highest}`)
    seen.add(n)
    highest = Math.max(highest, n)
  }
  // The highest that was heard of each chain of the sender: what it sent before in the same chain must have come before.
  const heardOf = new Map<number, number>()
  for (const n of heard) {
    const of = sender.said[n - 1]?.chain ?? 0
    heardOf.set(of, Math.max(n, heardOf.get(of) ?? 0))
  }
  // What was sent before this chain began, its first welcome may have had behind it.
  const lost = sender.said
    .filter(({ n, outcome, at }) => outcome === 'ok' && at >= chain.since && !seen.has(n))
    .filter((said) => isNewest || said.n < (heardOf.get(said.chain) ?? 0))
    .map(({ n }) => n)
  if (lost.length > 0)
    say(
      `${lost.length} lost, ${lost[0]} to ${lost.at(-1)}, of ${sender.said.length}; the highest heard is ${highest} ` +
        `(chain ${receiver.chains.indexOf(chain) + 1} of ${receiver.chains.length}, the sender's ${sender.chains.length}; now at ${receiver.url}, the sender at ${sender.url})`,
    )
  return faults.slice(0, 5)
}

function differences(seen: Record<string, Shown[]>): string {
  return Object.entries(seen)
    .map(
      ([who, view]) =>
        `${who}: ${view.map(({ id, connected }) => `${id.slice(0, 6)}${connected ? '' : ' (away)'}`).join(' ')}`,
    )
    .join('\n')
}
