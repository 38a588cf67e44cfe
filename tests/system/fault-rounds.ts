/** Rounds of chatter with one fault each, drawn from a seed: what a person would not think of. */
import { setTimeout as sleep } from 'node:timers/promises'
import { call } from '../support/app.ts'
import { seeded } from '../support/upstash-double/faults.ts'
import { FAILURES } from '../support/upstash-double/index.ts'
import { Chatter } from './chatter.ts'
import { BACKENDS, Cluster, until, type Backend } from './cluster.ts'

type Random = () => number
const within = (random: Random, least: number, most: number): number => least + random() * (most - least)
const pick = <T>(random: Random, list: readonly T[]): T => {
  const item = list[Math.floor(random() * list.length)]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}

/** Does something bad, and ends it: the cluster is whole when it resolves. */
type Fault = (cluster: Cluster, random: Random) => Promise<void>

/** The store is away for all; how, depends on the way to it. */
async function outage(cluster: Cluster, random: Random): Promise<void> {
  const ms = within(random, 300, 5_000)
  const how = random()
  if (how < 0.3) {
    cluster.redis.pause()
    await sleep(ms)
    cluster.redis.resume()
  } else if (how < 0.6 && cluster.doubles.length > 0) {
    const answer = pick(random, [FAILURES.server, FAILURES.unauthorized, FAILURES.dailyLimit])
    for (const double of cluster.doubles) double.fault({ answer })
    await sleep(ms)
    for (const double of cluster.doubles) double.heal()
  } else {
    // Not all at the same moment.
    for (const way of cluster.ways) {
      await way.shut()
      await sleep(random() * 200)
    }
    await sleep(ms)
    for (const way of cluster.ways) {
      await way.open()
      await sleep(random() * 200)
    }
  }
}

const FAULTS: Readonly<Record<string, Fault>> = {
  none: (_cluster, random) => sleep(within(random, 200, 1_000)),
  async kill(cluster, random) {
    const instance = pick(random, cluster.instances)
    await instance.kill()
    await sleep(random() * 2_000)
    await instance.start()
  },
  async 'kill two'(cluster, random) {
    const spared = pick(random, cluster.instances)
    const killed = cluster.instances.filter((instance) => instance !== spared)
    await Promise.all(killed.map((instance) => instance.kill()))
    await Promise.all(killed.map((instance) => instance.start()))
  },
  async restart(cluster, random) {
    const instance = pick(random, cluster.instances)
    const exit = await instance.stop()
    if (exit?.code !== 0) throw new Error(`an instance ended with ${JSON.stringify(exit)} [DRAIN-1]`)
    await instance.start()
  },
  async pause(cluster, random) {
    const instance = pick(random, cluster.instances)
    instance.pause()
    await sleep(within(random, 200, 9_000))
    instance.goOn()
  },
  async cut(cluster, random) {
    for (let cuts = within(random, 1, 12); cuts > 0; cuts -= 1) {
      pick(random, cluster.ways).cut(random() < 0.5 ? 'end' : 'break')
      await sleep(random() * 250)
    }
  },
  async alone(cluster, random) {
    const { way } = pick(random, cluster.instances)
    await way.shut()
    await sleep(within(random, 200, 9_000))
    await way.open()
  },
  outage,
  async lossy(cluster, random) {
    if (cluster.doubles.length === 0) return FAULTS['cut']?.(cluster, random)
    for (const double of cluster.doubles)
      double.fault({
        messages: {
          seed: Math.floor(random() * 1e6),
          lose: random() * 0.5,
          double: random() * 0.5,
          delay: [0, 80],
        },
      })
    await sleep(within(random, 500, 3_000))
    for (const double of cluster.doubles) double.heal()
  },
  async 'lost answers'(cluster, random) {
    // Done, and not known to be done.
    for (let times = 6; times > 0; times -= 1) {
      const { way } = pick(random, cluster.instances)
      if (way.double === undefined) way.cut()
      else way.double.fault({ loseAnswers: true })
      await sleep(random() * 120)
      way.double?.heal()
    }
  },
}

export interface Outcome {
  readonly seed: number
  readonly backend: Backend
  readonly fault: string
  readonly failure: string | undefined
  readonly said: number
  readonly heard: number
  readonly resumes: number
  readonly chains: number
  /** Milliseconds. */
  readonly took: number
}

/** After a fault a dead instance is noticed, and members are back, within so long on a busy machine. Milliseconds. */
const CONVERGE_WITHIN = 15_000
/** What was lost without a cut the counters show that instances repeat once a minute [SYNC-5]. Milliseconds. */
const REPEATED_WITHIN = 75_000
const MEMBERS = 6

