import type { Clock } from '../domain/clock.ts'
import { StoreUnavailable } from '../domain/refusal.ts'
import { readStoredRoom, type StoredRoom } from '../domain/rooms.ts'
import type { Authenticated, Sessions } from '../domain/sessions.ts'
import type { SeatName, SeatRow, SharedRooms, StoredSeat, StoredState } from '../domain/shared-rooms.ts'
import type { CloseReason } from '../protocol/closes.ts'
import type { InstanceId, RoomId, SessionId } from '../protocol/ids.ts'
import { emptyBatchText } from './batch.ts'
import type { Origin } from './cursor.ts'
import type { Return } from './entering.ts'
import type { Room } from './room.ts'
import { kept, startsOf, type Earlier, type Seat } from './seat.ts'
import type { Sharing } from './sharing.ts'
import type { Start } from './timeline.ts'

/** Where a session that said hello may sit down. */
export interface Place {
  readonly room: Room
  readonly back: Return
  /** As it was read behind its row, if it was: what was known before may be old. */
  readonly session: Authenticated
  /** The hello is over, whatever became of it. */
  readonly done: () => void
}

/** What a client says of its earlier connections. */
export interface Comer {
  readonly attempt?: number | undefined
  readonly resume?: string | undefined
}

/** A room that instances share, as it is open here. */
export interface SharedRoom {
  readonly room: Room
  readonly sharing: Sharing
  /** While what the store has of it is being read; false: it could not be opened. */
  opening: Promise<boolean> | undefined
}

export interface DoorwayDeps {
  readonly shared: SharedRooms
  readonly sessions: Sessions
  readonly clock: Clock
  readonly instance: InstanceId
  readonly isAway: () => boolean
  /** Whether the own inbox is open, and nothing was missed before. */
  readonly isHeard: () => boolean
  /** Resolves when the inbox is open, or the wait for it is over. */
  readonly inboxOpened: () => Promise<void>
  readonly find: (id: RoomId) => SharedRoom | undefined
  /** Makes the room, which `find` gives from now on. */
  readonly make: (stored: StoredRoom) => SharedRoom
  readonly discard: (room: SharedRoom) => void
  /** The sessions of a room that was opened: claims that wait are among them. */
  readonly found: (room: Room, sessions: ReadonlyMap<SessionId, string>) => void
  readonly warn: (what: string) => void
}

/** Entries of a log that an opening may leave. */
const KEEP = 1_064

/**
 * How sessions come into rooms that instances share. The seat's row is put first and the session read behind it, in one
 * step: a revocation that does not see the seat is seen by it. Nobody is let near the store who has not shown a token
 * that was good a moment ago.
 */
export class Doorway {
  readonly #deps: DoorwayDeps

  constructor(deps: DoorwayDeps) {
    this.#deps = deps
  }

  /**
   * @returns where to sit down, or why not
   * @throws StoreUnavailable
   */
  async place(stored: StoredRoom, session: Authenticated, comer: Comer): Promise<Place | CloseReason> {
    for (;;) {
      const open = this.#deps.find(stored.room.id)
      if (open === undefined) return this.#open(stored, session, comer)
      if (open.opening === undefined) return this.#enter(open, session, comer)
      await open.opening
    }
  }

