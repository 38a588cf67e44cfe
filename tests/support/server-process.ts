import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** How long a start may take, and how often it is looked for. Milliseconds. */
const START_WITHIN = 45_000
const LOOK_EVERY = 50

export interface Exit {
  /** Absent where a signal ended the process. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** The server as a process of its own, the way an operator runs it. */
export interface ServerProcess {
  readonly port: number
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly pid: number
  /** Everything it printed so far, both streams. */
  logs(): string
  /** Resolves when the process has ended, however. */
  readonly exited: Promise<Exit>
  /** Asks it to end (SIGTERM) and waits. */
  stop(): Promise<Exit>
  /** Ends it at once (SIGKILL) and waits. */
  kill(): Promise<Exit>
}

/** The process ended, or did not answer in time, before it was ready. */
export class StartError extends Error {
  override name = 'StartError'
  readonly exit: Exit | undefined
  readonly logs: string
  constructor(message: string, exit: Exit | undefined, logs: string) {
    super(`${message}:\n${logs}`)
    this.exit = exit
    this.logs = logs
  }
}

/**
 * Makes a copy of what a deployment has: dist, package.json, node_modules. The server reads `.env` beside its
 * package.json, and whoever runs this may have one there that leads to a real store.
 * @returns its folder, which ends with this process
 */
export function installServer(): string {
  if (!existsSync(join(ROOT, 'dist/server/main.js')))
    throw new Error('There is no dist/server: run `npm run build`.')
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pairlens-server-')))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction')
  mkdirSync(join(folder, 'home'))
  return folder
}

/** The one that all servers of this process are started from, unless said otherwise. */
let installed: string | undefined

/** Whatever ends this process, what it started does not outlive it. */
const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('The system gave no port')
  return address.port
}

/** Whether a server answers that has been up for `atMost` milliseconds: an older one is somebody else's. */
const isReady = async (url: string, atMost: number): Promise<boolean> => {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) })
    if (!response.ok) return false
    const { uptimeMs } = (await response.json()) as { uptimeMs: number }
    return uptimeMs <= atMost
  } catch (error) {
    // Nobody listens yet, or not fast enough: the caller looks again, and knows when the process has ended.
    if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError'))
      return false
    throw error
  }
}

const ended = (child: ChildProcess): Promise<Exit> =>
  new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })

export interface StartServerOptions {
  /** Where `installServer` put it. */
  readonly folder?: string
  /** Hears what it prints, as it comes. */
  readonly printed?: (text: string) => void
}

/**
 * Starts the built server on a free port of loopback and resolves when `/readyz` says ok.
 * @param env its variables (docs/SPEC.md, section 2); it inherits nothing but PATH. The LAN's https listener
 *   is off and HOME is an empty folder unless said otherwise.
 * @throws StartError with what it printed, where it is not ready in 45 s or ends before
 */
export async function startServer(
  env: Readonly<Record<string, string>> = {},
  options: StartServerOptions = {},
): Promise<ServerProcess> {
  const folder = options.folder ?? (installed ??= installServer())
  const port = env['PORT'] === undefined ? await freePort() : Number(env['PORT'])
  const url = `http://127.0.0.1:${port}`
  const began = performance.now()
  const child = spawn(process.execPath, [join(folder, 'dist/server/main.js')], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: join(folder, 'home'),
      HOST: '127.0.0.1',
      LAN_HTTPS_PORT: '0',
      ...env,
      PORT: String(port),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  child.once('exit', () => children.delete(child))
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      options.printed?.(text)
    })
  }
  const logs = () => printed
  let exit: Exit | undefined
  const exited = ended(child).then((how) => (exit = how))
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return exited
  }

  while (!(await isReady(url, performance.now() - began))) {
    if (exit !== undefined)
      throw new StartError(`The server ended at its start (${exit.code ?? exit.signal})`, exit, printed)
    if (performance.now() - began > START_WITHIN) {
      await end('SIGKILL')
      throw new StartError(`The server was not ready within ${START_WITHIN} ms`, undefined, printed)
    }
    await Promise.race([sleep(LOOK_EVERY), exited])
  }
  if (child.pid === undefined) throw new StartError('The server has no process', exit, printed)
  return { port, url, pid: child.pid, logs, exited, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') }
}

/** The same, which knows its address: its codes and links lead to loopback. */
export async function startPublicServer(env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  const port = String(await freePort())
  return startServer({ ...env, PORT: port, PUBLIC_URL: `http://127.0.0.1:${port}` })
}
