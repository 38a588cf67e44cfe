/** Two instances over a store, and members on either of them. */
import { startRedis } from '../../support/redis-server.ts'
import { claimCode, createRoom, issueCode, secretOf } from '../../support/app.ts'
import { join, type TestClient } from '../../support/client.ts'
import { startServer, type ServerProcess } from '../../support/server-process.ts'
import { createUpstashDouble, type UpstashDouble } from '../../support/upstash-double/index.ts'

export type Kind = 'upstash' | 'redis'

export interface Two {
  readonly servers: readonly [ServerProcess, ServerProcess]
  /** Stands before Redis, also where the instances do not use it. */
  readonly double: UpstashDouble
  close(): Promise<void>
}

export async function startTwo(kind: Kind): Promise<Two> {
  const redis = await startRedis()
  const double = await createUpstashDouble({ redis })
  const start = () =>
    startServer({
      ...(kind === 'redis'
        ? { REDIS_URL: redis.url }
        : { UPSTASH_REDIS_REST_URL: double.url, UPSTASH_REDIS_REST_TOKEN: double.token }),
      APP_SECRET: 'the-same-on-all-instances',
      RATE_LIMITS: 'off',
      ICE_SERVERS: '[]',
      LOG_LEVEL: 'warn',
      NODE_ENV: 'production',
    })
  const started = await Promise.allSettled([start(), start()])
  const servers = started.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(async (server) => server.kill()))
    await double.close()
    await redis.stop()
  }
  const [first, second] = servers
  if (first === undefined || second === undefined) {
    await close()
    throw new Error('An instance did not start')
  }
  return { servers: [first, second], double, close }
}

export interface Room {
  /** On the first instance. */
  readonly host: TestClient
  /** On the second. */
  readonly phone: TestClient
}

export async function openRoom({ servers: [one, two] }: Two): Promise<Room> {
  const { session } = await createRoom(one.url)
  const host = await join(one.url, session.token, { attempt: 1 })
  const code = await issueCode(one.url, session.token)
  const paired = await claimCode(two.url, { secret: secretOf(code) })
  const phone = await join(two.url, paired.session.token, { attempt: 1 })
  await host.client.next('member-joined')
  return { host: host.client, phone: phone.client }
}

/** Numbers that a member was sent as messages: which is next, and what came instead. */
export class Sequence {
  next = 0
  lost = 0
  doubled = 0

  constructor(client: TestClient, came: () => void = () => undefined) {
    client.socket.on('message', (bytes: Buffer) => {
      const message = JSON.parse(bytes.toString()) as { type: string; data?: unknown }
      if (message.type !== 'message' || typeof message.data !== 'number') return
      if (message.data < this.next) this.doubled += 1
      else {
        this.lost += message.data - this.next
        this.next = message.data + 1
      }
      came()
    })
  }
}
