import { createHmac } from 'node:crypto'
import type { Clock } from '../domain/clock.ts'
import type { SessionId } from '../protocol/ids.ts'
import type { IceServer } from '../protocol/models.ts'

/** TURN credentials live one hour … */
const LIFE_MS = 3_600_000
/** … and fresh ones are sent so long before the end. */
const AHEAD_MS = 600_000

/** The ICE servers a member is told of. */
export class IceServers {
  /** How long a list stays good before fresh credentials are due; nothing where none expire. */
  readonly renewAfterMs: number | undefined
  readonly #clock: Clock
  readonly #fixed: readonly IceServer[]
  readonly #turn: { urls: readonly string[]; secret: string } | undefined

  constructor(options: {
    clock: Clock
    iceServers: readonly IceServer[]
    turn?: { urls: readonly string[]; secret: string } | undefined
  }) {
    this.#clock = options.clock
    this.#fixed = options.iceServers
    this.#turn = options.turn
    this.renewAfterMs = options.turn === undefined ? undefined : LIFE_MS - AHEAD_MS
  }

  /**
   * Where anybody may ask for their address as it is seen from outside. TURN servers answer that too, over UDP and
   * without credentials (RFC 8656, section 5).
   */
  stun(): string[] {
    const urls = [...this.#fixed.flatMap((server) => server.urls), ...(this.#turn?.urls ?? [])]
    const open = urls.flatMap((url) => {
      const [, scheme, rest = '', transport] = /^(stun|turn):([^?]+)(?:\?transport=(\w+))?$/.exec(url) ?? []
      return scheme === undefined || (transport ?? 'udp') !== 'udp' ? [] : [`stun:${rest}`]
    })
    return [...new Set(open)]
  }

  /** Credentials by the TURN REST API (draft-uberti-behave-turn-rest): `expiry:member`, HMAC-SHA1. */
  for(member: SessionId): IceServer[] {
    if (this.#turn === undefined) return [...this.#fixed]
    const username = `${Math.floor((this.#clock.now() + LIFE_MS) / 1000)}:${member}`
    const credential = createHmac('sha1', this.#turn.secret).update(username).digest('base64')
    return [...this.#fixed, { urls: [...this.#turn.urls], username, credential }]
  }
}
