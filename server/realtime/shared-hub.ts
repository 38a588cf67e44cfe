import type { Bus } from '../bus/bus.ts'
import type { Clock } from '../domain/clock.ts'
import type { HealthSource } from '../domain/health.ts'
import { StoreUnavailable } from '../domain/refusal.ts'
import type { StoredRoom } from '../domain/rooms.ts'
import type { Authenticated, Sessions } from '../domain/sessions.ts'
import { shapeOfStored, type SharedRooms } from '../domain/shared-rooms.ts'
import type { CloseReason } from '../protocol/closes.ts'
import type { InstanceId, RoomId, SessionId } from '../protocol/ids.ts'
import type { Member } from '../protocol/models.ts'
import type { Outgoing } from './batch.ts'
import { Doorway, type Comer, type Place, type SharedRoom } from './doorway.ts'
import type { Letter } from './letters.ts'
import { Inquiry } from './inquiry.ts'
import { OutsideEvents } from './outside.ts'
import { Pauses } from './pauses.ts'
import { Post } from './post.ts'
import { reopen, type ReopeningDeps } from './reopening.ts'
import type { Room } from './room.ts'
import { Sharing } from './sharing.ts'
import { Tidings } from './tidings.ts'
import type { SharingDeps } from './ways.ts'

/** What a hub is given where instances share its rooms. */
export interface SharedOptions {
  readonly shared: SharedRooms
  readonly bus: Bus
  readonly health: HealthSource
  readonly sessions: Sessions
  readonly instance: InstanceId
  readonly peerTimeoutMs: number
  /** Where other instances reach this one for media; absent: nowhere. */
  readonly internalUrl?: () => string | undefined
}

/** What it asks of the hub. */
export interface SharedHubDeps extends SharedOptions, ReopeningDeps {
  readonly clock: Clock
  readonly resumeWindowMs: number
  readonly random: () => number
  readonly makeRoom: (stored: StoredRoom) => Room
  readonly hasEnded: (id: SessionId) => boolean
  readonly log: {
    debug(fields: object, text: string): void
    info(fields: object, text: string): void
    warn(fields: object, text: string): void
    error(fields: object, text: string): void
  }
}

/** After an outage rooms are looked at a few at a time, so that the store is not run over. */
const AT_ONCE = 4
/** Many instances come back at once: each begins within this time. Milliseconds. */
const JITTER = 500
/** What others made while the store was away is there by then [STORE-4]. Milliseconds. */
const WRITTEN_BACK_WITHIN = 5_000
/** What is under way at the end may take so long. Milliseconds. */
const LEAVE_WITHIN = 1_000

/** The part of a hub that deals with other instances. */
export class SharedHub {
  readonly doorway: Doorway
  readonly post: Post
  readonly tidings: Tidings
  readonly #deps: SharedHubDeps
  readonly #rooms = new Map<RoomId, SharedRoom>()
  readonly #outside: OutsideEvents
  /** Between tries of what this instance insists on. */
  readonly #pauses: Pauses
  readonly #inquiry: Inquiry
  readonly #stopHealth: () => void
  #openings = 0
  #returning = false
  #returnAgain = false
  #returnedAt = -Infinity
  /** Seats that were taken on this instance. */
  #seats = 0

