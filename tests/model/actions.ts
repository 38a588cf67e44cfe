/** What people do to the room. Each action starts something and returns; time does the rest. */
import { CLOSES } from '../../server/protocol/closes.ts'
import type { Paired } from '../../server/protocol/api.ts'
import type { Role } from '../../server/protocol/models.ts'
import type { Client } from './client.ts'
import type { Instance } from './instance.ts'
import type { Drop } from './link.ts'
import { DRAINING, type Run } from './run-state.ts'
import type { Action } from './scenarios.ts'

/** [SESS-3]: a session that ended has no live connection after so long. Milliseconds. */
const CLOSED_WITHIN = 1_000
/** Milliseconds. */
const WRITTEN_EVERY = 50
const DROPS: readonly Drop[] = ['end', 'reset', 'silence']
const KEY = 'k'.repeat(22)

const others = (run: Run, client: Client): Client[] => run.clients.filter((other) => other !== client)
const pickFrom = (run: Run, clients: readonly Client[]): Client | undefined =>
  clients.length === 0 ? undefined : run.world.random.pick(clients)
const speaker = (run: Run): Client | undefined =>
  pickFrom(
    run,
    run.clients.filter(({ isOpen }) => isOpen),
  )
const guests = (run: Run): Client[] => run.clients.slice(1).filter(({ isOver }) => !isOver)

function moves(run: Run): void {
  const { random } = run.world
  const client = pickFrom(
    run,
    run.clients.filter(({ isIn, isOver }) => isIn && !isOver),
  )
  if (client === undefined) return
  const away = random.chance(0.25) ? random.int(300, run.scenario.awayMs) : random.int(5, 300)
  goesAway(run, client, away)
}

/** Loses its connection, or opens another beside it, and perhaps one more before that has been welcomed. */
function goesAway(run: Run, client: Client, awayMs: number): void {
  const { random } = run.world
  if (client.isOpen && random.chance(0.8)) client.drop(random.pick(DROPS))
  run.beside('move', async () => {
    await run.wait(awayMs)
    if (!client.isIn || client.isOver) return
    client.connect()
    if (!random.chance(0.3)) return
    await run.wait(random.int(1, 120))
    if (client.isIn) client.connect()
  })
}

function leaves(run: Run): void {
  const { world } = run
  const client = pickFrom(
    run,
    run.clients.filter(({ phase }) => phase === 'active'),
  )
  if (client === undefined) return
  client.leave()
  run.beside('return', async () => {
    await run.wait(world.random.int(50, 2_000))
    client.connect()
  })
}

/** Some devices at once with one code; one of them comes in [PAIR-2]. */
async function joins(run: Run, role: Role, how: 'scanned' | 'typed'): Promise<void> {
  const { world, ledger, site } = run
  const code = await run.insist(() => site.issue(run.room, role))
  if (code === undefined) return
  const presented = how === 'scanned' ? { secret: code.secret } : { code: code.code }
  const claim = async (device: string): Promise<Paired | undefined> => {
    const body = { ...presented, claimKey: `${device}${KEY}`, deviceName: device }
    const answer = await run.ask('POST /api/pairings', { body })
    return answer.status === 201 ? (answer.body as Paired) : undefined
  }
  const racers = Array.from({ length: world.random.chance(0.3) ? 3 : 1 }, (_, n) => `racer${n}`)
  // The answer of the first comes late, so it asks twice.
  if (world.random.chance(0.3)) racers.push('racer0')
  const won = (await Promise.all(racers.map(claim))).flatMap((paired) => paired ?? [])
  const ids = new Set(won.map(({ session }) => session.id))
  if (ids.size > 1) ledger.violated('PAIR-2', 'claims', `${ids.size} sessions came of one code`)
  const [paired] = won
  if (paired === undefined) return
  const { id, token, status, expiresAt } = paired.session
  const check = paired.check === undefined ? {} : { check: paired.check }
  const client = run.add({ name: run.nameFor(role), id, token, role, ...check })
  world.say(client.name, `came in, ${status}`)
  await untilWritten(run, client)
  if (run.isDeleted) endsBy(client, CLOSES.room_gone, CLOSES.session_invalid)
  if (status === 'pending') {
    world.after(Date.parse(expiresAt) - world.now() - run.clocksDiffer, () => {
      if (client.approval?.done === undefined) endsBy(client, CLOSES.session_invalid)
    })
    run.beside('decision', () => decision(run, client, code.id))
  }
  client.connect()
}

