import { SocketClosedUnexpectedlyError } from '@redis/client'

/** Why Redis could not do its work. */
export type Fault = 'network' | 'timeout' | 'auth' | 'quota' | 'server'

/**
 * Commands were not done, or it is not known whether they were. The message is for operators: it holds no
 * argument of a command and no credential [PAIR-8].
 */
export class RedisFailure extends Error {
  override name = 'RedisFailure'
  readonly fault: Fault

  constructor(message: string, fault: Fault) {
    super(message)
    this.fault = fault
  }
}

/** What servers say, and what it means. Upstash's limits: upstash.com/docs/redis/troubleshooting. */
const SAYINGS: readonly (readonly [saying: RegExp, fault: Fault, meaning: string])[] = [
  [
    /WRONGPASS|NOAUTH|unauthorized|invalid password|invalid (or missing )?(auth )?token|AUTH <password> called/i,
    'auth',
    'the token or password is not taken: copy it again from the page of the database',
  ],
  [/NOPERM/, 'auth', 'the token or password does not allow this: use one that may read and write'],
  [
    /max daily request limit/i,
    'quota',
    'the daily limit of commands is reached: wait for the next day, or take a larger plan',
  ],
  [
    /max requests? limit/i,
    'quota',
    'the limit of commands is reached: wait for the next month, or take a larger plan',
  ],
  [/max request size/i, 'quota', 'a request was larger than the plan allows'],
  [
    /max concurrent connections|max number of clients/i,
    'quota',
    'as many connections are open as the plan allows',
  ],
  [
    /capacity quota|^OOM|\bOOM command/i,
    'quota',
    'the database is full: delete what it need not hold, or take a larger plan',
  ],
  [/\bquota\b|(bandwidth|rate) limit/i, 'quota', 'a limit of the plan is reached'],
  [/^LOADING/, 'server', 'the database still loads its data'],
  [/^READONLY/, 'server', 'this is a replica that takes no writes: use the address of the primary'],
  [/^MISCONF/, 'server', 'the database takes no writes, because it cannot keep them on its disk (MISCONF)'],
  [/^(BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)/, 'server', 'the database is busy or without its primary'],
  [
    /unknown command/i,
    'server',
    'the database does not know a command that is needed: Redis 7.0 or later is needed',
  ],
]

const MAX_WORDS = 12

/**
 * The plain words of a text and nothing that could be an argument: what stands in quotes, and whatever is no
 * ordinary word, is left out.
 */
function plainWords(text: string): string {
  const [said = ''] = text.split(/, command was: |, with args |\r|\n/)
  const words = said
    .replaceAll(/'[^']*'|"[^"]*"|`[^`]*`/g, '')
    .match(/(?<!\S)[A-Za-z][a-z]{0,14}(?=[.,:;]?(\s|$))/g)
  return (words ?? []).slice(0, MAX_WORDS).join(' ')
}

/** The error's code in the words of Redis, such as `ERR` or `WRONGTYPE`. */
const codeOf = (text: string): string => /^[A-Z]{2,16}(?=\s|$)/.exec(text)?.[0] ?? 'ERR'

/** What an error that a server answered means. */
export function failureOfAnswer(text: string): RedisFailure {
  const known = SAYINGS.find(([saying]) => saying.test(text))
  if (known !== undefined) return new RedisFailure(known[2], known[1])
  const words = plainWords(text)
  return new RedisFailure(
    `the database answered an error (${codeOf(text)}${words && `: ${words}`})`,
    'server',
  )
}

/** Codes of Node's errors for an answer that did not come in time. */
const LATE = new Set(['ETIMEDOUT'])

/** And for a connection that stood. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE'])

/** The code of an error or of what caused it. */
function systemCode(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(at.code)) return at.code
  }
  return undefined
}

export const tooLate = (ms: number): RedisFailure =>
  new RedisFailure(`the database did not answer within ${ms} ms`, 'timeout')

/** What it means that a connection could not be made or broke. */
export function failureOfConnection(error: unknown): RedisFailure {
  if (error instanceof RedisFailure) return error
  const code = systemCode(error)
  if (code !== undefined && LATE.has(code))
    return new RedisFailure(`the database did not answer (${code})`, 'timeout')
  if (error instanceof Error && error.name === 'TimeoutError')
    return new RedisFailure('the database did not answer in time', 'timeout')
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new RedisFailure(
      `the address of the database is not known (${code}): is it spelled right?`,
      'network',
    )
  if ((code !== undefined && BROKEN.has(code)) || error instanceof SocketClosedUnexpectedlyError)
    return new RedisFailure(
      `the connection to the database broke${code === undefined ? '' : ` (${code})`}`,
      'network',
    )
  return new RedisFailure(
    `the database cannot be reached${code === undefined ? '' : ` (${code})`}`,
    'network',
  )
}