  constructor(deps: SharedHubDeps) {
    this.#deps = deps
    const { shared, bus, instance, clock, peerTimeoutMs, health, sessions, log } = deps
    this.#pauses = new Pauses(clock)
    const isAway = (): boolean => this.isAway
    this.tidings = new Tidings({
      shared,
      instance,
      pauses: this.#pauses,
      isAway,
      othersIn: (room) => this.#rooms.get(room)?.room.presence.instances,
      send: (to, draft) => void this.post.send(to, draft),
    })
    this.#outside = new OutsideEvents({ shared, instance, pauses: this.#pauses, isAway })
    this.#inquiry = new Inquiry(clock, (to, draft) => this.post.send(to, draft))
    this.post = new Post({
      bus,
      instance,
      clock,
      peerTimeoutMs,
      log,
      listener: {
        batch: (batch) => {
          const open = this.#rooms.get(batch.room)
          if (open === undefined) {
            this.#sayAbsent(batch.instance, batch.room)
            return
          }
          if (batch.outside !== true) open.sharing.heardFrom(batch.instance)
          open.sharing.incoming.offer(batch)
        },
        letter: (letter) => this.#letter(letter),
        returned: () => this.#returned(),
        dead: (other, rooms) => {
          for (const room of rooms) this.#rooms.get(room)?.sharing.dead(other)
        },
        cut: () => health.check(),
        repeat: () => {
          for (const { sharing } of this.#rooms.values()) sharing.repeatCounts()
        },
      },
    })
    this.doorway = new Doorway({
      shared,
      sessions,
      clock,
      instance,
      isAway,
      // Behind a cut, or a while in which this process was stopped, it has yet to read what it missed.
      isHeard: () => this.post.isOpen && !this.#returning,
      inboxOpened: () => (this.isAway ? Promise.resolve() : this.post.opened()),
      find: (id) => this.#rooms.get(id),
      make: (stored) => this.#make(stored),
      discard: (open) => this.#discard(open),
      found: deps.sessionsFound,
      warn: (what) => log.warn({}, what),
    })
    this.#stopHealth = health.onHealth(() => {
      this.post.storeChanged(this.isAway)
      for (const { sharing } of this.#rooms.values()) sharing.storeChanged()
      if (!this.isAway) this.#returned()
    })
  }

  get isAway(): boolean {
    return this.#deps.health.health.state === 'degraded'
  }

  /** The store was away until a moment ago: others may still have to write what they made meanwhile. */
  get isReturning(): boolean {
    return this.#deps.clock.now() - this.#returnedAt < WRITTEN_BACK_WITHIN
  }

  place(stored: StoredRoom, session: Authenticated, comer: Comer): Promise<Place | CloseReason> {
    return this.doorway.place(stored, session, comer)
  }