/** Notes whether the store has a session from its making on. */
async function untilWritten(run: Run, client: Client): Promise<void> {
  const look = async (): Promise<void> => {
    client.isKnownToOne = (await run.store.row(`room:${run.room}:sessions`, client.id)) === undefined
    if (client.isKnownToOne && !client.isOver) run.world.after(WRITTEN_EVERY, () => void look())
  }
  await look()
}

const endsBy = (client: Client, ...codes: number[]): void => {
  for (const code of codes) client.mayEndWith.add(code)
}

/** Some hosts look at who waits, and decide. */
async function decision(run: Run, client: Client, pairing: string): Promise<void> {
  const { random } = run.world
  const wrong = client.check === '10' ? '11' : '10'
  const fate = random.chance(run.scenario.undecided)
    ? undefined
    : random.pick(['let in', 'let in', 'let in', 'deny', 'wrong'])
  if (fate === undefined) return
  await run.wait(random.int(0, 1_500))
  const decide = (host: Client): void => {
    const check = fate === 'deny' ? undefined : fate === 'wrong' ? wrong : client.check
    if (fate === 'let in') client.approval ??= { asked: run.world.now(), done: undefined }
    else endsBy(client, CLOSES.kicked, CLOSES.session_invalid)
    host.decide(pairing, check, (ok, code) => {
      run.world.say(host.name, `decided (${fate}): ${ok ? 'ok' : code}`)
      if (ok && fate === 'let in' && client.approval !== undefined) client.approval.done = run.world.now()
    })
  }
  // Hosts that are away for a moment decide a little later; two may do so at once.
  for (let tries = 0; tries < 30; tries += 1) {
    const present = run.present().filter(({ role }) => role === 'host')
    const hosts = present.filter((host) => host.knows.pairings.has(pairing))
    for (const host of hosts.slice(0, random.int(1, 2))) decide(host)
    await run.wait(random.int(200, 500))
    const isDecided = client.isOver || client.approval?.done !== undefined
    if (present.length > 0 && hosts.length === 0 && isDecided) return
  }
}

/** Whether a connection still lives that was welcomed. */
const holds = (run: Run, { links }: Client): boolean =>
  links.some((link) => link.isLive && link.spokeAt !== undefined && !run.isDisturbed(link))

/** A session ends by the given request; soon after no connection of it lives [SESS-3]. */
function ends(
  run: Run,
  client: Client,
  route: string,
  request: { token: string; id?: string },
  code: number,
): void {
  endsBy(client, code, CLOSES.session_invalid)
  // An approval that finds the session gone ends it as a denied one.
  if (client.check !== undefined) endsBy(client, CLOSES.kicked)
  run.beside(route, async () => {
    const { isKnownToOne } = client
    const { status } = await run.ask(route, request)
    if (status === 503) return
    // Who does not know of it yet answers as if it did not exist, and it goes on.
    if (status !== 204 && isKnownToOne) client.isUnknown = true
    // Where it was gone before, its end may still be under way.
    if (status === 204)
      run.world.after(CLOSED_WITHIN, () => {
        if (holds(run, client)) {
          run.ledger.violated('SESS-3', client.name, `lives a second after ${route} was answered ${status}`)
        }
      })

    // A device that signed out does not wait for the server's word.
    if (request.id === undefined && client.isIn) client.vanish('end')
    client.isIn = false
    client.isOver = true
  })
}

/** A host throws somebody out. */
export function kick(run: Run, client: Client): void {
  ends(run, client, 'DELETE /api/room/members/:id', { token: run.hostToken, id: client.id }, CLOSES.kicked)
}

