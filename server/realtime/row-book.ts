import {
  seatName,
  type SeatName,
  type SeatRow,
  type SharedRooms,
  type StoredSeat,
} from '../domain/shared-rooms.ts'
import type { InstanceId, SessionId } from '../protocol/ids.ts'
import { insist } from './insist.ts'
import type { RemoteSeat } from './letters.ts'
import type { Pauses } from './pauses.ts'
import { rowOf, toldOf } from './rows.ts'
import type { Waiting } from './entering.ts'
import type { Room } from './room.ts'
import type { Seat } from './seat.ts'

/** A store that is lost is known to be away by then, and takes a row as one that is to be written back. */
const AGAIN = { afterMs: 500, times: 20 }

/** This instance's rows in a room's table of seats: which there are, and whose they are while a hello is under way. */
export class RowBook {
  readonly #room: Room
  readonly #shared: SharedRooms
  readonly #instance: InstanceId
  readonly #pauses: Pauses
  readonly #nextSeat: () => number
  readonly #failed: (error: unknown) => void
  /** Rows of hellos that are under way, with how many there are. */
  readonly #preparing = new Map<SeatName, number>()
  #written: Promise<void> = Promise.resolve()
  /** Rows as they were put last. */
  readonly #put = new Map<SeatName, string>()
  /** Rows that the store has, and has not been told to remove. */
  readonly #there = new Set<SeatName>()

  constructor(
    room: Room,
    deps: {
      shared: SharedRooms
      instance: InstanceId
      /** Of this instance: what a room leaves behind when it is closed is to be written all the same. */
      pauses: Pauses
      nextSeat: () => number
      failed: (error: unknown) => void
    },
  ) {
    this.#room = room
    this.#shared = deps.shared
    this.#instance = deps.instance
    this.#pauses = deps.pauses
    this.#nextSeat = deps.nextSeat
    this.#failed = deps.failed
  }

  /** Whether no hello is under way. */
  get isIdle(): boolean {
    return this.#preparing.size === 0
  }

  /** Whether who comes in elsewhere finds a row of this instance, and greets it. */
  get isFound(): boolean {
    return this.#there.size > 0
  }

  /** A row for a seat, a new one or that of a seat here; it stays until `release`. */
  prepare(member: SessionId, known?: SeatName): SeatName {
    const key = known ?? seatName(member, this.#instance, this.#nextSeat())
    this.#preparing.set(key, (this.#preparing.get(key) ?? 0) + 1)
    return key
  }

  /** A hello has ended, well or not: its row stays only if it has become a seat's. */
  release(key: SeatName): void {
    const left = (this.#preparing.get(key) ?? 1) - 1
    if (left > 0) this.#preparing.set(key, left)
    else this.#preparing.delete(key)
    if (left === 0 && !this.#holds(key)) this.remove([key])
  }

  /** Notes a row that was put. */
  noted(key: SeatName, row: SeatRow): void {
    this.#put.set(key, JSON.stringify(row))
  }

  /** A row that was put is in the store. */
  landed(key: SeatName): void {
    this.#there.add(key)
  }

  /** A row that was put with the hello is right unless the seat continues one from elsewhere: then it is put again. */
  keep(key: SeatName, seat: Seat | Waiting): void {
    const row = rowOf(seat)
    if (this.#put.get(key) === JSON.stringify(row)) return
    this.noted(key, row)
    this.#write(() => this.#shared.put(this.#room.id, new Map([[key, row]])))
  }

  /** Rows of an instance that is gone say from now on when it was lost. */
  mark(rows: ReadonlyMap<SeatName, SeatRow>): void {
    if (rows.size > 0) this.#write(() => this.#shared.put(this.#room.id, rows))
  }

  /** A seat here is gone; its row stays while a hello is about to take it. */
  drop(key: SeatName | undefined): void {
    if (key !== undefined && !this.#preparing.has(key)) this.remove([key])
  }

  /** Runs something when what was to be written is. */
  async behindWrites<T>(task: () => Promise<T>): Promise<T> {
    await this.#written
    return task()
  }

  /** Removes rows, of this instance or of one that is gone. */
  remove(keys: readonly SeatName[]): void {
    for (const key of keys) {
      this.#put.delete(key)
      this.#there.delete(key)
    }
    if (keys.length > 0) this.#write(() => this.#shared.remove(this.#room.id, keys))
  }

  /** The room is closed here. It has rows only where it was deleted, and then one may have been put behind that [STORE-5]. */
  end(): void {
    this.remove([...this.#put.keys()])
  }

  /** Of the rows that were found, removes those of leaves that the store never heard of. */
  clean(found: readonly StoredSeat[]): void {
    const isStale = ({ key, instance }: StoredSeat): boolean =>
      instance === this.#instance && !this.#holds(key) && !this.#preparing.has(key)
    this.remove(found.filter(isStale).map(({ key }) => key))
  }

  /** The seats here, as others are told of them. */
  told(): RemoteSeat[] {
    return [...this.#room.seats(), ...this.#room.waiting()].flatMap((seat) =>
      seat.key === undefined ? [] : [toldOf(seat, seat.key)],
    )
  }

  /** Rows of the seats here. */
  own(): Map<SeatName, SeatRow> {
    const rows = new Map<SeatName, SeatRow>()
    for (const seat of [...this.#room.seats(), ...this.#room.waiting()])
      if (seat.key !== undefined) rows.set(seat.key, rowOf(seat))
    return rows
  }

  /** This instance ends, and the seats here may be taken up elsewhere [DRAIN-2]. @param at milliseconds */
  async leave(at: number): Promise<void> {
    const lost = { at, shown: true }
    const rows = [...this.own()].map(([key, row]) => [key, { ...row, lost }] as const)
    try {
      await this.#shared.put(this.#room.id, new Map(rows))
    } catch (error) {
      this.#failed(error)
    }
  }

  #holds(key: SeatName): boolean {
    return [...this.#room.seats(), ...this.#room.waiting()].some((seat) => seat.key === key)
  }

  /** One after the other: parallel writes may overtake each other, and a row would be put behind its end. */
  #write(write: () => Promise<void>): void {
    this.#written = this.#written.then(() => insist(this.#pauses, AGAIN, write)).catch(this.#failed)
  }
}
