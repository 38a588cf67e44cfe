/** What befalls instances and the store in a run, each at its own time; everything is over some time after. */
import type { Run } from '../run-state.ts'
import { FOUND_OUT_WITHIN } from './devices.ts'
import type { Backend } from './reach.ts'
import type { Fleet } from './fleet.ts'
import type { Fault } from './scenarios.ts'
import { PEER_TIMEOUT, type Server } from './server.ts'

/** An instance that is killed is lost for the others within this time [SYNC-3]. Milliseconds. */
export const LOST_WITHIN = PEER_TIMEOUT + 5_000
/** Who was stopped or cut off, and a room after an outage, is right again so soon [SYNC-4, STORE-4]. Milliseconds. */
const BACK_WITHIN = 5_000
/** An inbox is opened again within this time; then everything is read. Milliseconds. */
const REOPENED_WITHIN = 4_500
/** Between the start of a new instance and the drain of an old one. Milliseconds. */
const ROLL_EVERY = [800, 3_000] as const

export interface Misfortune {
  readonly run: Run<Fleet>
  readonly backend: Backend
  /** Something happened whose consequences are over at the given time. */
  readonly settledBy: (time: number) => void
  /** Ends a session that this server holds. */
  readonly revoke: (server: Server) => void
}

type Strike = (misfortune: Misfortune) => void

const sound = ({ run }: Misfortune): Server | undefined => {
  const servers = run.site.open.filter(({ isSound }) => isSound)
  return servers.length === 0 ? undefined : run.world.random.pick(servers)
}

/** Something is wrong with a server for so long, and right again a while after. */
function troubled({ run, settledBy }: Misfortune, server: Server, ms: number, rightAfter: number): void {
  const { world } = run
  server.troubledUntil = Math.max(server.troubledUntil, world.now() + ms + rightAfter)
  settledBy(world.now() + ms + rightAfter)
}

function cutFor(misfortune: Misfortune, server: Server, deafMs: number, ms: number): void {
  const { world } = misfortune.run
  world.say(server.id, deafMs > 0 ? `hears nothing for ${deafMs}, then is cut for ${ms}` : `is cut for ${ms}`)
  if (deafMs > 0) server.bus.deafen(deafMs, ms)
  else server.bus.cut(ms)
  troubled(misfortune, server, deafMs + ms, REOPENED_WITHIN)
  if (deafMs > 0) server.deafUntil = server.troubledUntil
}

/** Its process ends at once; some of its people do not come back. */
function kill(misfortune: Misfortune, server: Server): void {
  const { run, settledBy } = misfortune
  const { world, clients, site } = run
  world.say(server.id, 'is killed')
  for (const client of clients) {
    const link = client.links.at(-1)
    // Who has an older connection here too has moved on, and does not notice.
    const isHere = link?.isLive === true && link.entrance === server
    if (isHere && client !== clients[0] && world.random.chance(0.25)) {
      client.isIn = false
      world.say(client.name, 'does not come back')
    }
  }
  const isHeard = world.random.chance(0.8)
  server.kill(isHeard)
  // Nobody is taken for dead while the store is away.
  settledBy(Math.max(world.now(), site.disturbedUntil) + LOST_WITHIN)
  if (!isHeard) settledBy(world.now() + FOUND_OUT_WITHIN)
  if (site.open.length < run.site.servers.length)
    world.after(world.random.int(0, 3_000), () => void site.start())
}

function drain({ run, settledBy }: Misfortune, server: Server): void {
  const { world } = run
  world.say(server.id, 'drains')
  server.drain(() => {
    world.say(server.id, 'has exited')
    settledBy(world.now() + LOST_WITHIN)
  })
  // Until it has exited nobody knows when that is.
  settledBy(world.now() + 25_000)
}

