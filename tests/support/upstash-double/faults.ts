/** What goes wrong between a client and the double; all of it can be changed while it runs. */

/** How messages fare on their way to the streams. Shares are between 0 and 1, times milliseconds. */
export interface MessageFaults {
  readonly seed: number
  readonly lose?: number
  readonly double?: number
  /** Each message is late by some time between these two, and so may be overtaken. */
  readonly delay?: readonly [least: number, most: number]
}

export interface Faults {
  /** Requests are taken and never answered; streams can not be opened. */
  readonly hang: boolean
  /** Each request waits so long before anything is done with it. Milliseconds. */
  readonly delayMs: number
  /** What every request is answered instead of being done. */
  readonly answer: Failure | undefined
  /** So many requests from now on are answered with `failure`, whatever `answer` says. */
  readonly failNext: number
  /** Commands are done and their answers are lost: the connection breaks. */
  readonly loseAnswers: boolean
  readonly messages: MessageFaults | undefined
}

export interface Failure {
  readonly status: number
  readonly body: string
}

const error = (status: number, text: string): Failure => ({ status, body: JSON.stringify({ error: text }) })

/** Failures of the real service, in its words. */
export const FAILURES = {
  /** A load balancer in front of it, or a crash. */
  server: { status: 500, body: 'Internal Server Error' },
  unavailable: error(503, 'ERR the database is temporarily unavailable'),
  unauthorized: error(401, 'WRONGPASS invalid or missing auth token'),
  dailyLimit: error(400, 'ERR max daily request limit exceeded. Limit: 10000, Usage: 10000.'),
  monthlyLimit: error(400, 'ERR max requests limit exceeded. Limit: 500000, Usage: 500000.'),
  requestSize: error(400, 'ERR max request size exceeded. Limit: 10485760 bytes.'),
  connections: error(400, 'ERR max concurrent connections exceeded'),
  capacity: error(400, 'ERR DB capacity quota exceeded'),
} as const satisfies Record<string, Failure>

export const NO_FAULTS: Faults = {
  hang: false,
  delayMs: 0,
  answer: undefined,
  failNext: 0,
  loseAnswers: false,
  messages: undefined,
}

/** A generator of numbers from 0 to below 1 (xorshift, 32 bits), the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 32
  }
}
