import type { Clock, Disposer } from '../domain/clock.ts'
import type { SessionRecord } from '../domain/records.ts'
import type { StoredRoom } from '../domain/rooms.ts'
import type { CloseReason } from '../protocol/closes.ts'
import type { RoomId, SessionId } from '../protocol/ids.ts'

/** A hello that is under way: it learns of an end of its session that came while it read the store. */
export interface Arrival {
  readonly room: RoomId
  ended: CloseReason | undefined
  /** It was let in meanwhile. */
  approved?: SessionRecord
  /** The room was changed meanwhile. */
  changed?: StoredRoom
}

/** Who is on the way in: hellos that read the store, and sessions that were made and have not said hello. */
export class Arrivals {
  readonly #clock: Clock
  readonly #expectedForMs: number
  readonly #hellos = new Map<SessionId, Set<Arrival>>()
  readonly #expected = new Map<RoomId, Map<SessionId, Disposer>>()

  constructor(clock: Clock, expectedForMs: number) {
    this.#clock = clock
    this.#expectedForMs = expectedForMs
  }

  /** Begins a hello; the disposer ends it, whatever became of it. */
  begin(room: RoomId, id: SessionId): { arrival: Arrival; done: () => void } {
    const arrival: Arrival = { room, ended: undefined }
    const hellos = this.#hellos.get(id) ?? new Set()
    this.#hellos.set(id, hellos.add(arrival))
    return {
      arrival,
      done: () => {
        hellos.delete(arrival)
        if (hellos.size === 0 && this.#hellos.get(id) === hellos) this.#hellos.delete(id)
      },
    }
  }

  of(id: SessionId): Arrival[] {
    return [...(this.#hellos.get(id) ?? [])]
  }

  in(room: RoomId): Arrival[] {
    return [...this.#hellos.values()].flatMap((hellos) => [...hellos].filter((hello) => hello.room === room))
  }

  /** A session holds a place from its making on, so that claims at once cannot overfill a room. */
  expect(room: RoomId, session: SessionId): void {
    const expected = this.#expected.get(room) ?? new Map<SessionId, Disposer>()
    this.#expected.set(room, expected)
    if (expected.has(session)) return
    expected.set(
      session,
      this.#clock.after(this.#expectedForMs, () => this.settled(room, session)),
    )
  }

  /** A session found its seat or its waiting place, or never will. */
  settled(room: RoomId, session: SessionId): void {
    const expected = this.#expected.get(room)
    expected?.get(session)?.()
    expected?.delete(session)
    if (expected?.size === 0) this.#expected.delete(room)
  }

  /** Sessions that hold a place and have not said hello. */
  expectedIn(room: RoomId): SessionId[] {
    return [...(this.#expected.get(room)?.keys() ?? [])]
  }
}
