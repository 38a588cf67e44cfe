/** What holds all along a run, while everything moves: who is there long enough is seen, and who is gone is not. */
import type { Client } from '../client.ts'
import type { Link } from '../link.ts'
import type { Run } from '../run-state.ts'
import { LOST_WITHIN } from './faults.ts'
import type { Fleet } from './fleet.ts'
import type { SeveralScenario } from './scenarios.ts'
import { Server } from './server.ts'

/** Milliseconds. */
const LOOK_EVERY = 250
/** [ROOM-1], in a fair weather and in a foul one. */
const SEEN_WITHIN = 1_000
const SEEN_IN_FOUL_WEATHER = 5_000
/** What is under way to a client when it is looked at. */
const UNDER_WAY = 350

const serverOf = ({ entrance }: Link): Server | undefined =>
  entrance instanceof Server ? entrance : undefined

/** Where a client is connected, welcomed and seen by nobody else's hand, for how long, if it is. */
function placeOf(
  { links, phase, isIn, activeAt }: Client,
  now: number,
): { server: Server; forMs: number } | undefined {
  const link = links.at(-1)
  if (link?.spokeAt === undefined || !link.isLive || !link.isHeld || phase !== 'active' || !isIn)
    return undefined
  const server = serverOf(link)
  return server === undefined ? undefined : { server, forMs: now - Math.max(link.spokeAt, activeAt) }
}

/** Within how long everybody is to know of a change of members [ROOM-1]. Milliseconds. */
export const seenWithin = ({ weather }: Pick<SeveralScenario, 'weather'>): number =>
  weather.failing > 0 || weather.slow.chance > 0 ? SEEN_IN_FOUL_WEATHER : SEEN_WITHIN

export function watch(run: Run<Fleet>, scenario: SeveralScenario): void {
  const { world, site, ledger } = run
  const within = seenWithin(scenario) + UNDER_WAY
  /** Each is told once. */
  const told = new Set<string>()
  const broken = (rule: string, seer: Client, seen: Client, what: string): void => {
    const key = `${seer.name} ${seen.name} ${what}`
    if (!told.has(key)) ledger.violated(rule, seer.name, `${what} ${seen.name}`)
    told.add(key)
  }
  /** Whether it was sound for long enough to have heard everything. */
  const isSound = (server: Server): boolean => server.isSound && server.troubledUntil < world.now()

  const look = (): void => {
    world.after(LOOK_EVERY, look)
    const now = world.now()
    if (scenario.post.lost > 0 || site.disturbedUntil > now || run.isDeleted) return
    for (const seer of run.clients) {
      const place = placeOf(seer, now)
      if (place === undefined || place.forMs < within || !isSound(place.server)) continue
      for (const other of run.clients) {
        if (other === seer) continue
        const seen = seer.knows.members.get(other.id)
        // One that is being sent away is gone for others before its connection is closed.
        const there = other.isSentAway ? undefined : placeOf(other, now)
        if (there !== undefined && there.forMs >= within && isSound(there.server) && seen?.connected !== true)
          broken('ROOM-1', seer, other, seen === undefined ? 'does not see' : 'sees as away')
        if (seen?.connected === true && isLongGone(other, now, within, site.disturbedUntil))
          broken('SYNC-3', seer, other, 'still sees')
      }
    }
  }
  look()
}

/**
 * Whether no instance that lives holds a connection of it, and all others know.
 * @param disturbedUntil nobody is taken for dead while the store is away [STORE-4], so that its timeout begins after that
 */
function isLongGone({ links }: Client, now: number, within: number, disturbedUntil: number): boolean {
  return links.every((link) => {
    if (link.isLive) return false
    const server = serverOf(link)
    if (link.spokeAt === undefined || link.endedAt === undefined || server === undefined) return true
    // What a killed or troubled instance held is lost after its timeout.
    const isKnown = !server.isDead && server.troubledUntil < link.endedAt
    if (isKnown) return link.endedAt + within < now
    return Math.max(link.endedAt, disturbedUntil) + LOST_WITHIN + within < now
  })
}
