/** One run of one scenario: mischief and calm in turns, then everybody goes. */
import { createMemoryStore } from '../../server/store/memory.ts'
import { drain, deleteRoom, ACTIONS } from './actions.ts'
import { Instance } from './instance.ts'
import { checkLeft, checkOver, checkQuiet, truthOf } from './invariants.ts'
import { Ledger } from './ledger.ts'
import { Run } from './run-state.ts'
import { SCENARIOS, type Action, type Scenario, type ScenarioName } from './scenarios.ts'
import { distantStore, FAIR } from './store.ts'
import { World } from './world.ts'

/** What a run came to, by name; sums of several runs show whether they do what their names promise. */
export type Figures = Readonly<Record<string, number>>

export interface Outcome {
  readonly violations: readonly string[]
  readonly trace: readonly string[]
  readonly figures: Figures
}

/** Milliseconds. */
const QUIET = 1_000
const BACK_WITHIN = 30_000
const LOOK_EVERY = 100
/** The longest that a silent device keeps a socket: two pings of the server and what they wait for. */
const NOTICED_WITHIN = 60_000
const MARGIN = 5_000
const IDLE = { chance: 0.2, ms: 65_000 }

const weighted = ({ weights }: Scenario): Action[] =>
  Object.entries(weights).flatMap(([action, weight]) =>
    Array<Action>(Math.round(weight * 10)).fill(action as Action),
  )

async function begin(seed: number, scenario: Scenario, traced: boolean): Promise<Run<Instance>> {
  const world = new World(seed, traced)
  const ledger = new Ledger(world)
  const store = createMemoryStore({ now: () => world.now() })
  // Made before there is a run that could be in a calm.
  let isCalm = (): boolean => true
  const distant = distantStore(store, world, () => (isCalm() ? FAIR : scenario.weather))
  const site = new Instance({
    world,
    clock: world.clock(),
    id: 'A',
    store: distant,
    settings: scenario.settings,
    fault: (what) => ledger.violated('SEC-6', 'server', what),
  })
  const run = await Run.begin({ scenario, world, ledger, store, site })
  isCalm = () => run.isCalm
  return run
}

export async function mischief(run: Run, ms: number): Promise<void> {
  const { world, scenario } = run
  const choices = weighted(scenario)
  run.isCalm = false
  for (let left = ms; left > 0;) {
    const step = world.random.int(1, scenario.pace)
    await world.pass(step)
    left -= step
    ACTIONS[world.random.pick(choices)](run)
  }
}

/** Everybody who is not gone for good comes back, and what is under way comes to its end. */
async function calm(run: Run<Instance>): Promise<void> {
  const { world, ledger } = run
  run.isCalm = true
  const isBack = (): boolean =>
    run.isDraining ||
    run.clients.every(({ isIn, phase }) => !isIn || phase === 'active' || phase === 'pending')
  for (let waited = 0; (!isBack() || run.busy > 0) && waited < BACK_WITHIN; waited += LOOK_EVERY) {
    await world.pass(LOOK_EVERY)
    // Who lost its connection unheard finds out.
    for (const client of run.clients)
      if (client.isIn && !client.isOpen && waited % 5_000 === 4_900) client.connect()
  }
  // There is no other instance to come back to.
  if (run.isDraining) for (const client of run.clients) client.isIn = false
  if (!isBack()) ledger.violated('RES-1', 'somebody', 'does not come back')
  for (const client of run.present()) {
    // Not always: a state that is told anew would hide that an earlier change was not.
    if (world.random.chance(0.3)) client.setState({ n: world.random.int(100, 999) })
    client.tell('message', undefined)
  }
  await quiet(run)
  if (!world.random.chance(IDLE.chance)) return
  // Long enough for the server to ask twice who is still there.
  await world.pass(IDLE.ms)
  await quiet(run)
}

async function quiet(run: Run<Instance>): Promise<void> {
  for (let looks = 0; looks < 20; looks += 1) {
    const before = await truthOf(run)
    await run.world.pass(QUIET)
    if ((await truthOf(run)) === before) break
  }
  await checkQuiet(run)
}

async function goodbye(run: Run<Instance>): Promise<void> {
  const { world, scenario } = run
  const leaving = run.present().filter(() => world.random.chance(0.5))
  for (const client of leaving) client.leave()
  const isAlone = run.clients.length === 1
  for (const client of run.clients)
    if (client.isIn) client.vanish(isAlone ? 'end' : world.random.pick(['end', 'reset', 'silence']))
  await world.pass(QUIET)
  checkLeft(run, leaving)
  if (isAlone) {
    // Nobody who went unheard and no claim keeps a timer: those of its sockets and its seat end at once or soon.
    await world.pass(scenario.settings.resumeWindowMs + MARGIN)
    checkOver(run)
  }
  await world.pass(
    NOTICED_WITHIN + scenario.settings.resumeWindowMs + scenario.settings.pairingTtlMs + MARGIN,
  )
  checkOver(run)
}

export function figuresOf({ clients, ledger }: Run): Figures {
  const resumes = clients.map(({ resumed }) => resumed)
  return {
    events: ledger.events.length,
    resumed: resumes.reduce((sum, { yes }) => sum + yes, 0),
    notResumed: resumes.reduce((sum, { no }) => sum + no, 0),
    clients: clients.length,
  }
}

/** Does a run's work; nothing that is thrown beside it is overlooked. */
export async function witnessed({ ledger }: Run, work: () => Promise<void>): Promise<void> {
  const unheard = (reason: unknown): void =>
    ledger.violated(
      'SEC-6',
      'process',
      `unhandled rejection: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`,
    )
  process.on('unhandledRejection', unheard)
  try {
    await work()
  } catch (error) {
    ledger.violated('SEC-6', 'run', error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    process.off('unhandledRejection', unheard)
  }
}

/** @returns what broke, and what happened where `traced` */
export async function simulateOne(name: ScenarioName, seed: number, traced = false): Promise<Outcome> {
  const scenario: Scenario = SCENARIOS[name]
  const run = await begin(seed, scenario, traced)
  const { world, ledger } = run
  await witnessed(run, async () => {
    run.add(run.hostSeat).connect()
    for (let guest = 0; guest < 3; guest += 1) ACTIONS.join(run)
    await world.pass(QUIET)
    for (const [index, ms] of scenario.mischief.entries()) {
      await mischief(run, ms)
      if (index === scenario.mischief.length - 1 && scenario.end !== undefined) {
        if (scenario.end === 'drain') drain(run)
        else deleteRoom(run)
        await mischief(run, 2 * QUIET)
      }
      await calm(run)
    }
    await goodbye(run)
    await run.store.close()
  })
  return { violations: ledger.violations, trace: world.trace ?? [], figures: figuresOf(run) }
}
