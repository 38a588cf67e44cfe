import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { errors, type Requester, type UpstashRequest, type UpstashResponse } from '@upstash/redis'
import { failureOfConnection, RedisFailure, tooLate } from './failure.ts'

export interface RequestOptions {
  /** Address of the REST API, without a slash at its end. */
  readonly url: string
  readonly token: string
  /** No request takes longer. Milliseconds. */
  readonly timeoutMs: number
}

/**
 * So long a connection stays open for the next request: less than servers keep it, since one that is closed just as a
 * request is written leaves unknown what became of that. Milliseconds.
 */
const IDLE = 4_000
/** By this a client's reads see its own writes on any replica: an answer brings it, and the next request returns it. */
const SYNC_TOKEN = 'upstash-sync-token'

const NOT_UPSTASH =
  'the answer is not one of Upstash: its gateway fails, or UPSTASH_REDIS_REST_URL leads elsewhere'

/** What the API answered, whatever it refused. */
function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The gateway's own page; it may say anything, so nothing of it is told.
    throw new RedisFailure(NOT_UPSTASH, 'server')
  }
}

const isRefusal = (body: unknown): body is { error: string } =>
  typeof body === 'object' && body !== null && 'error' in body && typeof body.error === 'string'

/**
 * Carries the SDK's requests over `node:http`: its own way, `fetch` with web streams, costs several times the CPU of all
 * else that is done for a request. Each is sent once, whatever becomes of it.
 */
export class Requests implements Requester {
  readYourWrites = true
  upstashSyncToken = ''
  readonly #options: RequestOptions
  readonly #request: typeof http.request
  readonly #agent: http.Agent
  readonly #where: http.RequestOptions
  readonly #base: string

  constructor(options: RequestOptions) {
    this.#options = options
    const { protocol, hostname, port, pathname } = new URL(options.url)
    const isSecure = protocol === 'https:'
    const keep = { keepAlive: true, timeout: IDLE }
    this.#request = isSecure ? https.request : http.request
    this.#agent = isSecure ? new https.Agent(keep) : new http.Agent(keep)
    // Brackets are the address's in a URL alone.
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    this.#where = { method: 'POST', host, ...(port === '' ? {} : { port }), agent: this.#agent }
    this.#base = pathname.replace(/\/$/, '')
  }

  /**
   * @returns what the API answered
   * @throws RedisFailure where nobody did, or not in time, or somebody else; UpstashError with the API's words, and none
   * of the request's, where it refused
   */
  async request<T>({ path = [], body }: UpstashRequest): Promise<UpstashResponse<T>> {
    const { status, text } = await this.#exchange(
      [this.#base, ...path].join('/') || '/',
      JSON.stringify(body),
    )
    const answered = bodyOf(text)
    if (status >= 200 && status < 300) return answered as UpstashResponse<T>
    throw isRefusal(answered)
      ? new errors.UpstashError(answered.error)
      : new RedisFailure(NOT_UPSTASH, 'server')
  }

  /** Ends the connections that are kept open. */
  close(): void {
    this.#agent.destroy()
  }

  #exchange(path: string, body: string): Promise<{ status: number; text: string }> {
    const { token, timeoutMs } = this.#options
    return new Promise((resolve, reject) => {
      const request = this.#request({
        ...this.#where,
        path,
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${token}`,
          [SYNC_TOKEN]: this.upstashSyncToken,
        },
      })
      const fail = (error: unknown): void => {
        clearTimeout(late)
        reject(failureOfConnection(error))
      }
      const late = setTimeout(() => {
        fail(tooLate(timeoutMs))
        request.destroy()
      }, timeoutMs)
      request.on('error', fail)
      request.on('response', (response: IncomingMessage) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', fail)
        response.on('end', () => {
          clearTimeout(late)
          const { statusCode: status = 0, headers } = response
          const sync = headers[SYNC_TOKEN]
          if (status >= 200 && status < 300) this.upstashSyncToken = typeof sync === 'string' ? sync : ''
          resolve({ status, text: Buffer.concat(chunks).toString() })
        })
      })
      request.end(body)
    })
  }
}
