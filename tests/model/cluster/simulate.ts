/** One run with several instances: mischief and misfortune, then a calm in which everything comes right again. */
import type { InstanceId } from '../../../server/protocol/ids.ts'
import { createMemoryStore } from '../../../server/store/memory.ts'
import { ACTIONS, deleteRoom, kick } from '../actions.ts'
import type { Client } from '../client.ts'
import { Ledger } from '../ledger.ts'
import { Run } from '../run-state.ts'
import { figuresOf, mischief, witnessed, type Outcome } from '../simulate.ts'
import { FAIR, type Weather } from '../store.ts'
import { World } from '../world.ts'
import { checkAlone, checkOver, checkQuiet } from './checks.ts'
import { keepAlive } from './devices.ts'
import { Exchange } from './exchange.ts'
import { STRIKES } from './faults.ts'
import { Fleet } from './fleet.ts'
import { createJudge } from './judge.ts'
import type { Backend } from './reach.ts'
import { SEVERAL, type SeveralName, type SeveralScenario } from './scenarios.ts'
import { Server } from './server.ts'
import { seenWithin, watch } from './watch.ts'

/** Milliseconds. */
const QUIET = 1_000
const BACK_WITHIN = 30_000
const LOOK_EVERY = 100
const NOTICED_WITHIN = 60_000
const IDLE = { chance: 0.2, ms: 65_000 }
const MARGIN = 5_000
/** Wall clocks of instances differ by so much at most. */
const SKEW = 400
/** An answer may be under way for so long. */
const UNDER_WAY = 350
/** A link whose server was in trouble so lately need not have heard of an end yet. */
const HEARS_WITHIN = 1_500
/** What nobody answers is given up after a while and done once more: an append, a letter, the end of a row. Milliseconds. */
const DONE_AGAIN_WITHIN = 4_000

/**
 * For how long what was begun in a foul weather may go on in the calm behind it: the contract sets no time for a store
 * that answers late. The checks wait for it instead of bearing it, so that each holds in the end.
 */
const leftOver = ({ failing, slow }: Weather): number =>
  Math.max(failing > 0 ? DONE_AGAIN_WITHIN : 0, slow.chance > 0 ? 2 * slow.delay[1] : 0)

class Story {
  readonly scenario: SeveralScenario
  readonly world: World
  readonly ledger: Ledger
  readonly backend: Backend
  readonly fleet: Fleet
  readonly exchange: Exchange
  readonly counts: Record<string, number> = { elsewhere: 0, afterEnd: 0, excused: 0, lost: 0 }
  #run: Run<Fleet> | undefined
  #settledAt = 0
  #begunAt = 0

  constructor(seed: number, scenario: SeveralScenario, traced: boolean) {
    const world = new World(seed, traced)
    const ledger = new Ledger(world)
    // What was not answered and comes late, behind what its sender sent from elsewhere, is kept from those who have that.
    ledger.arrivedIsTaken = false
    const isCalm = (): boolean => this.#run?.isCalm ?? true
    const calmPost = { lost: 0, doubled: 0 }
    this.exchange = new Exchange(world, () => (isCalm() ? calmPost : scenario.post))
    const publish = (to: InstanceId, text: string): number => this.exchange.publish(to, text)
    this.backend = { store: createMemoryStore({ now: () => world.now(), publish }), isDown: false }
    this.fleet = new Fleet(
      {
        world,
        backend: this.backend,
        exchange: this.exchange,
        settings: scenario.settings,
        weather: () => (isCalm() ? FAIR : scenario.weather),
        fault: (who, what) => ledger.violated('SEC-6', who, what),
        warned: (_who, what) => {
          if (what.includes('does not answer')) this.#count('deaths')
          if (what.includes('were missed')) this.#count('holes')
        },
      },
      SKEW,
    )
    this.scenario = scenario
    this.world = world
    this.ledger = ledger
  }

  get run(): Run<Fleet> {
    if (this.#run === undefined) throw new Error('the run has not begun')
    return this.#run
  }

  async begin(): Promise<void> {
    const { scenario, world, ledger, backend, fleet } = this
    this.#begunAt = world.now()
    for (let count = 0; count < scenario.instances; count += 1) fleet.start()
    // Their inboxes are open before anybody comes, as main.ts has it.
    await world.pass(100)
    if (scenario.isTogether === true) fleet.pinned = fleet.servers[0]
    const resumes = this.counts as { elsewhere: number; afterEnd: number; excused: number }
    this.#run = await Run.begin(
      { scenario, world, ledger, store: backend.store, site: fleet },
      {
        mayRepeat: true,
        // Between instances an event and a welcome have no order but by the time that word takes [ROOM-1].
        notBefore: (link, at) => {
          const server = link?.entrance instanceof Server ? link.entrance : undefined
          // What others said before it came in comes where the store was away then when that is back [STORE-4].
          const isDeaf = server !== undefined && (server.deafUntil > at || server.aloneUntil > at)
          return isDeaf ? -Infinity : at - seenWithin(scenario)
        },
        isAlone: (entrance) => entrance instanceof Server && entrance.aloneUntil > world.now() - UNDER_WAY,
        endedAlone: (entrance) => entrance instanceof Server && entrance.endedAlone,
        wrongResume: createJudge(() => this.#run, resumes),
        heard: (client, message) => {
          if (message.type === 'member-left' && message.reason === 'instance-lost')
            this.#lost(client, message.memberId)
        },
      },
    )
    const { run } = this
    run.isDisturbed = ({ entrance }) => {
      const server = entrance instanceof Server ? entrance : undefined
      const since = world.now() - HEARS_WITHIN
      return (
        fleet.disturbedUntil > since ||
        (server !== undefined && server.troubledUntil > since) ||
        this.#isHardToReach()
      )
    }
    run.clocksDiffer = SKEW
    keepAlive(run)
    watch(run, scenario)
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1
  }

  /** While steps fail or messages are lost, a word may need another try. */
  #isHardToReach(): boolean {
    return (
      this.scenario.weather.failing > 0 ||
      this.scenario.post.lost > 0 ||
      this.scenario.weather.slow.chance > 0
    )
  }

