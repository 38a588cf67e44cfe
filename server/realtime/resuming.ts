import { textOf, type Cursor } from './cursor.ts'
import type { LogEvent } from './log.ts'
import { startsOf, type Earlier, type Seat, type Visitor } from './seat.ts'
import type { Timeline } from './timeline.ts'
import { framedAt, type Framed } from './wire.ts'

/**
 * What a visitor missed behind the place it says it saw last. All or nothing: never a part [RES-1].
 * @param earlier its seat, here or elsewhere
 * @param isShared whether it may have been on another instance
 */
export function missedBy(
  timeline: Timeline,
  visitor: Visitor,
  earlier: Earlier | Seat | undefined,
  resume: string | undefined,
  isShared: boolean,
): Framed[] | undefined {
  if (earlier === undefined || resume === undefined) return undefined
  const waitedUntil = 'waitedUntil' in earlier ? earlier.waitedUntil : undefined
  const missed = timeline.missed(resume, startsOf(timeline, earlier))
  if (missed === undefined) return undefined
  const isFor = (event: LogEvent): boolean =>
    event.n > (waitedUntil?.get(event.origin) ?? -1) && isMeant(visitor, event)
  return isShared
    ? replayed(timeline, missed.events, missed.cursor, isFor)
    : missed.events.filter(isFor).map(({ framed }) => framed)
}

/**
 * Missed events with their places. What was framed here does not know what the client has seen elsewhere: each place
 * is that of the client and what has been replayed to it.
 */
function replayed(
  timeline: Timeline,
  events: readonly LogEvent[],
  cursor: Cursor,
  isFor: (event: LogEvent) => boolean,
): Framed[] {
  const counts = new Map(cursor.counts)
  const { origin, seat } = timeline.place
  const seats = new Map(cursor.seats).set(origin, seat)
  counts.set(origin, counts.get(origin) ?? 0)
  return events.flatMap((event) => {
    counts.set(event.origin, Math.max(event.n, counts.get(event.origin) ?? 0))
    return isFor(event) ? [framedAt(event.framed, textOf({ read: cursor.read, counts, seats }))] : []
  })
}

function isMeant({ id, role }: Visitor, { from, audience }: LogEvent): boolean {
  if (from === id) return false
  switch (audience.kind) {
    case 'all':
      return true
    case 'hosts':
      return role === 'host'
    case 'member':
      return audience.id === id
  }
}
