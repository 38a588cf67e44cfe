import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'

/** A process that a test started, and that does not outlive the tests. */
export interface Child {
  readonly process: ChildProcess
  /** What it printed to the streams that are pipes, so far. */
  logs(): string
  /** Resolves when it has ended, however; rejects where it could not be started. */
  readonly exited: Promise<void>
  /** Asks it to end (SIGTERM), insists after five seconds (SIGKILL), and waits. */
  stop(): Promise<void>
  /** Ends it at once (SIGKILL), and waits. */
  kill(): Promise<void>
}

/** Milliseconds that one has for ending when it is asked. */
const END_WITHIN = 5_000

/** Whatever ends this process, what it started does not outlive it. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a program. Its standard output and error are read unless `stdio` says otherwise. */
export function startChild(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly stdio?: StdioOptions } = {},
): Child {
  const child = spawn(command, args, {
    env: options.env ?? process.env,
    stdio: options.stdio ?? ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  }
  let over = false
  const exited = once(child, 'exit').then(() => {
    over = true
    running.delete(child)
  })
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (over) return
    child.kill(signal)
    const insist = setTimeout(() => child.kill('SIGKILL'), END_WITHIN)
    await exited
    clearTimeout(insist)
  }
  return {
    process: child,
    logs: () => printed,
    exited,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}
