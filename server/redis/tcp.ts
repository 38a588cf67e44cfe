import { createClient, ErrorReply } from '@redis/client'
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
import { keepOpen, type Opened } from './keep-open.ts'
import { Turn, type Outcome } from './turn.ts'
import { within } from './within.ts'

export interface TcpOptions extends LinkOptions {
  /** `redis://` or `rediss://`, with its credentials. */
  readonly url: string
}

/** A peer that vanished without a word is noticed after this and some ten probes, one a second. Milliseconds. */
const KEEP_ALIVE_AFTER = 10_000

const newClient = (url: string, timeoutMs: number) =>
  createClient({
    url,
    // The answers of version 2 have the form of those over REST, and it needs no command to agree on.
    RESP: 2,
    // Neither does the server need to know who calls: every command may cost.
    disableClientInfo: true,
    maintNotifications: 'disabled',
    // What is asked without a connection fails at once.
    disableOfflineQueue: true,
    // Its own limit would take single commands out of a transaction that is half written.
    commandOptions: { timeout: 0 },
    socket: {
      connectTimeout: timeoutMs,
      keepAliveInitialDelay: KEEP_ALIVE_AFTER,
      // A lost connection is replaced by a new client: an old one would write what was given up meanwhile.
      reconnectStrategy: false,
    },
  })

/** A connection over TCP that stands. */
export interface TcpConnection extends Opened {
  readonly client: ReturnType<typeof newClient>
}

const failureOf = (error: unknown): RedisFailure =>
  error instanceof ErrorReply ? failureOfAnswer(error.message) : failureOfConnection(error)

/**
 * Connects, and makes ready what the connection is for.
 * @throws RedisFailure
 */
export async function connectTcp(
  url: string,
  timeoutMs: number,
  ended: AbortSignal,
  prepare: (client: TcpConnection['client']) => Promise<void> = () => Promise.resolve(),
): Promise<TcpConnection> {
  const client = newClient(url, timeoutMs)
  const end = () => {
    // It throws where it is closed already.
    if (client.isOpen) client.destroy()
  }
  const lost = new Promise<RedisFailure>((resolve) => {
    client.on('error', (error: unknown) => resolve(failureOf(error)))
    client.on('end', () => resolve(new RedisFailure('the connection was closed', 'network')))
  })
  ended.addEventListener('abort', end, { once: true })
  try {
    await within(
      timeoutMs,
      client.connect().then(() => prepare(client)),
    )
  } catch (error) {
    end()
    throw failureOf(error)
  } finally {
    ended.removeEventListener('abort', end)
  }
  return { client, lost, end }
}

const answerOf = (value: unknown): Answer =>
  value instanceof ErrorReply ? { error: value.message } : { value }

const write = ({ client }: TcpConnection, command: Command): Promise<Outcome> =>
  client
    .sendCommand<unknown>([...command])
    .then(answerOf, (error: unknown) =>
      error instanceof ErrorReply ? { error: error.message } : failureOf(error),
    )

/** The first failure of a broken connection is told; the others say the same. */
const answered = (outcome: Outcome): Answer => {
  if (outcome instanceof RedisFailure) throw outcome
  return outcome
}

/** A Redis server over TCP. */
export function createTcpLink({ url, timeoutMs = DEFAULT_TIMEOUT_MS, onCommand }: TcpOptions): RedisLink {
  let connection: TcpConnection | undefined
  let why = new RedisFailure('there is no connection yet', 'network')
  let tried: (() => void) | undefined
  /** Whoever asks before the first attempt has ended waits for it. */
  let first: Promise<void> | undefined = new Promise((resolve) => {
    tried = resolve
  })
  const attempted = () => {
    first = undefined
    tried?.()
  }
  const stop = keepOpen<TcpConnection>({
    open: (ended) => connectTcp(url, timeoutMs, ended),
    opened(made) {
      connection = made
      attempted()
    },
    cut(failure) {
      connection = undefined
      why = failure
      attempted()
    },
  })

  /** What comes of commands that were written; the server, or the way to it, may take too long over them. */
  const settle = async (made: TcpConnection, written: readonly Promise<Outcome>[]): Promise<Outcome[]> => {
    try {
      return await within(timeoutMs, Promise.all(written))
    } catch (error) {
      // What else waits there would wait as long.
      made.end()
      throw error
    }
  }

  /** What is asked in order in this turn of the event loop, and of whom. */
  let current: { readonly turn: Turn; readonly made: TcpConnection } | undefined
  const inTurn = (made: TcpConnection, commands: readonly Command[]): Promise<readonly Answer[]> => {
    if (current?.made !== made) {
      const turn = new Turn((command) => write(made, command))
      const begun = { turn, made }
      current = begun
      // Before the client's own, which writes at the end of a turn what was asked of it meanwhile.
      setImmediate(() => {
        if (current === begun) current = undefined
        count(turn.close(), onCommand)
        turn.settle((written) => settle(made, written))
      })
    }
    return current.turn.take(commands)
  }

  const ask: RedisLink['ask'] = async (commands, { atomic = false, inOrder } = {}) => {
    if (first !== undefined) await first
    if (connection === undefined) throw why
    const made = connection
    const isOne = atomic && commands.length > 1
    // One connection keeps one order for all.
    if (inOrder !== undefined && !isOne) return inTurn(made, commands)
    count(commands, onCommand)
    const asked = isOne ? [['MULTI'] as const, ...commands, ['EXEC'] as const] : commands
    const answers = (
      await settle(
        made,
        asked.map((command) => write(made, command)),
      )
    ).map(answered)
    if (!isOne) return answers
    const done = answers.at(-1)
    if (done !== undefined && 'value' in done && Array.isArray(done.value)) return done.value.map(answerOf)
    // The one that was refused says why, EXEC only that there was one.
    const refused = answers.find((each) => 'error' in each)
    throw refused === undefined
      ? new RedisFailure('a transaction was given up', 'server')
      : failureOfAnswer(refused.error)
  }
  return closing(ask, () => {
    stop()
    attempted()
  })
}