  /** Nobody is lost with an instance that nothing has happened to. */
  #lost(client: Client, member: string): void {
    this.#count('lost')
    const { faults } = this.scenario
    if (!faults.every((fault) => fault === 'outage' || fault === 'cut' || fault === 'deaf')) return
    // One that is cut off alone counts as killed [STORE-4].
    const { links = [] } = this.run.clients.find(({ id }) => id === member) ?? {}
    const isCutOff = links.some(
      ({ entrance }) => entrance instanceof Server && entrance.troubledUntil > this.world.now(),
    )
    if (!isCutOff)
      this.ledger.violated('STORE-4', client.name, `was told that ${member} is lost with its instance`)
  }

  /** Misfortunes, each at its own time. */
  strike(withinMs: number): void {
    const { scenario, world, backend, run } = this
    for (const fault of scenario.faults) {
      world.after(world.random.int(500, withinMs), () => {
        this.#count(fault)
        STRIKES[fault]({
          run,
          backend,
          settledBy: (time) => (this.#settledAt = Math.max(this.#settledAt, time)),
          revoke: (server) => this.#revoke(server),
        })
      })
    }
  }

  #revoke(server: Server): void {
    const { run, world } = this
    const here = run.clients
      .slice(1)
      .filter((client) => !client.isOver && client.links.at(-1)?.entrance === server && client.isOpen)
    if (here.length === 0) return
    const client = world.random.pick(here)
    world.say(client.name, 'is thrown out')
    kick(run, client)
  }

  async calm(): Promise<void> {
    const { world, ledger, run, scenario } = this
    run.isCalm = true
    const isBack = (): boolean =>
      run.clients.every(({ isIn, phase }) => !isIn || phase === 'active' || phase === 'pending')
    const settledAt = world.now() + leftOver(scenario.weather)
    const isOver = (): boolean =>
      world.now() >= Math.max(settledAt, this.#settledAt) && isBack() && run.busy === 0
    for (let waited = 0; !isOver() && waited < BACK_WITHIN + 60_000; waited += LOOK_EVERY)
      await world.pass(LOOK_EVERY)
    if (!isBack()) ledger.violated('RES-1', 'somebody', 'does not come back')
    if (scenario.repairedWithin !== undefined) await world.pass(scenario.repairedWithin)
    await world.pass(QUIET)
    await checkQuiet(run)
    for (const client of run.present()) {
      if (world.random.chance(0.3)) client.setState({ n: world.random.int(100, 999) })
      client.tell('message', undefined)
    }
    await world.pass(2 * QUIET)
    await checkQuiet(run)
    if (!world.random.chance(IDLE.chance)) return
    await world.pass(IDLE.ms)
    await checkQuiet(run)
  }

  async goodbye(): Promise<void> {
    const { run, world, scenario } = this
    if (scenario.isTogether === true) checkAlone(run, this.exchange.sent, world.now() - this.#begunAt)
    for (const client of run.clients) {
      if (!client.isIn) continue
      if (world.random.chance(0.4)) client.leave()
      else client.vanish(world.random.pick(['end', 'reset', 'silence']))
    }
    const { resumeWindowMs, pairingTtlMs } = scenario.settings
    await world.pass(NOTICED_WITHIN + resumeWindowMs + pairingTtlMs + MARGIN)
    await checkOver(run, 5 * NOTICED_WITHIN)
  }
}

/** @returns what broke, and what happened where `traced` */
export async function simulateSeveral(name: SeveralName, seed: number, traced = false): Promise<Outcome> {
  const scenario: SeveralScenario = SEVERAL[name]
  const story = new Story(seed, scenario, traced)
  await story.begin()
  const { run, world, ledger } = story
  await witnessed(run, async () => {
    run.add(run.hostSeat).connect()
    for (let guest = 0; guest < 3; guest += 1) ACTIONS.join(run)
    await world.pass(QUIET)
    for (const [index, ms] of scenario.mischief.entries()) {
      story.strike(ms * 0.8)
      await mischief(run, ms)
      if (index === scenario.mischief.length - 1 && scenario.end === 'delete') {
        deleteRoom(run)
        await mischief(run, 2 * QUIET)
      }
      await story.calm()
    }
    await story.goodbye()
    for (const server of run.site.servers) await server.close()
    await run.store.close()
  })
  return {
    violations: ledger.violations,
    trace: world.trace ?? [],
    figures: { ...figuresOf(run), ...story.counts },
  }
}
