/**
 * Upstash's REST API over a local Redis server, with its errors, its bill and faults at will:
 * https://upstash.com/docs/redis/features/restapi.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Bill } from './billing.ts'
import { createRunner } from './commands.ts'
import { FAILURES, NO_FAULTS, type Failure, type Faults } from './faults.ts'
import { RespError, type RespValue } from './resp.ts'
import { createStreams } from './streams.ts'

export { FAILURES, type Failure, type Faults } from './faults.ts'

export interface UpstashDoubleOptions {
  /** Where Redis is; asked for each connection, since it may restart. */
  readonly redis: { readonly port: number }
  readonly token?: string
  /** A free one unless said otherwise. */
  readonly port?: number
}

export interface UpstashDouble {
  /** `http://127.0.0.1:<port>`, for UPSTASH_REDIS_REST_URL. */
  readonly url: string
  readonly token: string
  readonly port: number
  /** Billed commands by kind since the last reset. */
  billed(): Record<string, number>
  billedTotal(): number
  resetBilled(): void
  /** Requests taken since the last reset, those that failed too. */
  requests(): number
  /** Resolves when so many requests were taken since the last reset. */
  taken(count: number): Promise<void>
  /** Changes some of the faults and leaves the others. */
  fault(change: Partial<Faults>): void
  /** Ends all faults but a refused port. */
  heal(): void
  /** Closes the port and breaks all connections. */
  refuse(): Promise<void>
  /** Opens the port again. */
  accept(): Promise<void>
  /** Ends all streams. @param how `end` unless said otherwise */
  cutStreams(how?: 'end' | 'break'): void
  /** Streams that are open. */
  readonly streams: number
  close(): Promise<void>
}

const MAX_BODY = 10 * 1024 * 1024

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** A command as JSON: texts, and numbers that stand for their text. */
function commandOf(value: unknown): string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined
  const parts = (value as unknown[]).map((part) =>
    typeof part === 'string' || typeof part === 'number' ? String(part) : undefined,
  )
  return parts.every((part) => part !== undefined) ? parts : undefined
}

const encoded = (value: RespValue, base64: boolean): unknown => {
  if (typeof value === 'string')
    return base64 && value !== 'OK' ? Buffer.from(value).toString('base64') : value
  if (Array.isArray(value)) return value.map((item) => encoded(item as RespValue, base64))
  return value instanceof RespError ? value.text : value
}
const itemOf = (value: RespValue, base64: boolean): { result: unknown } | { error: string } =>
  value instanceof RespError ? { error: value.text } : { result: encoded(value, base64) }

const PARSE_ERROR = { status: 400, body: '{"error":"ERR failed to parse command"}' }

export async function createUpstashDouble(options: UpstashDoubleOptions): Promise<UpstashDouble> {
  const { redis, token = 'a-token-of-the-double' } = options
  const bill = new Bill()
  const runner = createRunner(() => redis.port, bill)
  let faults = NO_FAULTS
  let requests = 0
  const waiting = new Set<() => void>()
  const streams = createStreams(
    () => redis.port,
    () => faults.messages,
  )

  /** What a request is answered instead of being done. */
  const failure = (request: IncomingMessage): Failure | undefined => {
    if (faults.failNext > 0) {
      faults = { ...faults, failNext: faults.failNext - 1 }
      return faults.answer ?? FAILURES.server
    }
    if (faults.answer !== undefined) return faults.answer
    return request.headers.authorization === `Bearer ${token}` ? undefined : FAILURES.unauthorized
  }

  /** Does what a request asks for and gives status and body. */
  const perform = async (path: readonly string[], body: Buffer, base64: boolean): Promise<Failure> => {
    const [where = '', channel, message] = path
    const answer = (item: { result: unknown } | { error: string }): Failure => ({
      status: 'error' in item ? 400 : 200,
      body: JSON.stringify(item),
    })
    if (body.length > MAX_BODY) return FAILURES.requestSize
    if (where === 'publish' && channel !== undefined) {
      const [reply = null] = await runner.pipeline([['PUBLISH', channel, message ?? body.toString()]])
      return answer(itemOf(reply, base64))
    }
    let asked: unknown
    try {
      asked = JSON.parse(body.toString())
    } catch {
      return PARSE_ERROR
    }
    if (where === '') {
      const command = commandOf(asked)
      if (command === undefined) return PARSE_ERROR
      const [reply = null] = await runner.pipeline([command])
      return answer(itemOf(reply, base64))
    }
    const commands = Array.isArray(asked) ? asked.map(commandOf) : []
    if (commands.length === 0 || !commands.every((command) => command !== undefined)) return PARSE_ERROR
    if (where !== 'pipeline' && where !== 'multi-exec') return PARSE_ERROR
    const replies =
      where === 'pipeline' ? await runner.pipeline(commands) : await runner.transaction(commands)
    return replies instanceof RespError
      ? answer({ error: replies.text })
      : { status: 200, body: JSON.stringify(replies.map((reply) => itemOf(reply, base64))) }
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests += 1
    for (const look of waiting) look()
    if (faults.delayMs > 0) await sleep(faults.delayMs)
    if (faults.hang) return
    const reply = ({ status, body }: Failure): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    }
    const path = (request.url ?? '/').split('?', 1)[0]?.slice(1).split('/').map(decodeURIComponent) ?? []
    const failed = failure(request)
    if (failed !== undefined) {
      request.resume()
      reply(failed)
    } else if (path[0] === 'subscribe' && path[1] !== undefined) {
      request.resume()
      bill.add('SUBSCRIBE')
      await streams.open(path[1], response)
    } else {
      const done = await perform(
        path,
        await bodyOf(request),
        request.headers['upstash-encoding'] === 'base64',
      )
      if (faults.loseAnswers) response.destroy()
      else reply(done)
    }
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => {
      // Redis is away, or the client: to both, the service looks unreachable.
      response.destroy()
    })
  })
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject)
        resolve()
      })
    })
  const shut = async (): Promise<void> => {
    if (!server.listening) return
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }

  await listen(options.port ?? 0)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    port,
    billed: () => bill.kinds(),
    billedTotal: () => bill.total(),
    resetBilled() {
      bill.reset()
      requests = 0
    },
    requests: () => requests,
    taken: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (requests < count) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    fault(change) {
      faults = { ...faults, ...change }
    },
    heal() {
      faults = NO_FAULTS
    },
    refuse: shut,
    accept: () => (server.listening ? Promise.resolve() : listen(port)),
    cutStreams: (how = 'end') => streams.cut(how),
    get streams() {
      return streams.count
    },
    async close() {
      await shut()
      runner.close()
    },
  }
}
