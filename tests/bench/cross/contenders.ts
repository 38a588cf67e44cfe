/** Two instances over one store, and Socket.IO's two over the same Redis. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../support/server-process.ts'
import { paired, socketIo } from '../fanout/contenders.ts'
import { pinAside, startOurs, startPeer, type Server } from '../fanout/process.ts'
import { DATA, type Dialect, type Seat } from '../fanout/protocol.ts'

const DOUBLE = fileURLToPath(new URL('../../support/upstash-double/main.ts', import.meta.url))
const TOKEN = 'a-token-of-the-benchmark'

export interface Pair {
  readonly name: string
  readonly dialect: Dialect
  readonly servers: readonly Server[]
  /** Members are on the servers in turn; two signal to each other, more speak to the room. */
  seats(rooms: number, members: number): Promise<Seat[][]>
  stop(): Promise<void>
}

const OURS: Dialect = { message: JSON.stringify({ type: 'message', data: DATA }) }
const SECRET = { APP_SECRET: 'the-same-on-all-instances' }

const stopAll = async (servers: readonly Server[]): Promise<void> => {
  for (const server of servers) await server.stop()
}

async function several(count: number, start: () => Promise<Server>): Promise<Server[]> {
  const servers: Server[] = []
  try {
    while (servers.length < count) servers.push(await start())
    return servers
  } catch (error) {
    await stopAll(servers)
    throw error
  }
}

/** Instances of ours. @param env what leads them to their store */
async function ours(name: string, count: number, env: Readonly<Record<string, string>>): Promise<Pair> {
  const servers = await several(count, () => startOurs({ ...SECRET, ...env }))
  const ports = servers.map(({ port }) => port)
  return {
    name,
    dialect: OURS,
    servers,
    async seats(rooms, members) {
      const made: Seat[][] = []
      while (made.length < rooms) made.push(await paired(ports, members, members === 2))
      return made
    },
    stop: () => stopAll(servers),
  }
}

export const oursInMemory = (): Promise<Pair> => ours('pairlens, one instance', 1, {})

export const oursOverTcp = (redisUrl: string, count = 2): Promise<Pair> =>
  ours(`pairlens, TCP${count === 1 ? ', one instance' : ''}`, count, {
    REDIS_URL: redisUrl,
    KEY_PREFIX: `tcp-${count}:`,
  })

/** The double stands in a process of its own, since its work is Upstash's. */
export async function oursOverRest(redisPort: number): Promise<Pair> {
  const port = await freePort()
  const double = spawn(
    process.execPath,
    ['--import', 'tsx', DOUBLE, String(redisPort), String(port), TOKEN],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const end = async (): Promise<void> => {
    if (double.exitCode !== null || double.signalCode !== null) return
    const ended = once(double, 'exit')
    double.kill('SIGKILL')
    await ended
  }
  process.once('exit', () => double.kill('SIGKILL'))
  try {
    // Its address, when it listens.
    await once(double.stdout, 'data')
    pinAside(double.pid)
    const pair = await ours('pairlens, REST', 2, {
      UPSTASH_REDIS_REST_URL: `http://127.0.0.1:${port}`,
      UPSTASH_REDIS_REST_TOKEN: TOKEN,
      KEY_PREFIX: 'rest:',
    })
    return {
      ...pair,
      async stop() {
        await pair.stop()
        await end()
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}

export async function socketIoOverRedis(redisUrl: string): Promise<Pair> {
  const servers = await several(2, () => startPeer('./socket-io-cluster-server.mjs', { REDIS_URL: redisUrl }))
  const [first] = servers
  return {
    name: 'socket.io, redis-adapter',
    dialect: socketIo.dialect,
    servers,
    async seats(rooms, members) {
      const made = await socketIo.seats(first?.port ?? 0, rooms, members)
      return made.map((seats) =>
        seats.map((seat, index) => {
          const { port } = servers[index % servers.length] ?? {}
          return { ...seat, ...(port === undefined ? {} : { port }) }
        }),
      )
    },
    stop: () => stopAll(servers),
  }
}

/** Starts them one after the other; all are stopped where one does not start. */
export async function startPairs(starts: readonly (() => Promise<Pair>)[]): Promise<Pair[]> {
  const pairs: Pair[] = []
  try {
    for (const start of starts) pairs.push(await start())
    return pairs
  } catch (error) {
    for (const pair of pairs) await pair.stop()
    throw error
  }
}
