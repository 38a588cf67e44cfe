/** `npm run dev:cluster`: several instances on this machine behind one address, to play with. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect as dial } from 'node:net'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { call, createRoom, pair } from '../support/app.ts'
import { join } from '../support/client.ts'
import { freePort } from '../support/server-process.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PATIENCE = { timeout: 30_000, interval: 100 }

let end = async (): Promise<void> => undefined
afterEach(() => end())

interface Cluster {
  readonly url: string
  printed(): string
  /** Presses a key. */
  press(key: string): void
  /** Processes of the instances. */
  pids(): number[]
  /** Ports of everything that it said it runs. */
  ports(): number[]
  /** Asks it to end (SIGTERM) and waits. @returns its exit code */
  stop(): Promise<number | null>
}

async function cluster(...options: string[]): Promise<Cluster> {
  const port = await freePort()
  const child = spawn(process.execPath, ['--import', 'tsx', 'server/dev/cluster.ts', ...options], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], PORT: String(port) },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text))
  const exited = once(child, 'exit') as Promise<[number | null]>
  const stop = async () => {
    child.kill('SIGTERM')
    return (await exited)[0]
  }
  end = async () => void (await stop())
  const over = exited.then(() => 'ended')
  while (!printed.includes('q  quit'))
    if ((await Promise.race([over, sleep(100)])) === 'ended') throw new Error(`it ended:\n${printed}`)
  return {
    url: `http://localhost:${port}`,
    printed: () => printed,
    press: (key) => void child.stdin.write(key),
    pids: () => [...printed.matchAll(/\(process (\d+)\)/g)].map(([, pid]) => Number(pid)),
    ports: () => [...printed.matchAll(/(?:127\.0\.0\.1|localhost):(\d+)/g)].map(([, found]) => Number(found)),
    stop,
  }
}

/** The instances that answer so many looks. */
async function answering(url: string, looks: number): Promise<Set<string>> {
  const names = new Set<string>()
  for (let look = 0; look < looks; look += 1) {
    const { status, body } = await call<{ instance: string }>(url, 'GET', '/readyz', {
      headers: { connection: 'close' },
    })
    expect(status).toBe(200)
    names.add(body.instance)
  }
  return names
}

const isTaken = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = dial({ port, host: '127.0.0.1' })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

/** Whether a process of this machine runs. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

test.each([
  ["over the double of Upstash's REST API", []],
  ['over redis-server', ['--redis']],
])(
  '%s: two clients meet on two instances, one dies, SIGTERM ends them all',
  async (_what, options) => {
    const { url, printed, press, pids, ports, stop } = await cluster(...options)
    expect(pids()).toHaveLength(3)
    await expect.poll(() => answering(url, 6).then(({ size }) => size), PATIENCE).toBe(3)
    expect((await fetch(url)).headers.get('content-type')).toContain('text/html')

    const { session } = await createRoom(url)
    const host = await join(url, session.token, { attempt: 1 })
    const paired = await pair(url, session.token)
    let phone = await join(url, paired.session.token, { attempt: 1 })
    for (let attempt = 2; phone.welcome.instance === host.welcome.instance; attempt += 1) {
      expect(attempt).toBeLessThan(8)
      phone = await join(url, paired.session.token, { attempt })
    }
    expect(await phone.client.ask({ type: 'message', to: session.id, data: 'hello' })).toMatchObject({
      ok: true,
    })
    expect((await host.client.next('message')).data).toBe('hello')

    press('k')
    await expect.poll(printed).toContain('kill -9 1')
    expect((await answering(url, 6)).size).toBe(2)
    press('r')
    await expect.poll(printed, PATIENCE).toContain('Rolling restart: done')
    await expect.poll(() => answering(url, 6).then(({ size }) => size), PATIENCE).toBe(3)

    expect(await stop()).toBe(0)
    expect(pids().filter(runs)).toEqual([])
    expect(ports().length).toBeGreaterThan(4)
    for (const port of ports()) expect(await isTaken(port), `port ${port}`).toBe(false)
  },
  120_000,
)

test('an option that it does not know ends it with a word about it', async () => {
  await expect(cluster('--memory')).rejects.toThrow('No such option: --memory')
})
