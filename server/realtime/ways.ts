import type { Clock } from '../domain/clock.ts'
import type { SharedRooms } from '../domain/shared-rooms.ts'
import type { InstanceId, RoomId, SessionId } from '../protocol/ids.ts'
import { emptyBatchText } from './batch.ts'
import { IncomingEvents } from './incoming.ts'
import type { Draft } from './letters.ts'
import type { Neighbours } from './neighbours.ts'
import { OutgoingEvents } from './outgoing.ts'
import type { Pauses } from './pauses.ts'
import type { Room } from './room.ts'

/** Entries of a log that one which says nothing leaves. */
const KEEP = 1_064

/** What rooms that instances share have in common on this instance. */
export interface SharingDeps {
  readonly shared: SharedRooms
  readonly instance: InstanceId
  /** How many rooms this instance has opened with this one. */
  readonly opening: number
  readonly clock: Clock
  /** Between tries of what this instance insists on. */
  readonly pauses: Pauses
  readonly resumeWindowMs: number
  readonly neighbours: Neighbours
  readonly isAway: () => boolean
  /** Whether the own inbox is open. */
  readonly isHeard: () => boolean
  /** @returns how many listened; nothing where it could not be sent */
  readonly post: (to: InstanceId, draft: Draft) => Promise<number | undefined>
  /** Whether a session is known to have ended: who holds it is told again. */
  readonly hasEnded: (id: SessionId) => boolean
  /** A number for a seat's row, never given twice. */
  readonly nextSeat: () => number
  /** Where other instances reach this one for media. */
  readonly internalUrl: () => string | undefined
  /** Somebody knows of a change of a room that has not come here. */
  readonly changed: (room: RoomId) => void
  readonly warn: (what: string) => void
  readonly failed: (error: unknown) => void
}

/** How events of other instances come to a room's members here. */
export function wayIn(
  room: Room,
  { shared, instance, clock, warn, failed }: SharingDeps,
  ownFound: (last: number, id: string) => void,
): IncomingEvents {
  return new IncomingEvents({
    room: room.id,
    timeline: room.timeline,
    shared,
    clock,
    retell: ({ open, audience }) =>
      void room.shared?.add({ open, audience, from: undefined, speaker: undefined }).catch(failed),
    deliver: (framed, event) => room.events.deliverForeign(framed, event),
    concerns: (event) => room.events.learn(event),
    ownFound,
    isAwaited: ({ concern }) => concern?.kind === 'decided' && room.awaits(concern.pairing),
    mark: async () => {
      const text = emptyBatchText(room.id, room.timeline.origin, instance)
      return (await shared.append(room.id, text, { keep: KEEP, inboxes: [], isAnew: true })).id
    },
    hole: () => {
      warn('events of a room were missed: its members here connect again')
      for (const connection of room.connections()) connection.close('overloaded')
    },
    warn,
    failed,
  })
}

/** How events of a room's members here come into its log and to the other instances. */
export function wayOut(room: Room, deps: SharingDeps, incoming: IncomingEvents): OutgoingEvents {
  const { shared, instance, clock, isAway, neighbours } = deps
  const { timeline, presence } = room
  return new OutgoingEvents({
    room: room.id,
    instance,
    timeline,
    shared,
    clock,
    isAway,
    others: () => presence.instances,
    reachesOthers: (audience) =>
      audience.kind === 'member' ? room.seat(audience.id) === undefined : presence.instances.length > 0,
    deliver: (event) => {
      // Its sender has moved on and was heard from there first.
      if (incoming.isLate(event)) timeline.pass()
      else room.events.place(event)
      incoming.refresh()
    },
    unheard: (other) => neighbours.unheard(other),
    idle: () => room.closeIfEmpty(),
  })
}