  async #open(stored: StoredRoom, session: Authenticated, comer: Comer): Promise<Place | CloseReason> {
    const { shared, instance, discard, make } = this.#deps
    const open = make(stored)
    const { room, sharing } = open
    const key = sharing.rows.prepare(session.id)
    let settle: (isOpen: boolean) => void = () => undefined
    open.opening = new Promise((resolve) => (settle = resolve))
    try {
      await this.#deps.inboxOpened()
      const plan = this.#plan(open, session, comer, comer.attempt ?? 0)
      const { row } = plan
      sharing.rows.noted(key, row)
      const entry = emptyBatchText(room.id, room.timeline.origin, instance)
      const found = await shared.open(room.id, new Map([[key, row]]), entry, KEEP)
      sharing.rows.landed(key)
      const refused = this.#refusal(found, session)
      if (refused !== undefined) {
        sharing.rows.release(key)
        discard(open)
        settle(false)
        return refused
      }
      this.#update(room, found)
      await sharing.open(found)
      this.#deps.found(room, found.sessions)
      open.opening = undefined
      settle(true)
      const latest = this.#latest(session, found.sessions.get(session.id))
      return await this.#ready(open, key, plan, latest, comer, storedOf(found.seats, session.id, key))
    } catch (error) {
      // The store may have its row all the same.
      sharing.rows.release(key)
      discard(open)
      settle(false)
      throw error
    }
  }

  #refusal(found: StoredState, session: Authenticated): CloseReason | undefined {
    const room = readStoredRoom(session.roomId, found.room, this.#deps.warn)
    if (room === 'deleted') return 'room_gone'
    return this.#isGone(found.sessions.get(session.id)) ? 'session_invalid' : undefined
  }

  /** Whether the store knows better than what was read before. While it is away it knows nothing. */
  #isGone(text: string | undefined): boolean {
    if (text === undefined) return !this.#deps.isAway()
    return this.#deps.sessions.read(text) === undefined
  }

  #latest(session: Authenticated, text: string | undefined): Authenticated {
    const record = text === undefined ? undefined : this.#deps.sessions.read(text)
    return text === undefined || record === undefined ? session : { ...session, record, text }
  }

  /** The room may have been changed between the read before its opening and that behind. */
  #update(room: Room, found: StoredState): void {
    const stored = readStoredRoom(room.id, found.room, this.#deps.warn)
    if (typeof stored !== 'object' || stored.rev <= room.rev) return
    room.info = stored.room
    room.rev = stored.rev
  }

  async #enter(open: SharedRoom, session: Authenticated, comer: Comer): Promise<Place | CloseReason> {
    const { room, sharing } = open
    const { id } = session
    const here = room.seat(id)
    const known = room.attemptOf(id)
    const attempt = attemptFor(comer, known)
    if (attempt < known) return 'connected_elsewhere'
    const key = sharing.rows.prepare(id, here?.key ?? room.waitingAs(id)?.key)
    const plan = this.#plan(open, session, comer, attempt)
    sharing.rows.noted(key, plan.row)
    // It may be told that one of these is gone before it is told where the session is now.
    const elsewhere = room.presence.allOf(id)
    const isUnknown = comer.resume !== undefined && !isContinued(room, comer.resume, [here, ...elsewhere])
    try {
      const found = await this.#puts(open, session, key, plan.row, isUnknown)
      sharing.rows.landed(key)
      // One that waits sees and sends nothing; the word of its approval reads its session again.
      if (session.record.status === 'pending') return await this.#ready(open, key, plan, session, comer, [])
      if (this.#isGone(found.session)) {
        sharing.rows.release(key)
        room.closeIfEmpty()
        return 'session_invalid'
      }
      const latest = this.#latest(session, found.session)
      const earlier = [...elsewhere, ...storedOf(found.seats, id, key)]
      return await this.#ready(open, key, plan, latest, comer, earlier)
    } catch (error) {
      sharing.rows.release(key)
      room.closeIfEmpty()
      throw error
    }
  }

  /** @param others whether all seats of the room are asked for */
  async #puts(
    open: SharedRoom,
    { id, record }: Authenticated,
    key: SeatName,
    row: SeatRow,
    others: boolean,
  ): Promise<{ readonly session: string | undefined; readonly seats: readonly StoredSeat[] }> {
    const { shared } = this.#deps
    const { room, sharing } = open
    if (sharing.rows.isFound) {
      const found =
        record.status === 'pending'
          ? await shared.put(room.id, new Map([[key, row]])).then(() => ({ session: undefined, seats: [] }))
          : await shared.enter(room.id, key, row, id, others)
      if (sharing.rows.isFound) return found
    }
    // The room is open for what is still on its way to the log. Who came in elsewhere while nobody here had a row has
    // not found this instance, and is not known to it.
    if (!this.#deps.isAway()) await sharing.incoming.findBegin()
    const found = await shared.reopen(room.id, new Map([[key, row]]), room.timeline.read)
    sharing.rows.landed(key)
    this.#update(room, found)
    await sharing.reopened(found)
    return { session: found.sessions.get(id), seats: found.seats }
  }

  async #ready(
    { room, sharing }: SharedRoom,
    key: SeatName,
    plan: Plan,
    session: Authenticated,
    comer: Comer,
    known: readonly Earlier[],
  ): Promise<Place> {
    const { id } = session
    const { resume } = comer
    const isHere = (): boolean => resume === undefined || isContinued(room, resume, [room.seat(id)])
    // Which of them its cursor is of counts, and not which is the latest: a hello that was given up leaves a row too.
    const elsewhere = (): Earlier[] =>
      [...room.presence.allOf(id), ...known].filter((each) => each.attempt > room.leftUpTo(id))
    const continued = (): Earlier | undefined =>
      resume === undefined
        ? undefined
        : latestOf(elsewhere().filter((each) => isContinued(room, resume, [each])))
    const mayLack =
      resume !== undefined &&
      (room.timeline.isAhead(resume) ||
        room.timeline.isBehind(resume) ||
        (!isHere() && continued() !== undefined))
    // What was said before it came, and was not heard here, would come to a new member later [ROOM-4].
    if (mayLack || !this.#deps.isHeard()) {
      // What was answered with `ok` anywhere is in the log by now.
      await sharing.incoming.catchUp().catch((error: unknown) => {
        if (!(error instanceof StoreUnavailable)) throw error
      })
    }
    const earlier =
      isHere() && room.seat(id) !== undefined ? undefined : (continued() ?? latestOf(elsewhere()))
    const attempt = attemptFor(comer, Math.max(room.attemptOf(id), earlier?.attempt ?? 0))
    return {
      room,
      session,
      back: {
        attempt,
        key,
        // Of who waits for approval it says nothing.
        ...(plan.row.pending === true ? {} : { joinedAt: plan.row.joinedAt }),
        ...(plan.start === undefined ? {} : { start: plan.start }),
        ...(comer.resume === undefined ? {} : { resume: comer.resume }),
        ...(earlier === undefined ? {} : { earlier }),
      },
      done: () => {
        sharing.rows.release(key)
        room.closeIfEmpty()
      },
    }
  }

  /** The row as it will be if all goes as it looks now: one that turns out otherwise is put again. */
  #plan({ room }: SharedRoom, { id, record }: Authenticated, { resume }: Comer, attempt: number): Plan {
    if (record.status === 'pending')
      return {
        start: undefined,
        row: { v: 1, attempt, since: attempt, starts: [], joinedAt: 0, pending: true },
      }
    const here = room.seat(id)
    const elsewhere = here === undefined ? room.presence.find(id) : undefined
    const resumes = resume !== undefined && (here ?? elsewhere) !== undefined
    const start = here === undefined && !resumes ? room.timeline.seat() : undefined
    const starts =
      here?.starts ?? (start === undefined ? [...(elsewhere?.starts ?? []), room.continues(id)] : [start])
    return {
      start,
      row: {
        v: 1,
        attempt,
        since: (resumes ? (here?.speaker.since ?? elsewhere?.since) : undefined) ?? attempt,
        starts: [...kept(starts)],
        joinedAt: (here ?? elsewhere)?.joinedAt ?? this.#deps.clock.now(),
      },
    }
  }
}

