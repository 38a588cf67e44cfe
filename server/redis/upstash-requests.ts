import { errors, type Requester, type UpstashRequest, type UpstashResponse } from '@upstash/redis'
import { Pool, type Dispatcher } from 'undici'
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
 * Carries the SDK's requests over undici's connections: its own way, `fetch` with web streams, costs several times the
 * CPU of all else that is done for a request, and `node:http` a third more. Each is sent once, whatever becomes of it.
 */
export class Requests implements Requester {
  readYourWrites = true
  upstashSyncToken = ''
  readonly #options: RequestOptions
  readonly #pool: Pool
  readonly #base: string

  constructor(options: RequestOptions) {
    this.#options = options
    const { origin, pathname } = new URL(options.url)
    this.#pool = new Pool(origin, {
      keepAliveTimeout: IDLE,
      // Whatever the server says.
      keepAliveMaxTimeout: IDLE,
      connect: { timeout: options.timeoutMs },
      // A request has one end for all of it, below.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
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
    void this.#pool.destroy()
  }

  #exchange(path: string, body: string): Promise<{ status: number; text: string }> {
    const { token, timeoutMs } = this.#options
    return new Promise((resolve, reject) => {
      let running: Dispatcher.DispatchController | undefined
      let failure: RedisFailure | undefined
      let status = 0
      let sync: unknown
      const chunks: Buffer[] = []
      const late = setTimeout(() => {
        failure = tooLate(timeoutMs)
        reject(failure)
        running?.abort(failure)
      }, timeoutMs)
      const headers = {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        [SYNC_TOKEN]: this.upstashSyncToken,
      }
      this.#pool.dispatch(
        { method: 'POST', path, headers, body },
        {
          onRequestStart(controller) {
            running = controller
            // It waited for a connection for too long.
            if (failure !== undefined) controller.abort(failure)
          },
          onResponseStart(_controller, statusCode, answered) {
            status = statusCode
            sync = answered[SYNC_TOKEN]
          },
          onResponseData(_controller, chunk) {
            chunks.push(chunk)
          },
          onResponseEnd: () => {
            clearTimeout(late)
            if (status >= 200 && status < 300) this.upstashSyncToken = typeof sync === 'string' ? sync : ''
            resolve({ status, text: Buffer.concat(chunks).toString() })
          },
          onResponseError(_controller, error) {
            clearTimeout(late)
            reject(failureOfConnection(error))
          },
        },
      )
    })
  }
}
