import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './server-process.ts'
import { toolPath } from './tools.ts'

/** A real Redis server on loopback that keeps nothing and ends with this process. */
export interface RedisServer {
  /** Of the process; nothing while it does not run. */
  readonly pid: number | undefined
  readonly port: number
  /** `redis://127.0.0.1:<port>` */
  readonly url: string
  /** Ends it as an operator does (SIGTERM), and waits; what it holds is gone. */
  stop(): Promise<void>
  /** Ends it at once (SIGKILL), and waits. */
  kill(): Promise<void>
  /** Starts it again on the same port: with what it held where it still runs, unless it shall be empty. */
  restart(options?: { readonly empty?: boolean }): Promise<void>
  /** Stops its process in the middle of whatever it does (SIGSTOP): connections stay open and nothing is answered. */
  pause(): void
  /** Lets it go on (SIGCONT). */
  resume(): void
}

/** Resolves when it takes connections. */
async function ready(child: ChildProcess): Promise<void> {
  let printed = ''
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`redis-server ended at its start:\n${printed}`)))
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      if (printed.includes('Ready to accept connections')) resolve()
    })
  })
}

/** Has the server write what it holds to its folder. */
async function save(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    socket.write('SAVE\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    if (!answer.toString().startsWith('+OK')) throw new Error(`SAVE failed: ${answer.toString()}`)
  } finally {
    socket.destroy()
  }
}

/** Whatever ends this process, what it started does not outlive it. */
const endings = new Set<() => void>()
process.once('exit', () => {
  for (const end of endings) end()
})

/** Starts one on a free port. */
export async function startRedis(): Promise<RedisServer> {
  const path = toolPath('redis')
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'pairlens-redis-'))
  let child: ChildProcess | undefined

  const start = async (): Promise<void> => {
    const started = spawn(
      path,
      ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    child = started
    await ready(started)
    started.once('exit', () => {
      if (child === started) child = undefined
    })
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child
    if (ending === undefined) return
    const gone = once(ending, 'exit')
    ending.kill(signal)
    // A paused process gets no signal but SIGKILL before it goes on.
    ending.kill('SIGCONT')
    await gone
  }
  endings.add(() => {
    child?.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  await start()
  return {
    get pid() {
      return child?.pid
    },
    port,
    url: `redis://127.0.0.1:${port}`,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async restart({ empty = false } = {}) {
      rmSync(join(folder, 'dump.rdb'), { force: true })
      if (child !== undefined && !empty) await save(port)
      await end('SIGTERM')
      await start()
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  }
}
