/** What holds whenever nothing has happened for a second, and at the end of everything. */
import { CLOSES } from '../../server/protocol/closes.ts'
import type { Member } from '../../server/protocol/models.ts'
import type { Client } from './client.ts'
import type { Instance } from './instance.ts'
import type { Run } from './run-state.ts'

/** An answer may be under way for so long in a calm. Milliseconds. */
const ANSWER_WITHIN = 500

const text = (members: Iterable<Member>): string =>
  JSON.stringify([...members].sort((a, b) => (a.id < b.id ? -1 : 1)))

const liveLinks = (client: Client) => client.links.filter((link) => link.isLive && link.spokeAt !== undefined)

export interface StoredRoom {
  readonly name?: string
  readonly gone?: boolean
}

export interface StoredSession {
  readonly status: 'active' | 'pending'
  readonly pairing?: string
  readonly expiresAt: number
  /** It was revoked; this is what stays of it. */
  readonly gone?: boolean
}

/** The sessions that are good now, straight from the store below the distance: no time passes. */
export async function sessionsOf({ store, room, world }: Run): Promise<ReadonlyMap<string, StoredSession>> {
  const rows = await store.rows(`room:${room}:sessions`)
  const sessions = [...rows].map(([id, row]) => [id, JSON.parse(row) as StoredSession] as const)
  return new Map(sessions.filter(([, { expiresAt, gone }]) => gone !== true && expiresAt > world.now()))
}

export const roomOf = async ({ store, room }: Run): Promise<StoredRoom> =>
  JSON.parse((await store.get(`room:${room}`)) ?? '{}') as StoredRoom

/** What the room is now: two equal ones a second apart mean quiet. */
export async function truthOf(run: Run<Instance>): Promise<string> {
  return text(run.site.hub.members(run.room)) + JSON.stringify([...(await sessionsOf(run))])
}

export async function checkQuiet(run: Run<Instance>): Promise<void> {
  const { ledger, site, room, world } = run
  const members = site.hub.members(room)
  const truth = text(members)
  const broken = (rule: string, client: Client, what: string): void =>
    ledger.violated(rule, client.name, what)

  const [sessions, { name, gone }] = await Promise.all([sessionsOf(run), roomOf(run)])
  if (run.isDeleted && gone !== true) ledger.violated('STORE', 'room', 'is back after it was deleted')
  const pairings = [...sessions.values()]
    .flatMap(({ pairing }) => pairing ?? [])
    .sort()
    .join()

  for (const client of run.clients) {
    const live = liveLinks(client)
    const status = sessions.get(client.id)?.status
    const member = members.find(({ id }) => id === client.id)

    if (live.length > 1) broken('SESS-2', client, `has ${live.length} live connections`)
    if (client.isIn && client.isOpen && live[0] !== client.links.at(-1))
      broken('SESS-2', client, 'does not live on its latest connection')
    if (status === undefined && live.length > 0) broken('SESS-3', client, 'lives without a session')
    // A claim that raced the deletion leaves a row behind; without its room it opens nothing.
    if (status !== undefined && client.isOver && !run.isDeleted)
      broken('SESS-3', client, `was ended, but its session is still ${status}`)
    if (client.isIn && status !== client.phase)
      broken('PAIR-5', client, `is ${client.phase} while its session is ${status}`)
    if (member !== undefined && member.connected !== live.length > 0)
      broken('ROOM-2', client, `is shown as ${member.connected ? 'connected' : 'away'}`)
    if (client.phase === 'active' && member === undefined) broken('ROOM-1', client, 'is no member')
    if (
      client.phase === 'active' &&
      client.knows.ownState !== undefined &&
      JSON.stringify(member?.state) !== JSON.stringify(client.knows.ownState)
    ) {
      broken(
        'ROOM-1',
        client,
        `has state ${JSON.stringify(member?.state)} and not ${JSON.stringify(client.knows.ownState)}`,
      )
    }
    if (client.phase === 'active') {
      if (text(client.knows.members.values()) !== truth)
        broken('ROOM-1', client, `sees ${text(client.knows.members.values())}, and there are ${truth}`)
      if (client.knows.roomName !== name)
        broken('ROOM-1', client, `knows the room as ${client.knows.roomName} and not as ${name}`)
      if (client.role === 'host' && [...client.knows.pairings].sort().join() !== pairings) {
        broken(
          'PAIR-5',
          client,
          `sees pairings ${[...client.knows.pairings].join()} wait and not ${pairings}`,
        )
      }
      const left = client.unanswered(world.now() - ANSWER_WITHIN)
      if (left.length > 0) broken('ROOM-3', client, `was never answered to ${left.join()}`)
      client.checkComplete(world.now() - ANSWER_WITHIN)
    }
  }
}

/** Who has left with a word is gone at once. */
export function checkLeft(run: Run<Instance>, left: readonly Client[]): void {
  for (const client of left) {
    if (client.links.at(-1)?.closedWith !== CLOSES.left)
      run.ledger.violated('ROOM-2', client.name, 'left and was not closed with 1000')
    if (run.site.hub.members(run.room).some(({ id }) => id === client.id))
      run.ledger.violated('ROOM-2', client.name, 'left and still has a seat')
  }
}

/** Nobody is left, and nothing waits any more. */
export function checkOver(run: Run<Instance>): void {
  const { ledger, site } = run
  const { rooms, members } = site.hub.counts()
  if (rooms > 0 || members > 0)
    ledger.violated('ROOM-2', 'hub', `still has ${rooms} rooms and ${members} members`)
  if (site.clock.pending > 0) ledger.violated('CLOCK', 'server', `${site.clock.pending} timers still wait`)
  for (const client of run.clients) {
    if (client.links.some((link) => link.isLive))
      ledger.violated('CLOCK', client.name, 'still has a socket on the server')
  }
  if (run.busy > 0) ledger.violated('CLOCK', 'model', `${run.busy} requests or decisions never ended`)
}
