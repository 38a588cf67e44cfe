/** The processes of a measurement: started, kept to a core, asked what they have used, ended. */
import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort, startServer } from '../../support/server-process.ts'
import type { Answer, Delivered, Order, Times } from './protocol.ts'

/** How long a server of ours or a peer may take to listen. Milliseconds. */
const LISTEN_WITHIN = 10_000
const SERVER_CORE = 0
const GENERATOR_CORE = 1

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const PROBE = new URL('./probe.mjs', import.meta.url).href

/** Since the process began: microseconds of CPU, both in user and system mode; and bytes held now. */
export interface Usage {
  readonly cpu: number
  readonly rss: number
}

export interface Server {
  readonly port: number
  /** @param collected after a garbage collection, so that what is held counts and not what is not yet freed */
  usage(collected?: boolean): Promise<Usage>
  stop(): Promise<void>
}

/** Keeps all threads of a process on one core, where there are several and the system can. */
function pin(pid: number, core: number): void {
  if (process.platform === 'linux' && availableParallelism() > 1) {
    spawnSync('taskset', ['-a', '-p', '-c', String(core), String(pid)], { stdio: 'ignore' })
  }
}

/** What is measured keeps its core to itself: whatever else serves it runs beside the load generator. */
export function pinAside(pid: number | undefined): void {
  if (pid !== undefined) pin(pid, GENERATOR_CORE)
}

let probes = 0
/** Where the sockets of all probes are. */
let folder: string | undefined
process.once('exit', () => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

const probePath = (): string => {
  if (process.platform === 'win32') return `\\\\.\\pipe\\pairlens-bench-${process.pid}-${Math.random()}`
  folder ??= mkdtempSync(join(tmpdir(), 'pairlens-bench-'))
  return join(folder, `probe-${(probes += 1)}`)
}

const probed = (path: string): Record<string, string> => ({
  BENCH_PROBE: path,
  NODE_OPTIONS: `--import=${PROBE}`,
})

/** A server of the built project, as an operator runs it but for the limits that are off in load tests. */
export async function startOurs(env: Readonly<Record<string, string>> = {}): Promise<Server> {
  const path = probePath()
  const server = await startServer({
    ...probed(path),
    ...env,
    RATE_LIMITS: 'off',
    MAX_ROOM_MEMBERS: '2000',
    ICE_SERVERS: '[]',
    LOG_LEVEL: 'warn',
    NODE_ENV: 'production',
  })
  pin(server.pid, SERVER_CORE)
  return served(server.port, path, async () => {
    await server.kill()
  })
}

/**
 * A server of somebody else.
 * @param script beside this file
 */
export async function startPeer(script: string, env: Readonly<Record<string, string>> = {}): Promise<Server> {
  const path = probePath()
  const port = await freePort()
  const child = spawn(process.execPath, [fileOf(script)], {
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', PORT: String(port), ...probed(path), ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  await listening(child, port)
  if (child.pid !== undefined) pin(child.pid, SERVER_CORE)
  return served(port, path, () => end(child))
}

/** The load generator. */
export class Generator {
  readonly #child: ChildProcess

  constructor() {
    this.#child = fork(fileOf('./generator.ts'))
    if (this.#child.pid !== undefined) pin(this.#child.pid, GENERATOR_CORE)
  }

  /** @throws what went wrong with the order */
  async order(order: Order): Promise<Delivered | undefined> {
    return (await this.#ask(order)).delivered
  }

  /** Sends so many messages, one at a time, and gives how long each took. */
  async ping(crowd: string, times: number): Promise<Times> {
    return (await this.#ask({ do: 'ping', crowd, times })).times ?? []
  }

  stop(): Promise<void> {
    return end(this.#child)
  }

  async #ask(order: Order): Promise<Extract<Answer, { ok: true }>> {
    this.#child.send(order)
    const answer = await this.#answer()
    if (!answer.ok) throw new Error(`${order.do} ${order.crowd}: ${answer.why}`)
    return answer
  }

  #answer(): Promise<Answer> {
    return new Promise((resolve) => {
      const answered = (answer: Answer) => {
        this.#child.off('message', answered).off('exit', ended)
        resolve(answer)
      }
      const ended = () => answered({ ok: false, why: 'the load generator ended' })
      this.#child.on('message', answered).on('exit', ended)
    })
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  const until = performance.now() + LISTEN_WITHIN
  while (performance.now() < until && child.exitCode === null) {
    const socket = connect(port, '127.0.0.1')
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (open) return
    await sleep(20)
  }
  await end(child)
  throw new Error(`A server did not listen on ${port}`)
}

async function served(port: number, path: string, stop: () => Promise<void>): Promise<Server> {
  const probe = connect(path)
  await once(probe, 'connect')
  probe.setEncoding('utf8')
  return {
    port,
    async usage(collected = false) {
      probe.write(collected ? 'collect\n' : 'look\n')
      const [line] = (await once(probe, 'data')) as [string]
      return JSON.parse(line) as Usage
    },
    async stop() {
      probe.destroy()
      await stop()
    },
  }
}
