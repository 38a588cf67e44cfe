import { nanoid } from 'nanoid'
import type { CursorText } from '../protocol/ids.ts'

/** One opening of a room; never reused, since numbers that start again look like events already seen. */
export type Origin = string & { readonly __origin: unique symbol }

export const newOrigin = (): Origin => nanoid<Origin>(8)

/** The place behind the n-th event of an origin. */
export const cursorText = (origin: Origin, n: number): CursorText =>
  `${origin}~${n.toString(36)}` as CursorText

/** The number a client saw last of this origin; nothing where the text is of another origin or no cursor. */
export function placeOf(text: string, origin: Origin): number | undefined {
  const prefix = `${origin}~`
  if (!text.startsWith(prefix)) return undefined
  const n = Number.parseInt(text.slice(prefix.length), 36)
  return Number.isSafeInteger(n) && n >= 0 && cursorText(origin, n) === text ? n : undefined
}
