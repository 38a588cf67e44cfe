import type { CursorText, SessionId } from '../protocol/ids.ts'
import type { RoomEvent } from '../protocol/messages.ts'
import type { Concern, Outgoing } from './batch.ts'
import { fanOut, openText, type Said } from './fan-out.ts'
import { ALL, type Audience } from './log.ts'
import { OpenCommands } from './open-commands.ts'
import type { Seat } from './seat.ts'
import type { Timeline } from './timeline.ts'
import type { Framed } from './wire.ts'

/** A place, at once or once the event is in the stored log. */
export type Published = CursorText | Promise<CursorText>

/** An event before the room gave it its place, which is written behind it. */
type Body<E = RoomEvent> = E extends unknown ? Omit<E, 'at'> : never

/** The way into the log that other instances read. */
interface WayOut {
  add(event: Outgoing): Promise<CursorText>
}

/** The way of a room's events: their place in its log, and who of its members here gets them. */
export class RoomEvents {
  readonly commands = new OpenCommands()
  /** Told of what instances must know of an event; false: it is not to be delivered. */
  concerned: (event: Pick<Outgoing, 'concern' | 'open'>, own: boolean) => boolean = () => true
  readonly #seats: ReadonlyMap<SessionId, Seat>
  readonly #timeline: Timeline
  readonly #shared: () => WayOut | undefined

  /** @param shared absent where no other instance can be */
  constructor(seats: ReadonlyMap<SessionId, Seat>, timeline: Timeline, shared: () => WayOut | undefined) {
    this.#seats = seats
    this.#timeline = timeline
    this.#shared = shared
  }

  /** Gives an event its place, keeps it for a resume and sends it to those it is meant for [ROOM-3, ROOM-4]. */
  publish(body: Body, from: SessionId | undefined, audience: Audience, concern?: Concern): Published {
    return this.#send(JSON.stringify(body).slice(0, -1), from, audience, concern)
  }

  /** Publishes a member's message or signal, to one member or to all, with its data as the sender wrote it. */
  passOn(said: Said): Published {
    const { from, to } = said
    return this.#send(openText(said), from, to === undefined ? ALL : { kind: 'member', id: to })
  }

  #send(open: string, from: SessionId | undefined, audience: Audience, concern?: Concern): Published {
    const shared = this.#shared()
    if (shared === undefined) {
      if (concern !== undefined) this.#learn({ concern, open }, true)
      fanOut(this.#seats, this.#timeline.own(open, from, audience), from, audience)
      return this.#timeline.at
    }
    const seat = from === undefined ? undefined : this.#seats.get(from)
    const moved = seat?.moved === true
    if (seat !== undefined) seat.moved = false
    return shared.add({ open, from, audience, speaker: seat?.speaker, concern, moved })
  }

  /** An own event is in the stored log, or the store is away: its members here get it. */
  place({ open, from, audience, speaker, concern }: Outgoing): void {
    if (concern !== undefined && !this.#learn({ concern, open }, true)) this.#timeline.pass()
    else fanOut(this.#seats, this.#timeline.own(open, from, audience, speaker), from, audience)
  }

  /** Whether an event of another instance is to be delivered; the room learns from it. */
  learn(event: Outgoing): boolean {
    return event.concern === undefined || this.#learn(event, false)
  }

  /** Hands an event of another instance to those here that it is meant for. */
  deliverForeign(framed: Framed, { from, audience }: Outgoing): void {
    fanOut(this.#seats, framed, from, audience)
  }

  #learn(event: Pick<Outgoing, 'concern' | 'open'>, own: boolean): boolean {
    if (event.concern !== undefined) this.commands.learn(event.concern)
    return this.concerned(event, own)
  }
}
