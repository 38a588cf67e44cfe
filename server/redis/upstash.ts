import { errors, Redis } from '@upstash/redis'
import { closing } from './closing.ts'
import {
  count,
  DEFAULT_TIMEOUT_MS,
  type Answer,
  type Command,
  type LinkOptions,
  type RedisLink,
} from './commands.ts'
import { failureOfAnswer, failureOfConnection, RedisFailure, tooLate } from './failure.ts'
import { createLane } from './lane.ts'
import { within } from './within.ts'

export interface UpstashOptions extends LinkOptions {
  /** Address of the REST API, without a slash at its end. */
  readonly url: string
  readonly token: string
}

/** So much behind a request's own limit it is given up, whatever becomes of it. Milliseconds. */
const LATER = 250

/** What the API answers for one command. */
interface Item {
  readonly result?: unknown
  readonly error?: string | null
}

/** The SDK sends lists of commands as they are only through its requester, which its subclasses may use. */
class WholeRequests extends Redis {
  send(path: readonly string[], body: unknown): Promise<unknown> {
    return this.client.request({ path: [...path], body })
  }
}

const answerOf = ({ result, error }: Item): Answer =>
  error === undefined || error === null ? { value: result } : { error }

/** Upstash over its REST API: https://upstash.com/docs/redis/features/restapi. */
export function createUpstashLink(options: UpstashOptions): RedisLink {
  const { url, token, timeoutMs = DEFAULT_TIMEOUT_MS, onCommand } = options
  const client = new WholeRequests({
    url,
    token,
    // Texts that look like numbers or JSON have to stay texts.
    automaticDeserialization: false,
    // All texts are sound UTF-8, which JSON carries as it is; base64 is a third longer.
    responseEncoding: false,
    // What may have run must not run twice; `retry: false` still sends twice.
    retry: { retries: 0 },
    // As a function: with a plain signal the SDK takes its end for an answer.
    signal: () => AbortSignal.timeout(timeoutMs),
    enableTelemetry: false,
    // It splits what was asked in order into two requests at once.
    enableAutoPipelining: false,
  })

  /** What `fetch` knows of a signal may be collected before its time, and then nothing ends a request but this. */
  const requested = (path: readonly string[], body: unknown): Promise<unknown> =>
    within(timeoutMs + LATER, client.send(path, body))

  const failureOf = (error: unknown): RedisFailure => {
    if (error instanceof RedisFailure) return error
    if (error instanceof errors.UpstashJSONParseError)
      return new RedisFailure(
        'the answer is not one of Upstash: its gateway fails, or UPSTASH_REDIS_REST_URL leads elsewhere',
        'server',
      )
    if (error instanceof errors.UpstashError) return failureOfAnswer(error.message)
    if (error instanceof Error && error.name === 'TimeoutError') return tooLate(timeoutMs)
    return failureOfConnection(error)
  }

  const send = async (commands: readonly Command[], atomic: boolean): Promise<readonly Answer[]> => {
    count(commands, onCommand)
    const [first] = commands
    if (first !== undefined && commands.length === 1) return [await sendOne(first)]
    let answers: unknown
    try {
      answers = await requested([atomic ? 'multi-exec' : 'pipeline'], commands)
    } catch (error) {
      throw failureOf(error)
    }
    if (Array.isArray(answers) && answers.length === commands.length) return (answers as Item[]).map(answerOf)
    const whole = (answers ?? {}) as Item
    throw typeof whole.error !== 'string'
      ? new RedisFailure('the answer of Upstash has another form than expected', 'server')
      : failureOfAnswer(whole.error)
  }

  const sendOne = async (command: Command): Promise<Answer> => {
    try {
      return answerOf((await requested([], command)) as Item)
    } catch (error) {
      // The server's own no to this command; whether it is one of a kind that is expected, the caller knows.
      if (error instanceof errors.UpstashError && !(error instanceof errors.UpstashJSONParseError))
        return { error: error.message.split(', command was: ', 1)[0] ?? '' }
      throw failureOf(error)
    }
  }

  const lane = createLane(send)
  return closing((commands, { atomic = false, inOrder = false } = {}) =>
    inOrder ? lane(commands, atomic) : send(commands, atomic),
  )
}
