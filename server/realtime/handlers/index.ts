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
import { state } from './state.ts'

const HANDLERS: Handlers = { hello, signal, message, state, command, result, approve, deny, leave, ping }

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
  leave: EVERY_ROLE,
  ping: EVERY_ROLE,
}

const FOR_ANY_SESSION: ReadonlySet<ClientMessageType> = new Set<AnySessionType>(['leave', 'ping'])

type Turn = Context & { readonly status: 'active' | 'pending'; readonly failed: (error: unknown) => void }

/** Does what a message asks and answers it. Never throws, never rejects. */
export function handle(received: ClientMessage, turn: Turn): void {
  const id = 'id' in received ? received.id : undefined
  const answer = (outcome: Outcome | void): void => {
    if (outcome !== undefined) reply(turn, id, outcome)
  }
  const failed = (error: unknown): void => {
    turn.failed(error)
    answer(refused('store_unavailable', unavailable(error)))
  }
  try {
    const outcome = run(received.type, received, turn)
    if (outcome instanceof Promise) outcome.then(answer, failed)
    else answer(outcome)
  } catch (error) {
    failed(error)
  }
}

function run<T extends ClientMessageType>(
  type: T,
  received: ClientMessage,
  turn: Turn,
): Outcome | void | Promise<Outcome | void> {
  const role = turn.room.roleOf(turn.id)
  if (!FOR_ANY_SESSION.has(type)) {
    if (turn.status === 'pending' || role === undefined)
      return refused('forbidden', 'A host has not let this device in yet.')
    if (!MAY_SEND[type].includes(role)) return refused('forbidden', `A ${role} may not send ${type}.`)
  }
  // The table pairs each type with the handler of that type, which the compiler cannot follow through the index.
  const handler = HANDLERS[type] as (
    context: Context & { role: Role | undefined },
    message: ClientMessageOf<T>,
  ) => ReturnType<typeof run>
  return handler({ ...turn, role }, received as ClientMessageOf<T>)
}

function reply(turn: Turn, id: MessageId | undefined, outcome: Outcome): void {
  if (!outcome.ok) turn.connection.refuse(id, outcome.code, outcome.message)
  else if (id !== undefined) {
    const { at, data } = outcome
    turn.connection.send(frame({ type: 'reply', id, ok: true, at, ...(data === undefined ? {} : { data }) }))
  }
}

const unavailable = (error: unknown): string =>
  error instanceof StoreUnavailable
    ? 'The store is unavailable; try again.'
    : 'The server could not do this; try again.'

export type { Services }
