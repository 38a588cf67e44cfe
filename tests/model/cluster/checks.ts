/** What holds on all instances whenever nothing has happened for a while, and at the end of everything. */
import type { Member } from '../../../server/protocol/models.ts'
import type { Client } from '../client.ts'
import { roomOf, sessionsOf, type StoredSession } from '../invariants.ts'
import type { Run } from '../run-state.ts'
import type { Fleet } from './fleet.ts'
import type { Server } from './server.ts'

/** An answer may be under way for so long in a calm. Milliseconds. */
const ANSWER_WITHIN = 1_000
const MARGIN = 1_000
const ECHO_EVERY = 60_000

const text = (members: Iterable<Member>): string =>
  JSON.stringify([...members].sort((a, b) => (a.id < b.id ? -1 : 1)))

const short = (run: Run<Fleet>, members: Iterable<Member>): string =>
  [...members]
    .map(({ id, connected }) => `${nameOf(run, id)}${connected ? '' : ' (away)'}`)
    .sort()
    .join(', ')

const nameOf = (run: Run<Fleet>, id: string): string =>
  run.clients.find((client) => client.id === id)?.name ?? id

const liveLinks = (client: Client) => client.links.filter((link) => link.isLive && link.spokeAt !== undefined)

/** A session's seat as a row of the store names it. */
interface Row {
  readonly key: string
  /** When somebody noticed that its instance is dead, if somebody has. */
  readonly lostAt: number
  readonly member: string
  readonly instance: string
}

async function rowsOf({ store, room }: Run<Fleet>): Promise<Row[]> {
  const rows = await store.rows(`room:${room}:seats`)
  return [...rows].flatMap(([key, row]) => {
    const { lost } = JSON.parse(row) as { lost?: { at: number } }
    const [, member, instance] = /^(.*)@(.*)#\d+$/.exec(key) ?? []
    return member === undefined || instance === undefined
      ? []
      : [{ key, lostAt: lost?.at ?? -Infinity, member, instance }]
  })
}

/** Whether a server still takes a connection for one that lives whose client went silently: its pings tell it later. */
const isHeld = (client: Client): boolean => liveLinks(client).some((link) => !link.isHeld)

/** Whether a client must be a member now, may be, or must not be. */
function expected(run: Run<Fleet>, client: Client): 'member' | 'maybe' | 'nobody' {
  if (client.isIn) return client.phase === 'active' ? 'member' : 'nobody'
  if (isHeld(client)) return 'maybe'
  const goneAt = Math.max(client.links.at(-1)?.lostAt ?? 0, ...client.links.map(({ endedAt = 0 }) => endedAt))
  return goneAt + run.scenario.settings.resumeWindowMs + MARGIN > run.world.now() ? 'maybe' : 'nobody'
}

export async function checkQuiet(run: Run<Fleet>): Promise<void> {
  const [sessions, room] = await Promise.all([sessionsOf(run), roomOf(run)])
  if (run.isDeleted && room.gone !== true)
    run.ledger.violated('STORE-4', 'room', 'is back after it was deleted')
  const pairings = [...sessions.values()]
    .flatMap(({ pairing }) => pairing ?? [])
    .sort()
    .join()
  for (const client of run.clients) {
    checkConnection(run, client, sessions.get(client.id))
    if (client.phase !== 'active' || !client.isIn) continue
    checkView(run, client, room.name, pairings)
    const left = client.unanswered(run.world.now() - ANSWER_WITHIN)
    if (left.length > 0) run.ledger.violated('ROOM-3', client.name, `was never answered to ${left.join()}`)
    client.checkComplete(run.world.now() - ANSWER_WITHIN)
  }
  await checkInstances(run)
  await checkRows(run)
}

function checkConnection(run: Run<Fleet>, client: Client, session: StoredSession | undefined): void {
  const broken = (rule: string, what: string): void => run.ledger.violated(rule, client.name, what)
  const live = liveLinks(client)
  if (live.length > 1) broken('SESS-2', `has ${live.length} live connections`)
  if (client.isIn && client.isOpen && live[0] !== client.links.at(-1))
    broken('SESS-2', 'does not live on its latest connection')
  if (session === undefined && live.length > 0) broken('SESS-3', 'lives without a session')
  if (session !== undefined && client.isOver && !client.isUnknown && !run.isDeleted)
    broken('SESS-3', `was ended, but its session is still ${session.status}`)
  if (client.isIn && session?.status !== client.phase)
    broken('PAIR-5', `is ${client.phase} while its session is ${session?.status}`)
}

