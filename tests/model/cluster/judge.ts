/** Whether a client that came back to one of several instances was to resume [RES-1, RES-2]. */
import { CLOSES } from '../../../server/protocol/closes.ts'
import { longestGap, passedBy, type Back } from '../continuity.ts'
import type { Link } from '../link.ts'
import type { Run } from '../run-state.ts'
import type { Fleet } from './fleet.ts'
import { Server } from './server.ts'
import { seenWithin } from './watch.ts'

/** What resumes came to, for the figures of a run. */
export interface Resumes {
  /** On another instance than before, and there because that one was gone. */
  elsewhere: number
  afterEnd: number
  /** Not resumed within the window, where the store or the instance was in trouble. */
  excused: number
}

/** A drop near the end of the window may be told either way. Milliseconds. */
const MARGIN = 1_500

const serverOf = (entrance: unknown): Server | undefined =>
  entrance instanceof Server ? entrance : undefined

/**
 * Whether a session left and came back to where that was to be known. Word of it has its time [ROOM-1], and who hears
 * nothing does not hear of it. What goes on from a return that need not have known goes on with as much right.
 */
function isKnownToHaveLeft(welcomed: readonly Link[], knownWithin: number, site: Fleet): boolean {
  const last = welcomed.findLastIndex(
    ({ closedWith }, index) => closedWith === CLOSES.left && index < welcomed.length - 1,
  )
  const [left, back] = [welcomed[last], welcomed[last + 1]]
  const { endedAt } = left ?? {}
  if (back?.spokeAt === undefined || endedAt === undefined) return false
  // Of a leave from an instance that is cut off nobody else knows [STORE-4], and one that hears nothing keeps the seat.
  const isUnheard = [...welcomed.slice(0, last), left, back].some(
    (link) => (serverOf(link?.entrance)?.troubledUntil ?? -Infinity) > endedAt,
  )
  return !isUnheard && site.disturbedUntil <= endedAt && back.spokeAt - endedAt > knownWithin
}

export function createJudge(
  run: () => Run<Fleet> | undefined,
  resumes: Resumes,
): (resumed: boolean, back: Back) => string | undefined {
  return (resumed, back) => {
    const { world, ledger, scenario, site } = run() ?? {}
    if (world === undefined || ledger === undefined || scenario === undefined || site === undefined)
      return undefined
    const windowMs = scenario.settings.resumeWindowMs
    const welcomed = back.links.filter(({ spokeAt }) => spokeAt !== undefined)
    const here = serverOf(welcomed.at(-1)?.entrance)
    const before = serverOf(welcomed.at(-2)?.entrance)
    const gap = longestGap(back.links)
    const lostAt = Math.max(...welcomed.slice(0, -1).map((link) => link.lostAt ?? -Infinity))
    const passed = passedBy(ledger, back.seenAt, back.helloAt)
    if (resumed) {
      if (before !== here) resumes.elsewhere += 1
      if (before?.isDead === true) resumes.afterEnd += 1
      if (passed === 'too much') return 'resumed over more than the log keeps'
      if (isKnownToHaveLeft(welcomed, seenWithin(scenario), site)) return 'resumed although it had left'
      // Who left has been judged. When a seat was lost is known exactly only where its instance lives and was never in trouble.
      const isKnown = welcomed.every(({ entrance }) => {
        const server = serverOf(entrance)
        return server !== undefined && !server.isDead && server.troubledUntil === -Infinity
      })
      if (isKnown && site.disturbedUntil === -Infinity && gap > windowMs + MARGIN && gap < Infinity)
        return 'resumed although its window was over'
      return undefined
    }
    if (passed !== 'little' || gap > windowMs - MARGIN) return undefined
    if (Math.max(back.helloAt, world.now()) - lostAt > windowMs - MARGIN) return undefined
    // What it may have of the time before its approval only the instance knows where it waited.
    if (back.waited && before !== here) return undefined
    // A place that an instance gave while it was cut off is not known elsewhere (decision 7).
    const isTroubled = [
      here,
      before,
      serverOf(back.seenOn?.entrance),
      ...back.links.map(({ entrance }) => serverOf(entrance)),
    ].some((server) => server !== undefined && server.troubledUntil > back.seenAt)
    if (isTroubled || site.disturbedUntil > back.seenAt || scenario.weather.failing > 0) {
      resumes.excused += 1
      return undefined
    }
    return 'did not resume within the window'
  }
}
