import type { SeatName } from '../domain/shared-rooms.ts'
import type { InstanceId, SessionId } from '../protocol/ids.ts'
import type { Origin } from './cursor.ts'
import type { Connection } from './connection.ts'
import type { Member } from '../protocol/models.ts'
import type { RemoteSeat } from './letters.ts'
import { shape, shapeOfRemote, type Seat } from './seat.ts'

/** What one other instance has told of the room. */
interface Other {
  readonly origin: Origin
  /** Number of its newest telling. */
  pn: number
  /** False: what is known comes from the store alone, and it has not answered yet. */
  isTold: boolean
  /** Where other instances reach it for media. */
  readonly url: string | undefined
  readonly seats: Map<SessionId, RemoteSeat>
  /** Rows of seats that are over without its word: should it die, nobody else knows of them. */
  readonly over: Map<SessionId, SeatName>
}

/** An instance that holds a member's connection. */
export interface Holder {
  readonly instance: InstanceId
  /** Where it is reached for media, if it has said so … */
  readonly url: string | undefined
  /** … and whether it has said anything yet. */
  readonly isTold: boolean
}

/**
 * Seats that other instances hold, as they tell of them: a full list, then numbered changes. A number that does not
 * follow means that something was lost, and the list is asked for again.
 */
export class Presence {
  readonly #others = new Map<InstanceId, Other>()
  /** The first opening of each instance that may not be over. */
  readonly #openings = new Map<InstanceId, number>()
  /** Seats whose instance has gone and that may be taken up again. */
  readonly #left = new Map<SessionId, { readonly seat: RemoteSeat; readonly shown: boolean }>()

