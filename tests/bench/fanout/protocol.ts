/** What the measurement asks of the load generator, and how each contender is spoken to. */

/** One member as the generator makes it: where it connects, and what is said until it is seated. */
export interface Seat {
  /** Where there are several servers; the crowd's otherwise. */
  readonly port?: number
  /** Path and query of the upgrade. */
  readonly path: string
  readonly subprotocol?: string
  /** In turns: wait for a text that starts so, then say this. */
  readonly greeting: readonly { readonly wait?: string; readonly say?: string }[]
  /** What this one says, where it is not what all say. */
  readonly message?: string
}

/** A contender's way of saying things. */
export interface Dialect {
  /** An application message, which the server passes on to the others of the room. */
  readonly message: string
  /** A heartbeat in text, and its answer. */
  readonly heartbeat?: { readonly text: string; readonly answer: string }
}

/** `burst`: four messages of one sender in one write, the next when all have arrived. `spread`: one at a time, paced. */
export type Pattern = 'burst' | 'spread'

export type Order =
  | {
      readonly do: 'connect'
      readonly crowd: string
      readonly port: number
      readonly dialect: Dialect
      readonly rooms: readonly (readonly Seat[])[]
    }
  | { readonly do: 'load'; readonly crowd: string; readonly pattern: Pattern; readonly ms: number }
  | { readonly do: 'ping'; readonly crowd: string; readonly times: number }
  | { readonly do: 'close'; readonly crowd: string }

/** What receivers counted during one `load`. */
export interface Delivered {
  readonly deliveries: number
  /** Chunks the receivers read them in: fewer than deliveries where the server batched. */
  readonly reads: number
  readonly ms: number
}

/** How long each message of a `ping` took, to the last of its receivers. Milliseconds. */
export type Times = readonly number[]

export type Answer =
  | { readonly ok: true; readonly delivered?: Delivered; readonly times?: Times }
  | { readonly ok: false; readonly why: string }

/** Bytes of a message's data as JSON text. */
export const DATA_BYTES = 200

/** The data of every message: a few fields, padded to its size. */
const fields = { kind: 'pointer', at: { x: 0.51327, y: 0.20413 }, pressed: true, sequence: 48_201, note: '' }
export const DATA = { ...fields, note: 'x'.repeat(DATA_BYTES - JSON.stringify(fields).length) }

export const MESSAGES_A_BURST = 4
/** Deliveries a second that `spread` aims at. */
export const SPREAD_DELIVERIES = 20_000
