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
import { failureOfAnswer, failureOfConnection, RedisFailure } from './failure.ts'
import { createLane } from './lane.ts'
import { createTogether } from './together.ts'
import { Requests } from './upstash-requests.ts'

export interface UpstashOptions extends LinkOptions {
  /** Address of the REST API, without a slash at its end. */
  readonly url: string
  readonly token: string
}

/** What the API answers for one command. */
interface Item {
  readonly result?: unknown
  readonly error?: string | null
}

/**
 * The SDK sends lists of commands as they are only through its requester, which its subclasses may use. Everything that
 * it would set for its own (texts that look like numbers stay texts, no base64, no second try, no telemetry, no
 * pipelining of its own) is the requester's or does not come into play.
 */
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
  const requests = new Requests({ url, token, timeoutMs })
  const client = new WholeRequests(requests)

  const failureOf = (error: unknown): RedisFailure =>
    error instanceof errors.UpstashError ? failureOfAnswer(error.message) : failureOfConnection(error)

  const send = async (commands: readonly Command[], atomic: boolean): Promise<readonly Answer[]> => {
    count(commands, onCommand)
    const [first] = commands
    if (first !== undefined && commands.length === 1) return [await sendOne(first)]
    let answers: unknown
    try {
      answers = await client.send([atomic ? 'multi-exec' : 'pipeline'], commands)
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
      return answerOf((await client.send([], command)) as Item)
    } catch (error) {
      // The server's own no to this command; whether it is one of a kind that is expected, the caller knows.
      if (error instanceof errors.UpstashError) return { error: error.message }
      throw failureOf(error)
    }
  }

  const lane = createLane(send)
  const together = createTogether(send)
  return closing(
    (commands, { atomic = false, inOrder } = {}) =>
      inOrder !== undefined
        ? lane(commands, inOrder, atomic)
        : atomic
          ? send(commands, true)
          : together(commands),
    () => requests.close(),
  )
}
