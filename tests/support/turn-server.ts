import { mkdtemp, rm } from 'node:fs/promises'
import { createSocket } from 'node:dgram'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild, type Child } from './child.ts'
import { freePort } from './server-process.ts'
import { toolPath } from './tools.ts'

/** A real coturn on loopback, which knows its users by a shared secret alone. */
export interface TurnServer {
  /** `turn:127.0.0.1:<port>?transport=udp` */
  readonly url: string
  /** What it printed since it was started first. */
  logs(): string
  /** Ends it at once, and waits; what went through it goes nowhere. */
  kill(): Promise<void>
  /** Starts it again on the same port. */
  start(): Promise<void>
  /** Ends it and what it kept. */
  close(): Promise<void>
}

/** Milliseconds until it answers, and between two questions. */
const START_WITHIN = 30_000
const ASK_EVERY = 100

/** A Binding request (RFC 8489, section 5) whose transaction id is of no interest. */
const BINDING = Buffer.from('000100002112a442' + '70'.repeat(12), 'hex')

/** Resolves when it answers on its port. */
async function answers(port: number, child: Child): Promise<void> {
  const socket = createSocket('udp4')
  const heard = new Promise<true>((resolve) => socket.once('message', () => resolve(true)))
  const end = performance.now() + START_WITHIN
  try {
    do {
      if (child.process.exitCode !== null || performance.now() > end)
        throw new Error(`coturn does not answer:\n${child.logs()}`)
      socket.send(BINDING, port, '127.0.0.1')
    } while (!(await Promise.race([heard, sleep(ASK_EVERY, false)])))
  } finally {
    socket.close()
  }
}

/** Starts one on a free port. @param secret the TURN_SECRET of the server whose users it knows */
export async function startTurn(secret: string): Promise<TurnServer> {
  const path = toolPath('turn')
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'pairlens-turn-'))
  let before = ''
  let child: Child | undefined
  const start = async () => {
    before += child?.logs() ?? ''
    const args = {
      'listening-ip': '127.0.0.1',
      'listening-port': String(port),
      'relay-ip': '127.0.0.1',
      realm: 'pairlens.test',
      'static-auth-secret': secret,
      userdb: join(folder, 'users'),
      pidfile: join(folder, 'pid'),
      'log-file': 'stdout',
    }
    const flags = ['no-cli', 'no-tls', 'no-dtls', 'no-rfc5780', 'allow-loopback-peers', 'use-auth-secret']
    child = startChild(path, [
      '-n',
      '--verbose',
      ...flags.map((name) => `--${name}`),
      ...Object.entries(args).map(([name, value]) => `--${name}=${value}`),
    ])
    await answers(port, child)
  }
  const kill = async () => child?.kill()
  const close = async () => {
    await kill()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await start()
  } catch (error) {
    await close()
    throw error
  }
  return {
    url: `turn:127.0.0.1:${port}?transport=udp`,
    logs: () => before + (child?.logs() ?? ''),
    start,
    kill,
    close,
  }
}
