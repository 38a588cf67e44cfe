import type { InstanceId, SessionId } from '../protocol/ids.ts'
import type { LeaveReason } from '../protocol/messages.ts'
import type { LeftBehind } from './left-behind.ts'
import type { Draft, LetterOf, List, Numbers, RemoteSeat } from './letters.ts'
import type { Room } from './room.ts'

export interface ToldSeatsDeps {
  readonly instance: InstanceId
  /** Whether a session is known to have ended: who holds it is told again. */
  readonly hasEnded: (id: SessionId) => boolean
  readonly post: (to: InstanceId, draft: Draft) => void
  readonly numbers: () => Numbers
  readonly list: () => List
}

/** What other instances tell of their seats, and what follows from it for those here. */
export class ToldSeats {
  readonly #room: Room
  readonly #leftBehind: LeftBehind
  readonly #deps: ToldSeatsDeps

  constructor(room: Room, leftBehind: LeftBehind, deps: ToldSeatsDeps) {
    this.#room = room
    this.#leftBehind = leftBehind
    this.#deps = deps
  }

  /** An instance's whole list. */
  listed({ from, origin, pn, seats, left, url }: LetterOf<'greet'> | LetterOf<'answer'>): void {
    const { presence } = this.#room
    for (const { id, attempt } of left ?? [])
      if (attempt > this.#room.leftUpTo(id)) this.left(id, attempt, 'left')
    const before = presence.seatsOf(from)
    const concerned = [...new Set([...before, ...seats.map(({ id }) => id)])]
    let isOld = false
    this.#room.changeOthers(concerned, () => {
      isOld = presence.list(from, origin, pn, seats, url) === undefined
      if (!isOld) for (const seat of seats) this.#leftBehind.told(from, seat)
    })
    // What a list says that a later telling has overtaken may be over by now.
    if (!isOld) for (const { id, attempt } of seats) this.met(id, attempt, from)
  }

  seat({ from, seat }: Pick<LetterOf<'seat'>, 'from' | 'seat'>): void {
    this.#room.changeOthers([seat.id], () => this.#leftBehind.told(from, seat))
    this.met(seat.id, seat.attempt, from)
  }

  /** Word of a seat may be lost with its instance: then its row alone tells of it. */
  rowFound(from: InstanceId, seat: RemoteSeat): void {
    const { id, attempt } = seat
    if (attempt > Math.max(this.#room.latestOf(id), this.#room.leftUpTo(id))) this.seat({ from, seat })
  }

  gone({ from, id, attempt, why }: LetterOf<'gone'>): void {
    if (why !== 'moved') this.left(id, attempt, why)
    else this.#room.changeOthers([id], () => this.#movedFrom(from, id, attempt))
  }

  /** A session has left up to an attempt, in whatever order word of it comes. */
  left(id: SessionId, attempt: number, why: LeaveReason): void {
    const { presence } = this.#room
    this.#room.hasLeft(id, attempt)
    // It had moved from here before, and word of that has not come.
    if (attempt > (this.#attemptHere(id) ?? Infinity))
      this.#room.remove(id, why)?.close('connected_elsewhere')
    const leftBehind = presence.leftBehind(id)
    this.#room.changeOthers([id], () => presence.remove(id, attempt), why)
    if (leftBehind !== undefined && presence.leftBehind(id) === undefined) this.#leftBehind.forget(leftBehind)
  }

  /** Word of the newer seat may come behind that of the older one: its member has not left in between. */
  #movedFrom(instance: InstanceId, id: SessionId, attempt: number): void {
    const seat = this.#room.presence.removeAt(instance, id, attempt)
    if (seat === undefined || seat.pending || this.#room.latestOf(id) >= seat.attempt) return
    this.#leftBehind.leave(seat, { shown: true, connected: seat.connected, isOfLiving: true })
  }

  /** A session has a seat on another instance: a later one there ends the one here, and the other way round [SESS-2]. */
  met(id: SessionId, attempt: number, instance: InstanceId): void {
    if (this.#deps.hasEnded(id)) {
      this.#deps.post(instance, { t: 'end', room: this.#room.id, id, ending: 'revoked' })
      return
    }
    const left = this.#room.leftUpTo(id)
    if (attempt <= left) {
      // A hello that was given up came in there after its session had left.
      this.#room.changeOthers([id], () => this.#room.presence.remove(id, left))
      this.#deps.post(instance, { t: 'gone', ...this.#deps.numbers(), id, attempt: left, why: 'left' })
      return
    }
    const here = this.#attemptHere(id)
    if (here === undefined) return
    // Of two with the same count one must yield, and both must say the same one.
    if (attempt > here || (attempt === here && instance > this.#deps.instance))
      this.#room.supersede(id, attempt)
    else this.#deps.post(instance, { t: 'answer', ...this.#deps.list() })
  }

  #attemptHere(id: SessionId): number | undefined {
    const waiting = [...this.#room.waiting()].find((each) => each.id === id)
    return this.#room.seat(id)?.speaker.attempt ?? waiting?.attempt
  }
}
