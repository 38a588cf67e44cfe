/** Whether a client that came back was to resume [RES-1]. */
import { CLOSES } from '../../server/protocol/closes.ts'
import { LOG_MAX_BYTES, LOG_MAX_EVENTS } from '../../server/protocol/limits.ts'
import type { Ledger } from './ledger.ts'
import type { Link } from './link.ts'

/** Bytes of an event around its data, at least and at most. */
const AROUND = { least: 0, most: 400 }
/** How long before it is read a cursor may have been written, and an answer be under way. Milliseconds. */
const UNDER_WAY = 1_000
/** Pairing events and the like, which the ledger does not hold. */
const OTHERS = 20

/** Whether more went by than a log keeps, as far as clients can tell. */
export function passedBy(ledger: Ledger, seenAt: number, backAt: number): 'too much' | 'little' | 'unclear' {
  let [least, leastBytes, most, mostBytes] = [0, 0, OTHERS, OTHERS * AROUND.most]
  for (let at = ledger.events.length - 1; at >= 0; at -= 1) {
    const sent = ledger.events[at]
    if (sent === undefined || sent.answer?.ok === false) continue
    const answeredAt = sent.answer?.at ?? Infinity
    if (answeredAt > seenAt - UNDER_WAY) {
      most += 1
      mostBytes += sent.bytes + AROUND.most
    }
    if (sent.sentAt > seenAt && answeredAt < backAt) {
      least += 1
      leastBytes += sent.bytes + AROUND.least
    }
  }
  if (least > LOG_MAX_EVENTS || leastBytes > LOG_MAX_BYTES) return 'too much'
  return most <= LOG_MAX_EVENTS && mostBytes <= LOG_MAX_BYTES ? 'little' : 'unclear'
}

/** The longest that nothing held the seat between these links; for ever, where it was left. Milliseconds. */
export function longestGap(links: readonly Link[]): number {
  const welcomed = links.filter((link) => link.spokeAt !== undefined)
  welcomed.sort((a, b) => (a.spokeAt ?? 0) - (b.spokeAt ?? 0))
  if (welcomed.some(({ closedWith }) => closedWith === CLOSES.left)) return Infinity
  let [longest, heldUntil] = [0, Infinity]
  for (const [index, { spokeAt = 0, endedAt = Infinity }] of welcomed.entries()) {
    if (index > 0) longest = Math.max(longest, spokeAt - heldUntil)
    heldUntil = index === 0 ? endedAt : Math.max(heldUntil, endedAt)
  }
  return longest
}

/** A client that comes back with a place: the links of its chain, when it saw that place, when it said hello. */
export interface Back {
  readonly links: readonly Link[]
  readonly seenAt: number
  /** The connection on which it saw that place. */
  readonly seenOn: Link | undefined
  readonly helloAt: number
  /** Its place is of the time when it waited for approval. */
  readonly waited: boolean
}

/**
 * Within the window and the log it must resume, behind either it must not.
 * @returns what is wrong, if something is
 */
export function wrongResume(
  resumed: boolean,
  ledger: Ledger,
  windowMs: number,
  back: Back,
): string | undefined {
  const gap = longestGap(back.links)
  const passed = passedBy(ledger, back.seenAt, back.helloAt)
  if (resumed && gap > windowMs) return 'resumed although it had left'
  if (resumed && passed === 'too much') return 'resumed over more than the log keeps'
  if (!resumed && gap < windowMs && passed === 'little') return 'did not resume within the window'
  return undefined
}
