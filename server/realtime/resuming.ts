import type { Origin } from './cursor.ts'
import type { LogEvent } from './log.ts'
import type { Earlier, Seat, Visitor } from './seat.ts'
import type { Start, Timeline } from './timeline.ts'
import type { Framed } from './wire.ts'

/** What a connection that comes back is to be sent. */
export interface Missed {
  readonly frames: readonly Framed[]
  /** Numbers of other origins up to which it has seen events that this instance has not. */
  readonly ahead: ReadonlyMap<Origin, number> | undefined
}

/**
 * What a visitor missed behind the place it says it saw last. All or nothing: never a part [RES-1].
 * @param earlier its seat, here or elsewhere
 */
export function missedBy(
  timeline: Timeline,
  visitor: Visitor,
  earlier: Earlier | Seat | undefined,
  resume: string | undefined,
): Missed | undefined {
  if (earlier === undefined || resume === undefined) return undefined
  const waitedUntil = 'waitedUntil' in earlier ? earlier.waitedUntil : undefined
  const starts: readonly Start[] =
    waitedUntil === undefined ? earlier.starts : [{ origin: timeline.origin, seat: 0 }]
  const missed = timeline.missed(resume, starts)
  if (missed === undefined) return undefined
  const ahead = [...missed.cursor.counts].filter(([origin, n]) => n > timeline.countOf(origin))
  const frames = missed.events
    .filter((event) => event.n > (waitedUntil?.get(event.origin) ?? -1) && isMeant(visitor, event))
    .map(({ framed }) => framed)
  return { frames, ahead: ahead.length === 0 ? undefined : new Map(ahead) }
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