/** What everybody sees: those who are there, and all the same [ROOM-1]. */
function checkView(run: Run<Fleet>, client: Client, roomName: string | undefined, pairings: string): void {
  const broken = (rule: string, what: string): void => run.ledger.violated(rule, client.name, what)
  const seen = client.knows.members
  for (const other of run.clients) {
    const member = seen.get(other.id)
    const expectation = expected(run, other)
    if (expectation === 'member' && member === undefined) broken('ROOM-1', `does not see ${other.name}`)
    if (expectation === 'nobody' && member !== undefined) broken('ROOM-1', `still sees ${other.name}`)
    if (member !== undefined && expectation === 'maybe' && isHeld(other)) continue
    if (member !== undefined && expectation !== 'nobody' && member.connected !== (expectation === 'member'))
      broken('ROOM-2', `sees ${other.name} as ${member.connected ? 'connected' : 'away'}`)
  }
  const first = run.clients.find(({ isIn, phase }) => isIn && phase === 'active')
  if (first !== undefined && text(seen.values()) !== text(first.knows.members.values()))
    broken(
      'ROOM-1',
      `sees other members than ${first.name}: ${text(seen.values())} and ${text(first.knows.members.values())}`,
    )
  const { ownState } = client.knows
  const own = JSON.stringify(first?.knows.members.get(client.id)?.state)
  if (ownState !== undefined && own !== JSON.stringify(ownState))
    broken('ROOM-1', `has state ${own} and not ${JSON.stringify(ownState)}`)
  if (client.knows.roomName !== roomName)
    broken('ROOM-1', `knows the room as ${client.knows.roomName} and not as ${roomName}`)
  const known = [...client.knows.pairings].sort().join()
  if (client.role === 'host' && known !== pairings)
    broken('PAIR-5', `sees pairings ${known} wait and not ${pairings}`)
}

/** Each instance tells of the same members, whether somebody is connected there or not [SYNC-1]. */
async function checkInstances(run: Run<Fleet>): Promise<void> {
  const first = run.clients.find(({ isIn, phase }) => isIn && phase === 'active')
  if (first === undefined || run.isDeleted) return
  // One that has nobody there asks one that has, which costs messages.
  for (const server of run.site.pinned === undefined ? run.site.open : [run.site.pinned]) {
    const { body } = await run.world.through(server.instance.call('GET /api/room', { token: run.hostToken }))
    const members = (body as { members?: Member[] }).members ?? []
    const [told, seen] = [short(run, members), short(run, first.knows.members.values())]
    if (told !== seen) run.ledger.violated('SYNC-1', server.id, `tells of ${told}, and there are ${seen}`)
  }
}

/** A row for each who is there, and none of others [SYNC-4]. */
async function checkRows(run: Run<Fleet>): Promise<void> {
  const rows = await rowsOf(run)
  const broken = (what: string): void => run.ledger.violated('SYNC-4', 'rows', what)
  const living = new Map<string, Server>(run.site.living.map((server) => [server.id, server]))
  const isOpen = run.clients.some((client) => client.isIn && liveLinks(client).length > 0)
  for (const { key, lostAt, member, instance } of rows) {
    const client = run.clients.find(({ id }) => id === member)
    const who = `${client?.name ?? member}@${instance}`
    const server = living.get(instance)
    if (server === undefined) {
      // The window of who was lost with an instance begins when that is noticed (decision 7).
      const isKept = lostAt + run.scenario.settings.resumeWindowMs + MARGIN > run.world.now()
      if (isOpen && !isKept && client !== undefined && expected(run, client) !== 'maybe')
        broken(`${who} is of a dead instance (${key})`)
      continue
    }
    const isHere = client !== undefined && liveLinks(client).some(({ entrance }) => entrance === server)
    if (!isHere && (client === undefined || expected(run, client) !== 'maybe'))
      broken(`${who} is of nobody (${key})`)
  }
  for (const client of run.clients) {
    if (client.phase !== 'active' || !client.isIn) continue
    const own = rows.filter(({ member }) => member === client.id)
    const isThere = own.some(({ instance }) => living.get(instance) === liveLinks(client)[0]?.entrance)
    if (!isThere) broken(`${client.name} has none`)
    if (own.length > 1) broken(`${client.name} has ${own.length}`)
  }
}

/** A room that one instance has alone costs no message but its own echo [SYNC-5]. */
export function checkAlone(run: Run<Fleet>, sent: ReadonlyMap<string, number>, forMs: number): void {
  for (const [inbox, count] of sent) {
    const most = inbox === run.site.pinned?.id ? Math.ceil(forMs / ECHO_EVERY) : 0
    if (count > most) run.ledger.violated('SYNC-5', inbox, `was sent ${count} messages`)
  }
}

/** Nobody is left: nothing waits any more, no row is left of an instance that lives, and no command is sent [SYNC-5]. */
export async function checkOver(run: Run<Fleet>, idleMs: number): Promise<void> {
  const { ledger, site, world } = run
  for (const row of await rowsOf(run)) {
    if (site.living.some(({ id }) => id === row.instance))
      ledger.violated('SYNC-4', 'rows', `${row.key} is left`)
  }
  for (const server of site.living) {
    const { rooms, members } = server.instance.hub.counts()
    if (rooms > 0 || members > 0)
      ledger.violated('ROOM-2', server.id, `still has ${rooms} rooms and ${members} members`)
    if (server.liveLinks.length > 0) ledger.violated('CLOCK', server.id, 'still has sockets')
  }
  if (run.busy > 0) ledger.violated('CLOCK', 'model', `${run.busy} requests or decisions never ended`)
  const before = site.living.map((server) => [server, server.reach.commands] as const)
  await world.pass(idleMs)
  for (const [server, commands] of before) {
    const sent = server.reach.commands - commands
    if (sent > 0) ledger.violated('SYNC-5', server.id, `sent ${sent} commands with nobody there`)
  }
}