/** What warnings and errors the servers have printed, newest last. */
const complaints = (cluster: Cluster): string =>
  cluster.instances
    .map((instance, n) => {
      const lines = instance.logs().split('\n')
      const serious = lines.filter((line) => /"level":[3456]0/.test(line) && !line.includes('"reqId"'))
      return `instance ${n} (${instance.url}):\n${serious.slice(-25).join('\n')}`
    })
    .join('\n')

/** What a round's seed draws first, and the rest of its draws. */
function drawn(seed: number): { readonly backend: Backend; readonly fault: string; readonly random: Random } {
  const random = seeded(seed * 7_919 + 13)
  const backend = pick(random, BACKENDS)
  return { backend, fault: pick(random, Object.keys(FAULTS)), random }
}

/** Which fault a round has. */
export const faultOf = (seed: number): string => drawn(seed).fault

/** The clusters of rounds, made when a round needs them and kept. */
export class Rounds {
  readonly #clusters = new Map<Backend, Cluster>()

  /** Everything that happens is drawn from the seed, the backend too. */
  async round(seed: number): Promise<Outcome> {
    const { backend, fault, random } = drawn(seed)
    const began = performance.now()
    let cluster: Cluster | undefined
    let chatter: Chatter | undefined
    let failure: string | undefined
    try {
      const here = await this.#cluster(backend)
      cluster = here
      const places = seeded(seed)
      chatter = await Chatter.start({
        seed,
        members: MEMBERS,
        url: here.url(Math.floor(random() * 3)),
        next: () => here.url(Math.floor(places() * 3)),
        pause: 60,
      })
      await this.#disturb(here, chatter, fault, random)
    } catch (error) {
      failure = `${error instanceof Error ? error.message : String(error)}\n${chatter?.faults().join('\n') ?? ''}\n${cluster === undefined ? '' : complaints(cluster)}`
      // The next round is not to suffer from what this one left behind.
      this.#clusters.delete(backend)
      chatter?.end()
      await cluster?.close()
    }
    chatter?.end()
    const { said, heard, resumes, chains } = chatter?.figures() ?? {
      said: 0,
      heard: 0,
      resumes: 0,
      chains: 0,
    }
    return { seed, backend, fault, failure, said, heard, resumes, chains, took: performance.now() - began }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clusters.values()].map((cluster) => cluster.close()))
  }

  async #disturb(cluster: Cluster, chatter: Chatter, fault: string, random: Random): Promise<void> {
    chatter.talk()
    await sleep(within(random, 200, 800))
    const over = new AbortController()
    // Members move all the while.
    const moving = (async () => {
      while (!over.signal.aborted) {
        await sleep(within(random, 100, 900))
        if (!over.signal.aborted) pick(random, chatter.travellers).drop()
      }
    })()
    try {
      await (FAULTS[fault] ?? outage)(cluster, random)
    } finally {
      over.abort()
      await moving
    }
    await sleep(within(random, 0, 500))
    await chatter.live()
    await chatter.quiet()
    const evenWithin = fault === 'lossy' ? REPEATED_WITHIN : CONVERGE_WITHIN
    await chatter.converged(cluster.urls, evenWithin)
    await chatter.heard(evenWithin)
    const closed = chatter.travellers.flatMap(({ isOver: isGone, closes }) =>
      isGone ? closes.slice(-1) : [],
    )
    if (closed.length > 0) throw new Error(`members were sent away for good: ${closed.join(', ')}`)
    await until(
      async () => (await call(cluster.url(0), 'DELETE', '/api/room', { token: chatter.host.token })).status,
      (status) => status === 204,
      5_000,
      'the room is deleted',
    )
    await until(
      () => chatter.travellers.map(({ closes }) => closes.at(-1)),
      (codes) => codes.every((code) => code === 4404),
      5_000,
      'everybody is sent away from it',
    )
  }

  async #cluster(backend: Backend): Promise<Cluster> {
    const known = this.#clusters.get(backend)
    if (known !== undefined) return known
    const cluster = await Cluster.start(backend)
    this.#clusters.set(backend, cluster)
    return cluster
  }
}

export const lineOf = ({
  seed,
  backend,
  fault,
  failure,
  said,
  heard,
  resumes,
  chains,
  took,
}: Outcome): string =>
  `${failure === undefined ? 'ok    ' : 'FAILED'} seed ${seed}: ${backend}, ${fault}; ${said} said, ${heard} heard, ` +
  `${resumes} resumed, ${chains} chains, ${(took / 1000).toFixed(1)} s${failure === undefined ? '' : `\n${failure}`}`