  /** The room has nobody here any more. */
  closed(room: Room): void {
    const open = this.#rooms.get(room.id)
    if (open?.room !== room) return
    this.#rooms.delete(room.id)
    open.sharing.close(false).catch((error: unknown) => this.#failed(error))
  }

  /** Publishes to a room that is not open here. */
  publishOutside(room: RoomId, event: Outgoing): void {
    this.#outside.publish(room, event).catch((error: unknown) => this.#failed(error))
  }

  /** Members of a room that is not open here, as the store knows them. @throws StoreUnavailable */
  async membersElsewhere(room: RoomId): Promise<Member[]> {
    const stored = await this.#deps.shared.members(room)
    const holders = new Set(stored.flatMap(({ seat }) => (seat.lost === undefined ? seat.instance : [])))
    const told = await this.#inquiry.members(room, holders)
    return told === undefined ? stored.flatMap((each) => shapeOfStored(each) ?? []) : [...told]
  }

  /** This instance ends: its members keep their seats for whoever takes them up [DRAIN-2]. */
  async leave(): Promise<void> {
    this.#stopHealth()
    this.#pauses.end()
    const leaving = Promise.all([...this.#rooms.values()].map(({ sharing }) => sharing.close(true)))
    await Promise.race([
      leaving,
      new Promise<void>((resolve) => void this.#deps.clock.after(LEAVE_WITHIN, resolve)),
    ])
    this.#rooms.clear()
    await this.post.close()
  }

  #make(stored: StoredRoom): SharedRoom {
    const room = this.#deps.makeRoom(stored)
    const { shared, instance, clock, resumeWindowMs, hasEnded, log } = this.#deps
    this.#openings += 1
    const deps: SharingDeps = {
      shared,
      instance,
      opening: this.#openings,
      clock,
      pauses: this.#pauses,
      resumeWindowMs,
      hasEnded,
      internalUrl: this.#deps.internalUrl ?? (() => undefined),
      neighbours: this.post.neighbours,
      isAway: () => this.isAway,
      isHeard: () => this.post.isOpen,
      post: (to, draft) => this.post.send(to, draft),
      nextSeat: () => (this.#seats += 1),
      changed: (id) => void this.#readRoom(id),
      warn: (what) => log.warn({ room: room.id }, what),
      failed: (error) => this.#failed(error),
    }
    const sharing = new Sharing(room, deps)
    room.shared = sharing
    const open: SharedRoom = { room, sharing, opening: undefined }
    this.#rooms.set(room.id, open)
    return open
  }

  #discard({ room, sharing }: SharedRoom): void {
    if (this.#rooms.get(room.id)?.room === room) this.#rooms.delete(room.id)
    for (const connection of room.dissolve()) connection.close('overloaded')
    sharing.dispose()
  }

  #letter(letter: Letter): void {
    if (letter.from === this.#deps.instance) return
    switch (letter.t) {
      case 'end':
        this.#deps.ended(letter.room, letter.id, letter.ending)
        return
      case 'room-gone':
        this.#deps.roomEnded(letter.room)
        return
      case 'room':
        this.#deps.roomChanged({ room: letter.info, rev: letter.rev })
        return
      case 'members':
        this.#inquiry.answered(letter)
        return
      case 'ask': {
        const members = this.#rooms.get(letter.room)?.room.members() ?? []
        void this.post.send(letter.from, { t: 'members', room: letter.room, ref: letter.ref, members })
        return
      }
      case 'ping':
      case 'pong':
      case 'echo':
      case 'obituary':
        return
      default: {
        const open = this.#rooms.get(letter.room)
        if (open !== undefined) open.sharing.receive(letter)
        else if (letter.t !== 'bye' && letter.t !== 'absent') this.#sayAbsent(letter.from, letter.room)
      }
    }
  }

  #sayAbsent(to: InstanceId, room: RoomId): void {
    void this.post.send(to, { t: 'absent', room, opening: this.#openings })
  }

  /** Others may have taken this instance for dead, or it may have missed what they said. */
  #returned(): void {
    if (this.isAway) return
    this.#returnedAt = this.#deps.clock.now()
    this.#returnAgain = true
    if (this.#returning) return
    this.#returning = true
    this.#deps.clock.after(Math.round(this.#deps.random() * JITTER), () => {
      this.#returnAll().then(
        () => {
          this.#returning = false
          if (this.#returnAgain) this.#returned()
        },
        (error: unknown) => {
          this.#returning = false
          this.#failed(error)
        },
      )
    })
  }

  async #returnAll(): Promise<void> {
    this.#returnAgain = false
    const left = [...this.#rooms.values()].filter(({ opening }) => opening === undefined)
    const work = async (): Promise<void> => {
      for (let open = left.pop(); open !== undefined; open = left.pop()) {
        if (this.#rooms.get(open.room.id) === open) await this.#reopen(open)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  }

  async #reopen({ room, sharing }: SharedRoom): Promise<void> {
    const is = {
      away: () => this.isAway,
      open: () => this.#rooms.get(room.id)?.room === room,
    }
    try {
      await reopen(room, sharing, this.#deps, is)
    } catch (error) {
      this.#failed(error)
      if (error instanceof StoreUnavailable) this.#returnAgain = true
    }
  }

  async #readRoom(id: RoomId): Promise<void> {
    try {
      const stored = await this.#deps.shared.room(id)
      if (stored === 'deleted') this.#deps.roomEnded(id)
      else if (stored !== undefined) this.#deps.roomChanged(stored)
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    const { log } = this.#deps
    // That the store is away was said once, and all that fails meanwhile is caught up when it is back.
    const passing = this.isAway ? log.debug : log.info
    const say = error instanceof StoreUnavailable ? passing : log.error
    say.call(log, { err: error }, 'what instances share could not be kept')
  }
}
