/** Several servers over one store, each with its own way to it, so that one of them can be cut off alone. */
import { afterAll, beforeAll, describe } from 'vitest'
import type { ServerMessageOf } from '../../server/protocol/messages.ts'
import { call } from '../support/app.ts'
import { connect, type TestClient } from '../support/client.ts'
import { startCutProxy } from '../support/cut-proxy.ts'
import { startRedis, type RedisServer } from '../support/redis-server.ts'
import { freePort, startServer, type Exit, type ServerProcess } from '../support/server-process.ts'
import { createUpstashDouble, type UpstashDouble } from '../support/upstash-double/index.ts'

export const BACKENDS = ['upstash', 'redis'] as const
export type Backend = (typeof BACKENDS)[number]

/** What a busy machine may take for what takes moments. Milliseconds. */
const PATIENCE = 15_000

/** An instance's way to the store. */
interface Way {
  readonly env: Readonly<Record<string, string>>
  /** Absent over TCP. */
  readonly double: UpstashDouble | undefined
  /** Breaks what is open, messages on their way with it; it may be opened again at once. */
  cut(how?: 'end' | 'break'): void
  /** Nobody gets through until `open`. */
  shut(): Promise<void>
  open(): Promise<void>
  close(): Promise<void>
}

async function wayOf(backend: Backend, redis: RedisServer): Promise<Way> {
  if (backend === 'upstash') {
    const double = await createUpstashDouble({ redis })
    return {
      env: { UPSTASH_REDIS_REST_URL: double.url, UPSTASH_REDIS_REST_TOKEN: double.token },
      double,
      cut: (how) => double.cutStreams(how),
      shut: () => double.refuse(),
      open: () => double.accept(),
      close: () => double.close(),
    }
  }
  const proxy = await startCutProxy(() => redis.port)
  return {
    env: { REDIS_URL: `redis://127.0.0.1:${proxy.port}` },
    double: undefined,
    cut: () => proxy.cut(),
    async shut() {
      proxy.refusing = true
      proxy.cut()
    },
    async open() {
      proxy.refusing = false
    },
    close: () => proxy.close(),
  }
}

/** A server that may be ended and started anew on its port; its address stays. */
export class Instance {
  readonly url: string
  readonly way: Way
  readonly #env: Readonly<Record<string, string>>
  #server: ServerProcess | undefined
  #isPaused = false
  #logs: () => string = () => ''

  constructor(port: number, way: Way, env: Readonly<Record<string, string>>) {
    this.url = `http://127.0.0.1:${port}`
    this.way = way
    this.#env = { ...env, ...way.env, PORT: String(port) }
  }

  get isRunning(): boolean {
    return this.#server !== undefined
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Of the process that runs, or ran last. */
  logs(): string {
    return this.#logs()
  }

  async start(): Promise<void> {
    const server = await startServer(this.#env)
    this.#server = server
    this.#logs = server.logs
    void server.exited.then(() => {
      if (this.#server === server) this.#server = undefined
    })
  }

  async stop(): Promise<Exit | undefined> {
    return this.#server?.stop()
  }

  async kill(): Promise<void> {
    this.#isPaused = false
    await this.#server?.kill()
  }

  /** Stops it in the middle of whatever it does (SIGSTOP); its sockets stay open. */
  pause(): void {
    if (this.#server === undefined) return
    process.kill(this.#server.pid, 'SIGSTOP')
    this.#isPaused = true
  }

  goOn(): void {
    if (this.#server !== undefined) process.kill(this.#server.pid, 'SIGCONT')
    this.#isPaused = false
  }

  async readiness(): Promise<string> {
    return (await call<{ status: string }>(this.url, 'GET', '/readyz')).body.status
  }
}

/** Windows short enough for tests; over REST and over TCP the same. */
const ENV = {
  APP_SECRET: 'of-all-instances-of-a-test',
  RATE_LIMITS: 'off',
  ICE_SERVERS: '[]',
  RESUME_WINDOW_SECONDS: '6',
  PEER_TIMEOUT_SECONDS: '4',
}
/** The resume window of these servers, and how long one may be silent. Milliseconds. */
export const RESUME_WINDOW = 6_000
export const PEER_TIMEOUT = 4_000

export class Cluster {
  readonly backend: Backend
  readonly redis: RedisServer
  readonly instances: readonly Instance[]

  private constructor(backend: Backend, redis: RedisServer, instances: readonly Instance[]) {
    this.backend = backend
    this.redis = redis
    this.instances = instances
  }

  static async start(
    backend: Backend,
    env: Readonly<Record<string, string>> = {},
    count = 3,
  ): Promise<Cluster> {
    const redis = await startRedis()
    const instances: Instance[] = []
    for (let n = 0; n < count; n += 1)
      instances.push(
        new Instance(await freePort(), await wayOf(backend, redis), {
          ...ENV,
          INSTANCE_ID: `i${n}`,
          ...env,
        }),
      )
    const cluster = new Cluster(backend, redis, instances)
    await Promise.all(instances.map((instance) => instance.start()))
    return cluster
  }

  /** The n-th instance; counted on from the first one behind the last. */
  at(n: number): Instance {
    const instance = this.instances[n % this.instances.length]
    if (instance === undefined) throw new Error('a cluster has an instance at least')
    return instance
  }

  url(n: number): string {
    return this.at(n).url
  }

  get urls(): string[] {
    return this.instances.map(({ url }) => url)
  }

  get ways(): Way[] {
    return this.instances.map(({ way }) => way)
  }

  /** The doubles of Upstash, one an instance. */
  get doubles(): UpstashDouble[] {
    return this.ways.flatMap(({ double }) => double ?? [])
  }

  /** Commands billed on all ways. */
  billed(): number {
    return this.doubles.reduce((sum, double) => sum + double.billedTotal(), 0)
  }

  resetBill(): void {
    for (const double of this.doubles) double.resetBilled()
  }

  async close(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.kill()))
    await Promise.all(this.ways.map((way) => way.close()))
    await this.redis.kill()
  }
}

/** Runs tests over each backend, on a cluster of their own that is made once. */
export function overBackends(
  title: string,
  env: Readonly<Record<string, string>>,
  tests: (cluster: () => Cluster, backend: Backend) => void,
  backends: readonly Backend[] = BACKENDS,
): void {
  describe.each(backends)(`${title} (%s)`, (backend) => {
    let cluster: Cluster
    beforeAll(async () => {
      cluster = await Cluster.start(backend, env)
    })
    afterAll(() => cluster.close())
    tests(() => cluster, backend)
  })
}

export interface Entered {
  readonly client: TestClient
  readonly welcome: ServerMessageOf<'welcome'>
}

/** Opens a socket and says hello, with the patience that processes need. */
export async function enter(
  url: string,
  token: string,
  hello: { attempt?: number; resume?: string } = {},
): Promise<Entered> {
  const client = await connect(url)
  client.patience = PATIENCE
  client.send({ type: 'hello', token, ...hello })
  return { client, welcome: await client.next('welcome') }
}

/** Asks until the answer will do. @throws what was wrong at last */
export async function until<T>(
  ask: () => T | Promise<T>,
  suits: (answer: T) => boolean,
  withinMs: number,
  what: string,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (suits(answer)) return answer
    if (performance.now() > deadline)
      throw new Error(`${what}: not within ${withinMs} ms; at last: ${JSON.stringify(answer)}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