export const STRIKES: Readonly<Record<Fault, Strike>> = {
  cut: (misfortune) => {
    const { random } = misfortune.run.world
    const server = sound(misfortune)
    if (server !== undefined)
      cutFor(misfortune, server, 0, random.chance(0.7) ? random.int(50, 2_000) : random.int(2_000, 9_000))
  },
  deaf: (misfortune) => {
    const { random } = misfortune.run.world
    const server = sound(misfortune)
    if (server !== undefined) cutFor(misfortune, server, random.int(100, 5_000), random.int(50, 2_000))
  },
  stop: (misfortune) => {
    const { world } = misfortune.run
    const server = sound(misfortune)
    if (server === undefined) return
    const ms = world.random.int(1_000, 22_000)
    world.say(server.id, `is stopped for ${ms}`)
    server.process.stop()
    // The store may have closed the connection of a reader that does not read.
    if (world.random.chance(0.3)) world.after(world.random.int(0, ms), () => server.bus.cut(0))
    troubled(misfortune, server, ms, BACK_WITHIN)
    world.after(ms, () => {
      world.say(server.id, 'goes on')
      server.process.wake()
    })
  },
  stopIsolate: (misfortune) => {
    const { world } = misfortune.run
    const server = sound(misfortune)
    if (server === undefined) return
    const [ms, alone] = [world.random.int(1_000, 15_000), world.random.int(50, 3_000)]
    world.say(server.id, `is stopped for ${ms}, and then without the store for ${alone}`)
    server.process.stop()
    server.bus.cut(0)
    server.reach.isolate()
    troubled(misfortune, server, ms + alone, BACK_WITHIN)
    world.after(ms, () => {
      world.say(server.id, 'goes on')
      server.process.wake()
    })
    world.after(ms + alone, () => {
      world.say(server.id, 'reaches the store again')
      server.reach.restore()
    })
  },
  isolate: (misfortune) => {
    const { world } = misfortune.run
    const server = sound(misfortune)
    if (server === undefined) return
    const ms = world.random.int(2_000, 15_000)
    world.say(server.id, `is cut off from the store for ${ms}`)
    server.reach.isolate()
    // The store may not know yet that nobody is there.
    if (world.random.chance(0.4)) server.bus.deafen(world.random.int(500, 4_000), 0)
    else server.bus.cut(0)
    troubled(misfortune, server, ms, BACK_WITHIN)
    world.after(ms, () => {
      world.say(server.id, 'reaches the store again')
      server.reach.restore()
    })
  },
  outage: ({ run, backend, settledBy }) => {
    const { world, site } = run
    const ms = world.random.int(1_000, 12_000)
    world.say('store', `is lost for ${ms}`)
    backend.isDown = true
    for (const server of site.living) server.bus.cut(0)
    settledBy(world.now() + ms + BACK_WITHIN)
    site.disturbedUntil = Math.max(site.disturbedUntil, world.now() + ms + BACK_WITHIN)
    // Who was killed before may not be known to be dead yet.
    if (site.servers.some(({ isDead }) => isDead)) settledBy(site.disturbedUntil + LOST_WITHIN)
    world.after(ms, () => {
      world.say('store', 'is back')
      backend.isDown = false
    })
  },
  kill: (misfortune) => {
    const server = misfortune.run.site.open
    if (server.length > 0) kill(misfortune, misfortune.run.world.random.pick(server))
  },
  killAll: (misfortune) => {
    const { world, site } = misfortune.run
    for (const server of site.living) kill(misfortune, server)
    world.after(world.random.int(100, 2_000), () => void site.start())
  },
  drain: (misfortune) => {
    const { site } = misfortune.run
    const server = sound(misfortune)
    if (server === undefined) return
    site.start()
    drain(misfortune, server)
  },
  rolling: (misfortune) => {
    const { world, site } = misfortune.run
    let wait = 0
    for (const server of site.open) {
      world.after(wait, () => {
        if (server.isDead) return
        site.start()
        drain(misfortune, server)
      })
      wait += world.random.int(ROLL_EVERY[0], ROLL_EVERY[1])
    }
    misfortune.settledBy(world.now() + wait + LOST_WITHIN)
  },
  revokeWhileCut: (misfortune) => {
    const { world } = misfortune.run
    const server = sound(misfortune)
    if (server === undefined) return
    cutFor(misfortune, server, 0, world.random.int(800, 4_000))
    world.after(world.random.int(0, 700), () => misfortune.revoke(server))
  },
}
