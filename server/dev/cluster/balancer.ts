/** Connections in turn to whoever serves, with nothing sticky: what Render and Railway do, on this machine. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** How often each target is asked whether it serves, and how long an answer may take. Milliseconds. */
const LOOK_EVERY = 200
const ANSWER_WITHIN = 1_000

export interface Target {
  /** On loopback. */
  readonly port: number
}

export interface BalancerOptions {
  readonly host: string
  /** A free one where it is 0. */
  readonly port: number
  /** Asked again for every look and every connection. */
  readonly targets: () => readonly Target[]
}

export interface Balancer {
  readonly port: number
  close(): Promise<void>
}

const NOBODY = [
  'HTTP/1.1 503 Service Unavailable',
  'content-type: text/plain',
  'retry-after: 1',
  'connection: close',
  '',
  'No instance serves at the moment.',
].join('\r\n')

/** `/readyz` is 503 while an instance drains [DRAIN-1]. */
async function serves({ port }: Target): Promise<boolean> {
  try {
    const { ok } = await fetch(`http://127.0.0.1:${port}/readyz`, {
      signal: AbortSignal.timeout(ANSWER_WITHIN),
    })
    return ok
  } catch {
    // Nobody listens, or not fast enough: why does not matter to a balancer.
    return false
  }
}

/** A connection to one of them, or nothing where it is not taken. */
const dial = ({ port }: Target): Promise<Socket | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true })
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => resolve(undefined))
  })

/**
 * Listens, and looks after its targets until it is closed.
 * @throws the system's error where the port is taken
 */
export async function startBalancer({ host, port, targets }: BalancerOptions): Promise<Balancer> {
  const up = new Set<number>()
  const sockets = new Set<Socket>()
  let turn = 0

  /** Each has one try at most for a connection. */
  const connected = async (): Promise<Socket | undefined> => {
    const candidates = targets().filter((target) => up.has(target.port))
    turn += 1
    for (let step = 0; step < candidates.length; step += 1) {
      const target = candidates[(turn + step) % candidates.length]
      const far = target === undefined ? undefined : await dial(target)
      if (far !== undefined) return far
      if (target !== undefined) up.delete(target.port)
    }
    return undefined
  }

  const keep = (socket: Socket, other: () => Socket | undefined): void => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      sockets.delete(socket)
      other()?.destroySoon()
    })
  }
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    let far: Socket | undefined
    keep(near, () => far)
    void connected().then((made) => {
      far = made
      if (far === undefined) near.end(NOBODY)
      else if (near.destroyed) far.destroy()
      else {
        keep(far, () => near)
        near.pipe(far).pipe(near)
      }
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })

  const closed = new AbortController()
  const look = async (): Promise<void> => {
    while (!closed.signal.aborted) {
      await Promise.all(
        targets().map(async (target) => {
          if (await serves(target)) up.add(target.port)
          else up.delete(target.port)
        }),
      )
      await sleep(LOOK_EVERY)
    }
  }
  const looked = look()

  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      closed.abort()
      const ended = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await ended
      await looked
    },
  }
}
