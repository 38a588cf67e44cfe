/** The balancer of compose.yaml before two servers. They share nothing here: each keeps its own memory. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { call, createRoom } from '../support/app.ts'
import { connect } from '../support/client.ts'
import { freePort, type ServerProcess } from '../support/server-process.ts'
import { toolPath } from '../support/tools.ts'
import { serve } from './support.ts'

const FILE = fileURLToPath(new URL('../../deploy/haproxy.cfg', import.meta.url))
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pairlens-balancer-')))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
const running = new Set<ChildProcess>()
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
  running.clear()
})

interface Balanced {
  readonly url: string
  readonly servers: readonly [ServerProcess, ServerProcess]
  readonly haproxy: ChildProcess
  /** The instances that answer `/readyz`, one look after the other. */
  instances(looks: number): Promise<string[]>
}

/** The shipped file, with the addresses of this machine in the place of Docker's names. */
function configuration(port: number, [a, b]: readonly [number, number]): string {
  const changes = [
    ['bind :8080', `bind 127.0.0.1:${port}`],
    ['server-a:3000', `127.0.0.1:${a}`],
    ['server-b:3000', `127.0.0.1:${b}`],
  ] as const
  let text = readFileSync(FILE, 'utf8')
  for (const [from, to] of changes) {
    expect(text.split(from)).toHaveLength(2)
    text = text.replace(from, to)
  }
  const path = join(folder, `${port}.cfg`)
  writeFileSync(path, text)
  return path
}

async function balanced(env: Readonly<Record<string, string>> = {}): Promise<Balanced> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const one = () => serve({ PUBLIC_URL: url, TRUST_PROXY: '127.0.0.0/8', ...env })
  const servers = await Promise.all([one(), one()] as const)
  const path = configuration(port, [servers[0].port, servers[1].port])
  const haproxy = spawn(toolPath('haproxy'), ['-f', path], { stdio: 'ignore' })
  running.add(haproxy)
  const instances = async (looks: number) => {
    const names: string[] = []
    for (let look = 0; look < looks; look += 1) {
      const { status, body } = await call<{ instance: string }>(url, 'GET', '/readyz')
      expect(status).toBe(200)
      names.push(body.instance)
    }
    return names
  }
  for (let look = 0; ; look += 1) {
    const ready = await instances(2).catch(() => [])
    if (new Set(ready).size === 2) break
    if (haproxy.exitCode !== null || look > 150)
      throw new Error(`haproxy does not serve (${haproxy.exitCode})`)
    await sleep(100)
  }
  return { url, servers, haproxy, instances }
}

test('haproxy takes the file, without a warning', () => {
  const { status, stdout, stderr } = spawnSync(
    toolPath('haproxy'),
    ['-c', '-f', configuration(18_080, [18_081, 18_082])],
    { encoding: 'utf8' },
  )
  expect(status, stderr).toBe(0)
  expect(stdout + stderr).not.toMatch(/warning|alert/i)
})

test('pages and sockets go to both servers in turn: nothing is sticky', async () => {
  const { url, instances } = await balanced()
  const names = await instances(6)
  expect(names.slice(2)).toEqual(names.slice(0, 4))
  expect(new Set(names).size).toBe(2)
  for (const path of ['/', '/p', '/v', '/api/docs']) expect((await fetch(url + path)).status, path).toBe(200)

  // One of two sockets reaches the server that keeps the room in its memory.
  const { session } = await createRoom(url)
  const outcomes: string[] = []
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    const client = await connect(url, { origin: url })
    client.send({ type: 'hello', token: session.token, attempt })
    const welcomed = client.next('welcome').then(() => 'welcome')
    outcomes.push(await Promise.race([welcomed.catch(() => 'closed'), client.closed.then(() => 'closed')]))
    client.drop()
  }
  expect(outcomes.sort()).toEqual(['closed', 'closed', 'welcome', 'welcome'])
})

/** The status of a preview of an unknown code, from an address of loopback, with what it says about itself. */
const preview = (url: string, from: string, claimed: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(url)
    const asked = request({
      host: '127.0.0.1',
      port,
      localAddress: from,
      method: 'POST',
      path: '/api/pairings/preview',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': claimed },
    })
    asked.on('error', reject)
    asked.on('response', (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    asked.end('{"code":"BCDFGHJK"}')
  })

test('[PAIR-6] the servers count by the address that the balancer saw, not by what a client claims', async () => {
  const { url } = await balanced()
  const statuses: (number | undefined)[] = []
  // The client stands in a trusted range itself, as one behind Docker's gateway does. Five on each of the two
  // servers, whose counts are their own here.
  for (let at = 1; at <= 14; at += 1) statuses.push(await preview(url, '127.0.0.2', `203.0.113.${at}`))
  expect(statuses.slice(0, 10)).toEqual(Array(10).fill(404))
  expect(statuses.slice(12)).toEqual([429, 429])
  expect(await preview(url, '127.0.0.3', '127.0.0.2')).toBe(404)
})

test('[DRAIN-1] while a server drains, nobody is refused', async () => {
  const { url, servers, instances } = await balanced({ RATE_LIMITS: 'off' })
  const leaving = await connect(servers[0].url)
  const stopping = new AbortController()
  const exit = servers[0].stop().finally(() => stopping.abort())
  let sockets = 0
  while (!stopping.signal.aborted) {
    const client = await connect(url, { origin: url })
    client.drop()
    sockets += 1
    expect((await fetch(`${url}/p`)).status).toBe(200)
    await sleep(5)
  }
  expect(await exit).toEqual({ code: 0, signal: null })
  expect((await leaving.closed).code).toBe(1012)
  expect(sockets).toBeGreaterThan(20)
  expect(new Set(await instances(4)).size).toBe(1)
})

test('open sockets do not hold up the end of the balancer', async () => {
  const { url, haproxy, servers } = await balanced()
  const { session } = await createRoom(servers[0].url)
  const clients = await Promise.all([1, 2].map(async () => connect(url, { origin: url })))
  // One of the two reached the server that knows the session; the other is closed.
  for (const client of clients) client.send({ type: 'hello', token: session.token })
  const client = await Promise.any(clients.map(async (each) => each.next('welcome').then(() => each)))
  const began = performance.now()
  // What the image of haproxy is stopped with.
  haproxy.kill('SIGUSR1')
  await once(haproxy, 'close')
  expect(performance.now() - began).toBeLessThan(9_000)
  expect((await client.closed).code).toBe(1006)
})