export const ACTIONS: Readonly<Record<Action, (run: Run) => void>> = {
  message: (run: Run) => speaker(run)?.tell('message', undefined),
  messageTo: (run: Run) => {
    const client = speaker(run)
    const to = client && pickFrom(run, others(run, client))
    if (to !== undefined) client?.tell('message', to.id)
  },
  signal: (run: Run) => {
    const client = speaker(run)
    const to = client && pickFrom(run, others(run, client))
    if (to !== undefined) client?.tell('signal', to.id)
  },
  command: (run: Run) => {
    const host = pickFrom(
      run,
      run.clients.filter(({ role, isOpen }) => role === 'host' && isOpen),
    )
    const camera = pickFrom(
      run,
      run.clients.filter(({ role }) => role === 'camera'),
    )
    if (camera !== undefined) host?.tell('command', camera.id)
  },
  state: (run: Run) => speaker(run)?.setState({ n: run.world.random.int(0, 99) }),
  ping: (run: Run) => speaker(run)?.ping(),
  move: moves,
  leave: leaves,
  join: (run: Run) => {
    const { random } = run.world
    const role = random.pick(['camera', 'camera', 'viewer', 'host'] as const)
    if (run.clients.length < run.scenario.mostClients) {
      run.beside('join', () => joins(run, role, random.chance(0.6) ? 'scanned' : 'typed'))
    }
  },
  kick: (run: Run) => {
    const client = pickFrom(run, guests(run))
    if (client !== undefined) kick(run, client)
  },
  signOut: (run: Run) => {
    const client = pickFrom(run, guests(run))
    if (client !== undefined)
      ends(run, client, 'DELETE /api/session', { token: client.token }, CLOSES.session_invalid)
  },
  rename: (run: Run) => {
    const body = { name: `Studio ${run.world.random.int(1, 1_000)}` }
    run.beside('rename', async () => void (await run.ask('PATCH /api/room', { token: run.hostToken, body })))
  },
  /** So much at once that who is away may not be able to resume, or only just. */
  flood: (run: Run) => {
    const { random } = run.world
    const client = pickFrom(run, run.present())
    const away =
      client &&
      pickFrom(
        run,
        others(run, client).filter(({ isIn, isOver }) => isIn && !isOver),
      )
    if (client === undefined || away === undefined) return
    const sizes: readonly (readonly [times: number, pad: number])[] = [
      [random.int(850, 1_050), 0],
      [random.int(52, 66), random.int(15_000, 16_300)],
      // Within a few kilobytes of what a log keeps.
      [64, random.int(16_200, 16_290)],
    ]
    const [times, pad] = random.pick(sizes)
    if (random.chance(0.6)) goesAway(run, away, random.int(400, 900))
    const to = random.chance(0.5) ? undefined : away.id
    for (let time = 0; time < times; time += 1) client.tell('message', to, pad)
  },
}

/** The room is deleted: nobody is left in it [SESS-3]. */
export function deleteRoom(run: Run): void {
  run.isDeleted = true
  for (const client of run.clients) endsBy(client, CLOSES.room_gone, CLOSES.session_invalid)
  run.beside('delete', async () => {
    const { status } = await run.ask('DELETE /api/room', { token: run.hostToken })
    if (status === 503) return
    await run.wait(CLOSED_WITHIN)
    for (const client of run.clients) {
      if (holds(run, client)) {
        run.ledger.violated('SESS-3', client.name, `lives a second after its room was deleted (${status})`)
      }
    }
  })
}

/** Every socket is told to come back and closed with 1012; what is left after a while is cut [DRAIN-1]. */
export function drain(run: Run<Instance>): void {
  run.world.say('server', 'drains')
  run.isDraining = true
  for (const client of run.clients) endsBy(client, ...DRAINING)
  run.site.hub.drain()
  run.world.after(CLOSED_WITHIN, () => {
    for (const client of run.clients) {
      if (client.links.some((link) => link.isLive))
        run.ledger.violated('DRAIN-1', client.name, 'is still connected')
    }
  })
}
