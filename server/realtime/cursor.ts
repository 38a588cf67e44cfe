import { nanoid } from 'nanoid'
import type { CursorText } from '../protocol/ids.ts'

/**
 * One opening of a room by one instance; never reused, since numbers that start again look like events already seen.
 * Letters and digits alone, so that no sign of a cursor stands in it.
 */
export type Origin = string & { readonly __origin: unique symbol }

export const newOrigin = (): Origin => nanoid<Origin>(10).replaceAll(/[^A-Za-z0-9]/g, '0') as Origin

/** Id of an entry of the room's log in the store, `<ms>-<n>`. */
export type EntryId = string

/**
 * A place in a room: what was seen of each origin's events, and how many seats had been taken at it, so that a place
 * from before a seat can be told from the first of that seat.
 *
 * As text: `[!<entry id>.]<origin>~<n>[~<seats>].…`, numbers to the base 36.
 */
export interface Cursor {
  /** Everything up to this entry of the stored log was seen. */
  readonly read: EntryId | undefined
  readonly counts: ReadonlyMap<Origin, number>
  readonly seats: ReadonlyMap<Origin, number>
}

const PART = /^([A-Za-z0-9]{1,32})~([0-9a-z]{1,10})(?:~([0-9a-z]{1,10}))?$/
const READ = /^!(\d{1,20}-\d{1,20})$/

/** One origin's part of a cursor. */
export const partText = (origin: Origin, n: number, seats?: number): string =>
  seats === undefined ? `${origin}~${n.toString(36)}` : `${origin}~${n.toString(36)}~${seats.toString(36)}`

/** @param others the parts of other origins, each with a dot before it */
export const cursorText = (
  read: EntryId | undefined,
  origin: Origin,
  n: number,
  seats: number,
  others = '',
): CursorText =>
  `${read === undefined ? '' : `!${read}.`}${origin}~${n.toString(36)}~${seats.toString(36)}${others}` as CursorText

/** Reads a cursor; nothing where the text is none. Whether its places have been is for the timeline to tell. */
export function readCursor(text: string): Cursor | undefined {
  const parts = text.split('.')
  const [first = ''] = parts
  const read = READ.exec(first)?.[1]
  if (read !== undefined) parts.shift()
  const counts = new Map<Origin, number>()
  const seats = new Map<Origin, number>()
  const named = new Set<string>()
  for (const part of parts) {
    const [, origin, n, taken] = PART.exec(part) ?? []
    if (origin === undefined || n === undefined || named.has(origin)) return undefined
    named.add(origin)
    const number = Number.parseInt(n, 36)
    if (!Number.isSafeInteger(number)) return undefined
    // Nothing beyond what was read.
    if (number > 0) counts.set(origin as Origin, number)
    if (taken !== undefined) seats.set(origin as Origin, Number.parseInt(taken, 36))
  }
  return named.size === 0 ? undefined : { read, counts, seats }
}

// Longer is larger: parts of ids have no leading zeros, and may be more than a number holds exactly.
const compareParts = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)

/** The order of two entries in a log: below 0 where the first one stands before the other. */
export function compareIds(id: EntryId, other: EntryId): number {
  const [dash, otherDash] = [id.indexOf('-'), other.indexOf('-')]
  // Nearly all are of one length, and compared for each event.
  if (dash === otherDash && id.length === other.length) return id < other ? -1 : id > other ? 1 : 0
  return (
    compareParts(id.slice(0, dash), other.slice(0, otherDash)) ||
    compareParts(id.slice(dash + 1), other.slice(otherDash + 1))
  )
}

/** Whether an entry stands behind another in a log. */
export const isBehind = (id: EntryId, other: EntryId): boolean => compareIds(id, other) > 0

/** A cursor of any origins as text. */
export function textOf({ read, counts, seats }: Cursor): CursorText {
  const origins = new Set([...counts.keys(), ...seats.keys()])
  const parts = [...origins].map((origin) => partText(origin, counts.get(origin) ?? 0, seats.get(origin)))
  return [...(read === undefined ? [] : [`!${read}`]), ...parts].join('.') as CursorText
}