  get instances(): InstanceId[] {
    return [...this.#others.keys()]
  }

  has(instance: InstanceId): boolean {
    return this.#others.has(instance)
  }

  /** Whether an instance has told its list itself. */
  isTold(instance: InstanceId): boolean {
    return this.#others.get(instance)?.isTold === true
  }

  originOf(instance: InstanceId): Origin | undefined {
    return this.#others.get(instance)?.origin
  }

  /** The instance of a member's connection, if it is connected elsewhere, and where that is reached for media. */
  holderOf(id: SessionId): Holder | undefined {
    const best = this.find(id)
    if (best?.connected !== true || best.pending) return undefined
    for (const [instance, { seats, url, isTold }] of this.#others)
      if (seats.get(id) === best) return { instance, url, isTold }
    return undefined
  }

  seatsOf(instance: InstanceId): SessionId[] {
    return [...(this.#others.get(instance)?.seats.keys() ?? [])]
  }

  /** An opening of the room by an instance is known, or to be over: what comes of earlier ones comes late. */
  opened(instance: InstanceId, opening = 0): void {
    this.#openings.set(instance, Math.max(opening, this.#openings.get(instance) ?? 0))
  }

  /** Whether an opening of the room by an instance is over. Who does not count them is always believed. */
  isOver(instance: InstanceId, opening = Infinity): boolean {
    return opening < (this.#openings.get(instance) ?? 0)
  }

  /** Every seat of a session that is known: it may have moved faster than word of it. */
  allOf(id: SessionId): RemoteSeat[] {
    const left = this.#left.get(id)?.seat
    const told = [...this.#others.values()].flatMap(({ seats }) => seats.get(id) ?? [])
    return left === undefined ? told : [...told, left]
  }

  /** The seat of a session with its highest attempt, wherever it is. */
  find(id: SessionId): RemoteSeat | undefined {
    const left = this.#left.get(id)?.seat
    const told = this.#told(id)
    return told !== undefined && told.attempt >= (left?.attempt ?? -1) ? told : left
  }

  /** The same of those that instances hold. */
  #told(id: SessionId): RemoteSeat | undefined {
    let best: RemoteSeat | undefined
    for (const { seats } of this.#others.values()) {
      const seat = seats.get(id)
      if (seat !== undefined && seat.attempt >= (best?.attempt ?? -1)) best = seat
    }
    return best
  }

  /**
   * The same, if it is shown as a member. Where that was lost with its instance an earlier one is shown that is left: the
   * instance which holds it need not know of the later one.
   */
  member(id: SessionId): RemoteSeat | undefined {
    const left = this.#left.get(id)
    const best = this.find(id)
    const seat = best !== undefined && left?.seat === best && !left.shown ? this.#told(id) : best
    return seat?.pending === true ? undefined : seat
  }

  ids(): Set<SessionId> {
    const ids = new Set(this.#left.keys())
    for (const { seats } of this.#others.values()) for (const id of seats.keys()) ids.add(id)
    return ids
  }

  /** An instance's whole list. @returns the sessions concerned; nothing where the list is an old one */
  list(
    instance: InstanceId,
    origin: Origin,
    pn: number,
    seats: readonly RemoteSeat[],
    url?: string,
  ): Set<SessionId> | undefined {
    const known = this.#others.get(instance)
    if (known?.origin === origin && known.isTold && pn < known.pn) return undefined
    const concerned = new Set(known?.seats.keys())
    for (const { id } of seats) concerned.add(id)
    this.#others.set(instance, {
      origin,
      pn,
      isTold: true,
      over: new Map(),
      url,
      seats: new Map(seats.map((seat) => [seat.id, seat])),
    })
    return concerned
  }

  /** What the store says of an instance that has not told its list yet. */
  suppose(instance: InstanceId, origin: Origin, seats: readonly RemoteSeat[]): void {
    if (this.isTold(instance)) return
    this.#others.set(instance, {
      origin,
      pn: 0,
      isTold: false,
      over: new Map(),
      url: undefined,
      seats: new Map(seats.map((seat) => [seat.id, seat])),
    })
  }

  /** A change: applied, told before, or one that shows that another was lost. */
  follows(instance: InstanceId, origin: Origin, pn: number): 'next' | 'old' | 'lost' {
    const known = this.#others.get(instance)
    if (known === undefined || known.origin !== origin || !known.isTold) return 'lost'
    if (pn <= known.pn) return 'old'
    if (pn > known.pn + 1) return 'lost'
    known.pn = pn
    return 'next'
  }

  /** Whether an instance has told everything that it says it has. */
  isUpTo(instance: InstanceId, origin: Origin, pn: number): boolean {
    const known = this.#others.get(instance)
    return known?.origin === origin && known.isTold && known.pn >= pn
  }

  put(instance: InstanceId, seat: RemoteSeat): void {
    const other = this.#others.get(instance)
    other?.seats.set(seat.id, seat)
    other?.over.delete(seat.id)
    const left = this.#left.get(seat.id)
    if (left !== undefined && left.seat.attempt <= seat.attempt) this.#left.delete(seat.id)
  }

  /** A session has left up to an attempt, wherever its seats are believed to be. */
  remove(id: SessionId, attempt: number): void {
    for (const { seats, over } of this.#others.values()) {
      const seat = seats.get(id)
      if (seat === undefined || seat.attempt > attempt) continue
      seats.delete(id)
      over.set(id, seat.key)
    }
    this.removeLeft(id, attempt)
  }

  /** A seat that was left behind can be taken up no more; an earlier one that an instance holds may be there still. */
  removeLeft(id: SessionId, attempt: number): void {
    const left = this.#left.get(id)
    if (left !== undefined && left.seat.attempt <= attempt) this.#left.delete(id)
  }

  /** One instance holds a seat no more; the session may have another. @returns what it held */
  removeAt(instance: InstanceId, id: SessionId, attempt: number): RemoteSeat | undefined {
    const { seats, over } = this.#others.get(instance) ?? {}
    const seat = seats?.get(id)
    if (seat === undefined || seat.attempt > attempt) return undefined
    seats?.delete(id)
    over?.set(id, seat.key)
    return seat
  }

  /** An instance is out of the room. @returns what it held, and rows of it that nobody needs */
  drop(instance: InstanceId): { readonly seats: RemoteSeat[]; readonly over: SeatName[] } {
    const { seats, over } = this.#others.get(instance) ?? {}
    this.#others.delete(instance)
    return { seats: [...(seats?.values() ?? [])], over: [...(over?.values() ?? [])] }
  }

  /** A seat is left behind by its instance, to be taken up again or to end. @param connected as it is shown meanwhile */
  leave(seat: RemoteSeat, shown: boolean, connected = false): void {
    if ((this.find(seat.id)?.attempt ?? -1) > seat.attempt) return
    this.#left.set(seat.id, { seat: { ...seat, connected }, shown })
  }

  leftBehind(id: SessionId): RemoteSeat | undefined {
    return this.#left.get(id)?.seat
  }
}

/** Everybody in a room: those who are seated here, and those elsewhere as they are told of. */
export function membersOf(seats: ReadonlyMap<SessionId, Seat>, presence: Presence): Member[] {
  const members = [...seats.values()].map(shape)
  for (const id of presence.ids()) {
    const seat = seats.has(id) ? undefined : presence.member(id)
    if (seat !== undefined) members.push(shapeOfRemote(seat))
  }
  return members
}

export function memberOf(
  id: SessionId,
  seats: ReadonlyMap<SessionId, Seat>,
  presence: Presence,
): Member | undefined {
  const seat = seats.get(id)
  if (seat !== undefined) return shape(seat)
  const remote = presence.member(id)
  return remote && shapeOfRemote(remote)
}

/** Of those who are seated and connected, and of those who wait for approval. */
export const connectionsOf = (
  seats: Iterable<Seat>,
  waiting: Iterable<{ readonly connection: Connection }>,
): Connection[] => [
  ...[...seats].flatMap(({ link }) => (link.kind === 'connected' ? link.connection : [])),
  ...[...waiting].map(({ connection }) => connection),
]