/** A seat as it is about to be. */
interface Plan {
  readonly row: SeatRow
  /** Where it begins; absent where it is there already. */
  readonly start: Start | undefined
}

/** The same for a room of one instance. */
export const returnOf = ({ attempt, resume }: Comer): Place['back'] => ({
  ...(attempt === undefined ? {} : { attempt }),
  ...(resume === undefined ? {} : { resume }),
})

/** A client that does not count is the latest; one that gives a count twice comes later the second time. */
function attemptFor({ attempt }: Comer, known: number): number {
  if (attempt === undefined) return known + 1
  return attempt === known && known > 0 ? known + 1 : attempt
}

/** Whether a cursor is of one of these seats. */
const isContinued = (
  { timeline }: Room,
  resume: string,
  seats: readonly (Pick<Seat, 'waitedUntil' | 'starts'> | Earlier | undefined)[],
): boolean => seats.some((seat) => seat !== undefined && timeline.continues(resume, startsOf(timeline, seat)))

const latestOf = (seats: readonly Earlier[]): Earlier | undefined =>
  seats.reduce<Earlier | undefined>(
    (latest, seat) => (seat.attempt > (latest?.attempt ?? -1) && seat.starts.length > 0 ? seat : latest),
    undefined,
  )

const storedOf = (seats: readonly StoredSeat[], member: SessionId, own: SeatName): Earlier[] =>
  seats
    .filter((seat) => seat.member === member && seat.key !== own && seat.pending !== true)
    .map(({ attempt, since, starts, joinedAt }) => ({
      attempt,
      since,
      starts: starts.map(({ origin, seat }) => ({ origin: origin as Origin, seat })),
      joinedAt,
      state: {},
    }))
