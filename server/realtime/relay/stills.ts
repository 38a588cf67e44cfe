import type { Clock } from '../../domain/clock.ts'
import type { InstanceId, RoomId, SessionId } from '../../protocol/ids.ts'
import {
  LEAST_STILL_COST,
  MAX_WAITING_WITH_STILLS,
  STILLS_BURST,
  STILLS_PER_SECOND,
} from '../../protocol/limits.ts'
import type { Role } from '../../protocol/models.ts'
import {
  encodeLinkedStill,
  readLinkedStill,
  readStill,
  stillPrefix,
  type LinkedStill,
  type Still,
} from '../../protocol/still-frames.ts'
import { endOf, type StillEnd } from '../../protocol/still-ends.ts'
import type { Connection } from '../connection.ts'
import type { Room } from '../room.ts'
import { mediaFrame } from '../wire.ts'
import { ByteBudget } from './byte-budget.ts'

/** The way to another instance. */
export interface StillLink {
  /** Takes a frame or, where the way is not open or full, drops it. */
  send(bytes: Uint8Array): 'sent' | 'dropped'
  close(): void
}

/** What went through here since the start. */
export interface StillCounts {
  /** Packets to members here and to other instances, or to nobody. */
  sent: number
  dropped: number
  /** Of the packets that were sent, with what stands before them. */
  bytes: number
  /** How photos of members here ended, by the word of the one who ended it. */
  readonly ends: Map<StillEnd, number>
}

export interface StillsOptions {
  readonly clock: Clock
  /** Whether what a member sends is bounded. */
  readonly rateLimits: boolean
  /** A room that is open here. */
  readonly room: (id: RoomId) => Room | undefined
  /** Absent where no other instance can be. `ended`: it has been idle, or another one is to be opened. */
  readonly openLink?: (
    to: { readonly instance: InstanceId; readonly url: string },
    ended: () => void,
  ) => StillLink
}

/** Members of whom a connection's last end is remembered; beyond it all are forgotten, and one may count twice. */
const MOST_REMEMBERED = 256

/** Photos go from cameras to hosts, and what hosts say of them back [SESS-4]. */
const isPair = (one: Role | undefined, other: Role | undefined): boolean =>
  (one === 'camera' && other === 'host') || (one === 'host' && other === 'camera')

/**
 * Packets of photos between a camera and a host, each to one member. They are hints, as on any network: one that finds
 * its reader behind, or no way, is dropped, and who sent it sends it again [SEC-4].
 */
export class Stills {
  readonly counts: StillCounts = { sent: 0, dropped: 0, bytes: 0, ends: new Map() }
  readonly #options: StillsOptions
  readonly #budgets = new WeakMap<Connection, ByteBudget>()
  readonly #ended = new WeakMap<Connection, Map<SessionId, number>>()
  readonly #links = new Map<InstanceId, { readonly url: string; readonly link: StillLink }>()

  constructor(options: StillsOptions) {
    this.#options = options
  }

  /** @returns whether the bytes of a member's connection were a packet that it may send */
  sent(room: Room, from: SessionId, connection: Connection, bytes: Uint8Array): boolean {
    const still = readStill(bytes)
    if (still === undefined) return false
    const theirs = room.roleOf(still.member)
    if (theirs !== undefined && !isPair(room.roleOf(from), theirs)) return false
    // Who has left may be sent something all the same: word of that is on its way.
    if (!this.#mayGo(connection, bytes.length) || theirs === undefined) {
      this.counts.dropped += 1
      return true
    }
    this.#noteEnd(connection, still, theirs)
    this.#pass(room, { room: room.id, from, to: still.member, packet: still.packet })
    return true
  }

  /** @returns whether the bytes of another instance were a packet */
  linked(bytes: Uint8Array): boolean {
    const still = readLinkedStill(bytes)
    if (still === undefined) return false
    const room = this.#options.room(still.room)
    const seat = room?.seat(still.to)
    if (room !== undefined && seat !== undefined && isPair(room.roleOf(still.from), seat.role))
      this.#deliver(room, still)
    return true
  }

  /** The instance ends. */
  dispose(): void {
    for (const { link } of this.#links.values()) link.close()
    this.#links.clear()
  }

  #mayGo(connection: Connection, size: number): boolean {
    if (!this.#options.rateLimits) return true
    const now = this.#options.clock.now()
    let budget = this.#budgets.get(connection)
    if (budget === undefined) {
      budget = new ByteBudget(STILLS_PER_SECOND, STILLS_BURST, now)
      this.#budgets.set(connection, budget)
    }
    return budget.take(Math.max(LEAST_STILL_COST, size), now)
  }

  #pass(room: Room, still: LinkedStill): void {
    if (this.#deliver(room, still)) return
    const holder = room.presence.holderOf(still.to)
    const { openLink } = this.#options
    if (holder?.url === undefined || openLink === undefined) {
      this.counts.dropped += 1
      return
    }
    const { instance, url } = holder
    let known = this.#links.get(instance)
    if (known?.url !== url) {
      known?.link.close()
      const link = openLink({ instance, url }, () => {
        if (this.#links.get(instance)?.link === link) this.#links.delete(instance)
      })
      known = { url, link }
      this.#links.set(instance, known)
    }
    const bytes = encodeLinkedStill(still)
    this.#count(known.link.send(bytes), bytes.length)
  }

  #count(outcome: 'sent' | 'dropped', size: number): void {
    this.counts[outcome] += 1
    if (outcome === 'sent') this.counts.bytes += size
  }

  /** A host's receipt, or a camera's word that it gives up; what is said again counts once. */
  #noteEnd(connection: Connection, { member, packet }: Still, theirs: Role): void {
    const end = endOf(packet, theirs === 'host' ? 'camera' : 'host')
    if (end === undefined) return
    const known = this.#ended.get(connection) ?? new Map<SessionId, number>()
    this.#ended.set(connection, known)
    if (known.get(member) === end.transfer) return
    if (known.size >= MOST_REMEMBERED) known.clear()
    known.set(member, end.transfer)
    this.counts.ends.set(end.end, (this.counts.ends.get(end.end) ?? 0) + 1)
  }

  /** @returns whether the member is seated here */
  #deliver(room: Room, { from, to, packet }: LinkedStill): boolean {
    const seat = room.seat(to)
    if (seat === undefined) return false
    const framed = mediaFrame(stillPrefix(from), packet, this.#options.clock.now())
    const outcome =
      seat.link.kind === 'connected'
        ? seat.link.connection.sendMedia(framed, MAX_WAITING_WITH_STILLS)
        : 'dropped'
    this.#count(outcome, framed.size)
    return true
  }
}
