/** The phone's side of direction: reads a command, has it carried out, and answers with a result. */
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { ServerMessageOf } from '../../../server/protocol/messages.ts'
import type { Client } from '../../lib/client-types.ts'
import type { Disposer } from '../../lib/disposer.ts'
import {
  COMMANDS,
  CommandFault,
  isCommandName,
  type CommandArgs,
  type CommandName,
} from '../../lib/direction/commands.ts'
import { RequestError } from '../../lib/outbox.ts'

/** Carries a command out; what it resolves to is the result's `data`. Rejects with `CommandFault`. */
export type Answer<N extends CommandName> = (args: CommandArgs<N>, from: SessionId) => Promise<unknown>
export type Answers = { readonly [N in CommandName]: Answer<N> }
/** Those that are there at the moment: the rest is `unknown`. Rejects with `CommandFault` where none can be had. */
export type LoadAnswers = (name: CommandName) => Promise<Partial<Answers>>

const carryOut = async <N extends CommandName>(
  answers: Partial<Answers>,
  name: N,
  args: unknown,
  from: SessionId,
): Promise<unknown> => {
  const answer: Answer<N> | undefined = answers[name]
  if (!answer) throw new CommandFault('unknown', 'This camera knows no such command.')
  const read: (args: unknown) => CommandArgs<N> | undefined = COMMANDS[name] as never
  const known = read(args)
  if (known === undefined) throw new CommandFault('invalid', 'The camera does not understand this.')
  return answer(known, from)
}

const outcomeOf = async (
  load: LoadAnswers,
  { name, args, from }: ServerMessageOf<'command'>,
): Promise<{ ok: true; data?: unknown } | { ok: false; error: { code: string; message: string } }> => {
  try {
    if (!isCommandName(name)) throw new CommandFault('unknown', 'This camera knows no such command.')
    const data = await carryOut(await load(name), name, args, from)
    return data === undefined ? { ok: true } : { ok: true, data }
  } catch (cause) {
    if (cause instanceof CommandFault) {
      if (cause.cause !== undefined) console.warn(`The command ${name} failed`, cause.cause)
      return { ok: false, error: { code: cause.code, message: cause.message } }
    }
    console.error(`The command ${name} failed`, cause)
    return { ok: false, error: { code: 'failed', message: 'The camera could not do it.' } }
  }
}

/** Answers every command until disposed of. */
export const answerCommands = (client: Pick<Client, 'on' | 'result'>, load: LoadAnswers): Disposer =>
  client.on('command', (command) => {
    const answer = async () => {
      const outcome = await outcomeOf(load, command)
      try {
        await client.result(command.from, command.ref, outcome)
      } catch (cause) {
        if (!(cause instanceof RequestError)) throw cause
        // Who asked is gone, or hears of it as silence.
        console.warn('The result of a command was not taken', cause)
      }
    }
    void answer()
  })
