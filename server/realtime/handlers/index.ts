import type { ClientMessage, ClientMessageOf, ClientMessageType, MessageId } from '../../protocol/messages.ts'
import type { Role } from '../../protocol/models.ts'
import { StoreUnavailable } from '../../domain/refusal.ts'
import { frame } from '../wire.ts'
import { approve, deny } from './approvals.ts'
import { command, result } from './commands.ts'
import {
  refused,
  type AnySessionType,
  type Context,
  type Handlers,
  type Outcome,
  type Services,
} from './context.ts'
import { message, signal } from './messages.ts'
import { hello, leave, ping } from './presence.ts'
import { keyFrame, watch } from './relay.ts'
import { state } from './state.ts'

const HANDLERS: Handlers = {
  hello,
  signal,
  message,
  state,
  command,
  result,
  approve,
  deny,
  watch,
  'key-frame': keyFrame,
  leave,
  ping,
}

const EVERY_ROLE: readonly Role[] = ['host', 'viewer', 'camera']

/** Which roles may send what [SESS-4]. */
const MAY_SEND: Readonly<Record<ClientMessageType, readonly Role[]>> = {
  hello: EVERY_ROLE,
  signal: EVERY_ROLE,
  message: EVERY_ROLE,
  state: EVERY_ROLE,
  command: ['host'],
  result: ['camera'],
  approve: ['host'],
  deny: ['host'],
  watch: ['host', 'viewer'],
  'key-frame': ['host', 'viewer'],
  leave: EVERY_ROLE,
  ping: EVERY_ROLE,
}

const FOR_ANY_SESSION: ReadonlySet<ClientMessageType> = new Set<AnySessionType>(['leave', 'ping'])

/** Where faults of handlers are told. */
export interface Failures {
  failed(error: unknown): void
}

/** A message's context; no role: a pending session. */
type Turn = Context & { readonly role: Role | undefined; readonly failures: Failures }

/** Does what a message asks and answers it. Never throws, never rejects. */
export function handle(received: ClientMessage, turn: Turn): void {
  try {
    const outcome = run(received.type, received, turn)
    if (outcome instanceof Promise) {
      outcome.then(
        (late) => answer(received, turn, late),
        (error: unknown) => failed(received, turn, error),
      )
    } else {
      answer(received, turn, outcome)
    }
  } catch (error) {
    failed(received, turn, error)
  }
}

function answer(received: ClientMessage, turn: Turn, outcome: Outcome | void): void {
  if (outcome !== undefined) reply(turn, 'id' in received ? received.id : undefined, outcome)
}

function failed(received: ClientMessage, turn: Turn, error: unknown): void {
  turn.failures.failed(error)
  answer(received, turn, refused('store_unavailable', unavailable(error)))
}

function run<T extends ClientMessageType>(
  type: T,
  received: ClientMessage,
  turn: Turn,
): Outcome | void | Promise<Outcome | void> {
  const { role } = turn
  if (!FOR_ANY_SESSION.has(type)) {
    if (role === undefined) return refused('forbidden', 'A host has not let this device in yet.')
    if (!MAY_SEND[type].includes(role)) return refused('forbidden', `A ${role} may not send ${type}.`)
  }
  // The table pairs each type with the handler of that type, which the compiler cannot follow through the index.
  const handler = HANDLERS[type] as (turn: Turn, message: ClientMessageOf<T>) => ReturnType<typeof run>
  return handler(turn, received as ClientMessageOf<T>)
}

function reply(turn: Turn, id: MessageId | undefined, outcome: Outcome): void {
  if (!outcome.ok) turn.connection.refuse(id, outcome.code, outcome.message)
  else if (id !== undefined) {
    const { data } = outcome
    // The newest place and not the event's own: what was delivered between it and this answer is not to come again.
    const { at } = turn.room
    turn.connection.send(frame({ type: 'reply', id, ok: true, at, ...(data === undefined ? {} : { data }) }))
  }
}

const unavailable = (error: unknown): string =>
  error instanceof StoreUnavailable
    ? 'The store is unavailable; try again.'
    : 'The server could not do this; try again.'

export type { Services }
