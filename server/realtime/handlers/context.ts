import type { Clock } from '../../domain/clock.ts'
import type { Sessions } from '../../domain/sessions.ts'
import type { SessionId } from '../../protocol/ids.ts'
import type { ClientMessageOf, ClientMessageType } from '../../protocol/messages.ts'
import type { Role } from '../../protocol/models.ts'
import type { ReplyCode } from '../../protocol/problems.ts'
import type { SocketConnection } from '../connection.ts'
import type { Hub } from '../hub.ts'
import type { IceServers } from '../ice.ts'
import type { Relay } from '../relay/relay.ts'
import type { Room } from '../room.ts'
import type { Published } from '../room-events.ts'

/** What handlers may use besides the room. */
export interface Services {
  readonly hub: Hub
  readonly sessions: Sessions
  readonly ice: IceServers
  readonly relay: Relay
  readonly clock: Clock
}

/** Who speaks, and where. */
export interface Context {
  readonly services: Services
  readonly room: Room
  /** Of the session that speaks. */
  readonly id: SessionId
  readonly connection: SocketConnection
  /** Of the whole frame, in characters: a field of it cannot be longer by much. */
  readonly bytes: number
  /** The JSON text of a message's or a signal's data, where it is known. */
  readonly dataText: string | undefined
}

/** What an active member knows of itself besides. */
export interface ActiveContext extends Context {
  readonly role: Role
}

/** How a message is answered: one `reply` where it had an id; nothing at all for `void`. */
export type Outcome =
  | { readonly ok: true; readonly data?: unknown }
  | { readonly ok: false; readonly code: ReplyCode; readonly message: string }

/** Accepted for delivery, at once or as soon as the event is in the stored log. */
export const accepted = (at: Published, data?: unknown): Outcome | Promise<Outcome> => {
  const outcome = (): Outcome => ({ ok: true, ...(data === undefined ? {} : { data }) })
  return typeof at === 'string' ? outcome() : at.then(outcome)
}

export const refused = (code: ReplyCode, message: string): Outcome => ({ ok: false, code, message })
export const notHere = (): Outcome => refused('not_found', 'There is no such member in the room.')

/** Messages that a pending session may send too. */
export type AnySessionType = 'leave' | 'ping'

export type Handler<T extends ClientMessageType> = (
  context: T extends AnySessionType ? Context : ActiveContext,
  message: ClientMessageOf<T>,
) => Outcome | void | Promise<Outcome | void>

/** One handler for each message type. */
export type Handlers = { readonly [T in ClientMessageType]: Handler<T> }

/** Bytes of a field's JSON text. The frame's length spares the work where the field cannot be over the bound. */
export function exceeds(value: unknown, most: number, frameLength: number): boolean {
  // A character of the frame is at most three bytes of UTF-8, and numbers grow to 21 characters at most from three.
  if (frameLength * 7 <= most) return false
  const text = JSON.stringify(value)
  return text !== undefined && Buffer.byteLength(text) > most
}
