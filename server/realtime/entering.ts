/** What a session brings when it comes into a room, and what becomes of it. */
import type { SeatName } from '../domain/shared-rooms.ts'
import type { CursorText } from '../protocol/ids.ts'
import type { Connection } from './connection.ts'
import type { Earlier, Seat, Visitor } from './seat.ts'
import type { Start, Timeline } from './timeline.ts'
import type { Framed } from './wire.ts'

/** What a `hello` says of earlier connections, and what is known of them. */
export interface Return {
  readonly attempt?: number
  readonly resume?: string
  /** Its row in the store, where instances share the room, and what it says. */
  readonly key?: SeatName
  readonly start?: Start
  readonly joinedAt?: number
  /** Its seat elsewhere. */
  readonly earlier?: Earlier | undefined
}

export type Entered =
  | { readonly kind: 'superseded' }
  | {
      readonly kind: 'entered'
      readonly resumed: boolean
      readonly at: CursorText
      readonly missed: readonly Framed[]
    }

/** A session that waits for approval: it sees and sends nothing [PAIR-5]. */
export interface Waiting extends Visitor {
  readonly connection: Connection
  readonly attempt: number
  readonly key: SeatName | undefined
}

/** A new seat. @param how `starts`: those of the seat it goes on from, if it does */
export function freshSeat(
  { id, role, name, device }: Visitor,
  connection: Connection,
  back: Return,
  how: {
    readonly joinedAt: number
    readonly starts: readonly Start[] | undefined
    readonly timeline: Timeline
    readonly waited: boolean
  },
): Seat {
  const { earlier } = back
  return {
    id,
    role,
    name,
    device,
    joinedAt: earlier?.joinedAt ?? back.joinedAt ?? how.joinedAt,
    starts: how.starts ?? [back.start ?? how.timeline.seat()],
    waitedUntil: how.waited ? how.timeline.counts() : undefined,
    speaker: { attempt: 0, since: 0 },
    key: back.key,
    moved: how.starts !== undefined,
    state: earlier?.state ?? {},
    link: { kind: 'connected', connection },
  }
}
