import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { buildApp, type App } from '../../server/app.ts'
import { configFrom } from '../../server/config.ts'
import { systemClock, type Clock } from '../../server/domain/clock.ts'
import type { CodeIssued, Paired, RoomCreated } from '../../server/protocol/api.ts'
import type { Role } from '../../server/protocol/models.ts'
import type { SharedOptions } from '../../server/realtime/shared-hub.ts'
import { createMemoryStore } from '../../server/store/memory.ts'
import type { Store } from '../../server/store/store.ts'

export interface TestApp extends App {
  readonly clock: Clock
  readonly store: Store
  /** Everything it logged, at every level. */
  logs(): string
  /** Base of the API once `listen` was called. */
  readonly url: string
  close(): Promise<void>
}

export interface TestAppOptions {
  /** Variables of docs/SPEC.md, section 2. */
  readonly env?: Readonly<Record<string, string>>
  /** Hand in a test clock to move time; the store then follows it too. */
  readonly clock?: Clock
  readonly store?: Store
  readonly pages?: (app: FastifyInstance) => Promise<void>
  /** Other instances share its store. */
  readonly sharing?: Pick<SharedOptions, 'bus' | 'health' | 'peerTimeoutMs' | 'internalUrl'>
}

const PUBLIC_URL = 'http://pairlens.test'

/** The app as the process builds it, listening on a free port of loopback, with its log kept. */
export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  const { clock = systemClock } = options
  const config = configFrom({ PUBLIC_URL, LOG_LEVEL: 'trace', ICE_SERVERS: '[]', ...options.env })
  const store =
    options.store ?? createMemoryStore(options.clock === undefined ? {} : { now: () => clock.now() })
  let logged = ''
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged += chunk.toString()
      done()
    },
  })
  const app = await buildApp({
    config,
    store,
    clock,
    appSecret: config.appSecret ?? 'test-app-secret-0123456789',
    addresses: {
      urlFor: (address) => (address === undefined ? (config.publicUrl ?? PUBLIC_URL) : undefined),
      origins: () => [config.publicUrl ?? PUBLIC_URL],
    },
    log: pino({ level: config.logLevel }, sink),
    version: '0.0.0-test',
    ...(options.pages === undefined ? {} : { pages: options.pages }),
    ...(options.sharing === undefined ? {} : { sharing: options.sharing }),
  })
  await app.server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.server.address() as AddressInfo
  return {
    ...app,
    clock,
    store,
    logs: () => logged,
    url: `http://127.0.0.1:${port}`,
    async close() {
      await app.hub.leave()
      await app.server.close()
      await store.close()
    },
  }
}

/** A call of the API with a JSON body and answer. */
export async function call<T = unknown>(
  base: string,
  method: string,
  path: string,
  options: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: T; headers: Headers }> {
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    body: (text === '' ? undefined : JSON.parse(text)) as T,
    headers: response.headers,
  }
}

function expectStatus<T>(answer: { status: number; body: T }, status: number): T {
  if (answer.status !== status)
    throw new Error(`expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`)
  return answer.body
}

export const createRoom = async (base: string, body: object = {}): Promise<RoomCreated> =>
  expectStatus(await call<RoomCreated>(base, 'POST', '/api/rooms', { body }), 201)

export const issueCode = async (base: string, token: string, role: Role = 'camera'): Promise<CodeIssued> =>
  expectStatus(
    await call<CodeIssued>(base, 'POST', '/api/room/pairing-codes', { token, body: { role } }),
    201,
  )

/** The secret that stands in a code's url. */
export const secretOf = (code: CodeIssued): string => new URL(code.url).hash.slice(1)

export const claimCode = async (base: string, body: object): Promise<Paired> =>
  expectStatus(await call<Paired>(base, 'POST', '/api/pairings', { body }), 201)

/** A device in the room by a scanned code, active at once (cameras and viewers of a room that approves typed codes). */
export async function pair(
  base: string,
  hostToken: string,
  role: 'camera' | 'viewer' = 'camera',
  deviceName?: string,
): Promise<Paired> {
  const code = await issueCode(base, hostToken, role)
  return claimCode(base, { secret: secretOf(code), ...(deviceName === undefined ? {} : { deviceName }) })
}
