/** Runs commands as the REST API would, over one connection to Redis, and counts what is billed. */
import { type Bill, isScript, ranBetween } from './billing.ts'
import { dialRedis, RespError, type RespConnection, type RespValue } from './resp.ts'

const STATS = ['INFO', 'commandstats'] as const

/** What the API does not offer. */
const NOT_OVER_REST = new Set(['SUBSCRIBE', 'PSUBSCRIBE', 'MONITOR', 'MULTI', 'EXEC', 'BLPOP', 'BRPOP'])

export interface Runner {
  /** @returns a reply each; a command that fails does not stop the others */
  pipeline(commands: readonly (readonly string[])[]): Promise<readonly RespValue[]>
  /** @returns a reply each, or the one error for which nothing was done */
  transaction(commands: readonly (readonly string[])[]): Promise<readonly RespValue[] | RespError>
  close(): void
}

const refusal = (command: readonly string[]): RespError | undefined => {
  const kind = command[0]?.toUpperCase() ?? ''
  if (kind === '') return new RespError('ERR empty command')
  return NOT_OVER_REST.has(kind)
    ? new RespError(
        `ERR Command is not available: '${kind}'. See https://upstash.com/docs/redis/overall/compatibility`,
      )
    : undefined
}

const text = (value: RespValue | undefined): string => (typeof value === 'string' ? value : '')

export function createRunner(port: () => number, bill: Bill): Runner {
  let connection: RespConnection | undefined
  const redis = (): RespConnection => {
    if (connection?.alive !== true) connection = dialRedis(port())
    return connection
  }

  /** Counts a command, and what ran inside of it. */
  const charge = (command: readonly string[], before?: RespValue, after?: RespValue): void => {
    bill.add(command[0] ?? '')
    if (before === undefined) return
    for (const [kind, times] of ranBetween(text(before), text(after))) bill.add(kind, times)
  }
  /** A script stands between two looks at how often each command ran. */
  const watched = (command: readonly string[]): (readonly string[])[] =>
    isScript(command) ? [STATS, command, STATS] : [command]
  /** Takes the looks out again. */
  const unwatch = (commands: readonly (readonly string[])[], replies: readonly RespValue[]): RespValue[] => {
    let at = 0
    return commands.map((command) => {
      if (!isScript(command)) {
        charge(command)
        return replies[at++] ?? null
      }
      charge(command, replies[at], replies[at + 2])
      at += 3
      return replies[at - 2] ?? null
    })
  }

  return {
    async pipeline(commands) {
      const allowed = commands.filter((command) => refusal(command) === undefined)
      // Between the two looks of a script nothing else may run: hence a transaction.
      const sent = allowed.flatMap((command) =>
        isScript(command) ? [['MULTI'], ...watched(command), ['EXEC']] : [command],
      )
      const replies = sent.length === 0 ? [] : await redis().send(sent)
      let at = 0
      return commands.map((command) => {
        const no = refusal(command)
        if (no !== undefined) return no
        if (!isScript(command)) {
          charge(command)
          return replies[at++] ?? null
        }
        at += 5
        const done = replies[at - 1]
        // Refused before it ran: the reply to the command itself says why.
        if (!Array.isArray(done)) return replies[at - 3] ?? null
        return unwatch([command], done as readonly RespValue[])[0] ?? null
      })
    },
    async transaction(commands) {
      const no = commands.map(refusal).find((each) => each !== undefined)
      if (no !== undefined) return no
      const inside = commands.flatMap(watched)
      const replies = await redis().send([['MULTI'], ...inside, ['EXEC']])
      const done = replies.at(-1)
      if (Array.isArray(done)) return unwatch(commands, done as readonly RespValue[])
      return (
        replies.find((reply): reply is RespError => reply instanceof RespError) ??
        new RespError('EXECABORT Transaction discarded')
      )
    },
    close: () => connection?.close(),
  }
}
