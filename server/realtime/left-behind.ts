import type { Clock, Disposer } from '../domain/clock.ts'
import type { SeatName, SeatRow, StoredSeat } from '../domain/shared-rooms.ts'
import type { InstanceId, SessionId } from '../protocol/ids.ts'
import type { Origin } from './cursor.ts'
import type { RemoteSeat } from './letters.ts'
import type { Room } from './room.ts'
import type { RowBook } from './row-book.ts'
import { rowOfRemote, toldOf } from './rows.ts'

export interface LeftBehindDeps {
  readonly clock: Clock
  readonly resumeWindowMs: number
}

/** Seats whose instance is gone: until their resume window is over whoever held them may take them up elsewhere. */
export class LeftBehind {
  readonly #room: Room
  readonly #rows: RowBook
  readonly #deps: LeftBehindDeps
  readonly #windows = new Map<SeatName, { readonly end: Disposer; readonly isOfLiving: boolean }>()
  /** Rows of which nothing is shown: their sessions were never seen here, or are connected here still. */
  readonly #unshown = new Map<SessionId, SeatName>()

  constructor(room: Room, rows: RowBook, deps: LeftBehindDeps) {
    this.#room = room
    this.#rows = rows
    this.#deps = deps
  }

  /** A row of such a seat was found. @param remote the seat; absent: its session has ended */
  found({ key, lost, instance }: StoredSeat, remote: RemoteSeat | undefined): void {
    const forMs = (lost?.at ?? 0) + this.#deps.resumeWindowMs - this.#deps.clock.now()
    if (remote === undefined || forMs <= 0) {
      this.#rows.remove([key])
      return
    }
    const { id, attempt } = remote
    const here = this.#room.seat(id)
    // Who is connected here is here, whatever count its client gives.
    if (here !== undefined && (here.link.kind === 'connected' || attempt <= here.speaker.attempt)) return
    if (this.#windows.has(key)) return
    const left = (): void => {
      // Others know by now that its instance is dead.
      this.#room.presence.removeAt(instance, id, attempt)
      this.leave(remote, { shown: lost?.shown === true, forMs })
    }
    this.#room.changeOthers([id], left, 'instance-lost')
    // It had moved there from here, and word of that was lost with its instance.
    if (here !== undefined) this.#room.supersede(id, attempt)
  }

  /** An instance is out of the room without a word of its seats. @param shown whether they stay members meanwhile */
  instanceLeft(instance: InstanceId, shown: boolean): void {
    const { presence } = this.#room
    const lost = { at: this.#deps.clock.now(), shown }
    const rows = new Map<SeatName, SeatRow>()
    const needless: SeatName[] = []
    this.#room.changeOthers(
      presence.seatsOf(instance),
      () => {
        const { seats, over } = presence.drop(instance)
        needless.push(...over)
        for (const seat of seats) {
          if (this.#room.latestOf(seat.id) >= seat.attempt || seat.pending) needless.push(seat.key)
          else {
            rows.set(seat.key, { ...rowOfRemote(seat), lost })
            this.leave(seat, { shown })
          }
        }
      },
      'instance-lost',
    )
    // One that ends in order has marked its rows itself; those of a dead one may say more than is known here.
    if (shown) this.#rows.remove(needless)
    else this.#rows.mark(rows)
  }

  /**
   * Rows of a dead instance. Some tell of seats whose word was lost with it; the others, left while it did not hear of
   * that any more, are of no use to anybody.
   */
  clean(instance: InstanceId, seats: readonly StoredSeat[]): void {
    const left = seats.filter((seat) => seat.instance === instance && !this.#windows.has(seat.key))
    const isLater = ({ member: id, attempt, pending }: StoredSeat): boolean =>
      pending !== true && attempt > Math.max(this.#room.latestOf(id), this.#room.leftUpTo(id))
    const lost = { at: this.#deps.clock.now(), shown: false }
    const later = left.filter(isLater).map((seat) => ({ ...seat, lost: seat.lost ?? lost }))
    const laterKeys = new Set(later.map(({ key }) => key))
    this.#rows.remove(left.flatMap(({ key }) => (laterKeys.has(key) ? [] : key)))
    for (const seat of later) this.#foundLater(seat)
    const rows = later.map(({ key, member: _member, instance: _instance, ...row }) => [key, row] as const)
    this.#rows.mark(new Map(rows))
  }

  /** A seat of a dead instance that nobody has told of here. */
  #foundLater(stored: StoredSeat): void {
    const { key, member: id, attempt, since, starts, joinedAt } = stored
    const known = this.#known(id)
    if (known !== undefined) {
      const origins = starts.map(({ origin, seat }) => ({ origin: origin as Origin, seat }))
      this.found(stored, { ...known, key, attempt, since, starts: origins, joinedAt, pending: false })
    }
    if (this.#windows.has(key)) return
    // Nothing is to be shown of it, and its row is kept for as long all the same.
    const end = this.#deps.clock.after(this.#deps.resumeWindowMs, () => this.takenUp(id))
    this.#windows.set(key, { end, isOfLiving: false })
    this.#unshown.set(id, key)
  }

  /**
   * A session has a seat again: a row that is kept without being shown is of no use any more.
   * @param inUse the seat's row: the instance that had been taken for dead may live [SYNC-4]
   */
  takenUp(id: SessionId, inUse?: SeatName): void {
    const key = this.#unshown.get(id)
    this.#unshown.delete(id)
    if (key === undefined) return
    if (key !== inUse) {
      this.#forget(key)
      return
    }
    this.#windows.get(key)?.end()
    this.#windows.delete(key)
  }

  #known(id: SessionId): RemoteSeat | undefined {
    const here = this.#room.seat(id)
    return here?.key === undefined ? this.#room.presence.find(id) : toldOf(here, here.key)
  }

  /**
   * A seat may be taken up until the window is over. `isOfLiving`: its instance lives, whose affair its row is; a hello
   * that is under way there may take the row for its own [SYNC-4].
   */
  leave(
    seat: RemoteSeat,
    how: {
      readonly shown: boolean
      readonly forMs?: number
      readonly connected?: boolean
      readonly isOfLiving?: boolean
    },
  ): void {
    const { presence } = this.#room
    presence.leave(seat, how.shown, how.connected ?? false)
    this.#windows.get(seat.key)?.end()
    const end = this.#deps.clock.after(how.forMs ?? this.#deps.resumeWindowMs, () => {
      this.#room.changeOthers([seat.id], () => presence.removeLeft(seat.id, seat.attempt), 'lost')
      this.forget(seat)
    })
    this.#windows.set(seat.key, { end, isOfLiving: how.isOfLiving === true })
  }

  /** A seat that was left behind is of no use any more. */
  forget({ key }: RemoteSeat): void {
    this.#forget(key)
  }

  #forget(key: SeatName): void {
    const { end, isOfLiving } = this.#windows.get(key) ?? {}
    end?.()
    this.#windows.delete(key)
    if (isOfLiving !== true) this.#rows.remove([key])
  }

  /** An instance tells of a seat: it goes on there. */
  told(instance: InstanceId, seat: RemoteSeat): void {
    const { presence } = this.#room
    const left = presence.leftBehind(seat.id)
    this.takenUp(seat.id, seat.key)
    presence.put(instance, seat)
    if (left === undefined || presence.leftBehind(seat.id) !== undefined) return
    if (left.key !== seat.key) {
      this.forget(left)
      return
    }
    // It was taken for dead, and lives: the row is in use [SYNC-4].
    this.#windows.get(left.key)?.end()
    this.#windows.delete(left.key)
  }

  dispose(): void {
    for (const { end } of this.#windows.values()) end()
    this.#windows.clear()
  }
}
