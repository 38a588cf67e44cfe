/** The dashboard's side of direction: sends a command and waits for the camera's result. */
import type { CommandRef, SessionId } from '../../../server/protocol/ids.ts'
import type { ServerMessageOf } from '../../../server/protocol/messages.ts'
import type { Client } from '../client-types.ts'
import { disposers, type Disposer } from '../disposer.ts'
import { RequestError } from '../outbox.ts'
import { CommandFault, readFault, type CommandArgs, type CommandName } from './commands.ts'

export interface Director {
  /** What the camera answered as `data`. Rejects with `CommandFault`; `withinMs` is 10 s unless said. */
  ask<N extends CommandName>(
    camera: SessionId,
    name: N,
    args: CommandArgs<N>,
    withinMs?: number,
  ): Promise<unknown>
  dispose: Disposer
}

type Result = ServerMessageOf<'result'>

/** A command that is out. */
interface Out {
  readonly camera: SessionId
  /** Its camera has left, perhaps before the server's reply came. */
  gone: boolean
  leave?: () => void
}

const ANSWER_WITHIN = 10_000
/** Results that came before the reply that names their command: few, and only for a moment. */
const EARLY = 64

const left = (cause?: RequestError) =>
  new CommandFault('away', 'This camera is not here any more.', { cause })

const refused = (cause: RequestError): CommandFault => {
  switch (cause.code) {
    case 'not_found':
      return left(cause)
    case 'rate_limited':
      return new CommandFault('not-now', 'Too many commands at once. Try again in a moment.', { cause })
    case 'forbidden':
      return new CommandFault('failed', 'This page may not direct cameras.', { cause })
    default:
      return new CommandFault('away', 'The camera was not reached. Try again when the connection is back.', {
        cause,
      })
  }
}

export const createDirector = (client: Pick<Client, 'command' | 'on'>): Director => {
  const waiting = new Map<CommandRef, (result: Result | CommandFault) => void>()
  const early = new Map<CommandRef, Result>()
  const out = new Set<Out>()

  const settle = (result: Result) => {
    const wait = waiting.get(result.ref)
    if (wait) {
      wait(result)
      return
    }
    // The camera may answer before the server's own reply is here.
    early.set(result.ref, result)
    const [oldest] = early.keys()
    if (early.size > EARLY && oldest !== undefined) early.delete(oldest)
  }
  const answer = (mine: Out, ref: CommandRef, withinMs: number): Promise<Result> =>
    new Promise((resolve, reject) => {
      const here = early.get(ref)
      if (here) {
        early.delete(ref)
        resolve(here)
        return
      }
      if (mine.gone) {
        reject(left())
        return
      }
      const timer = setTimeout(
        () => done(new CommandFault('silent', 'The camera did not answer. Is its page open?')),
        withinMs,
      )
      const done = (result: Result | CommandFault) => {
        clearTimeout(timer)
        waiting.delete(ref)
        if (result instanceof CommandFault) reject(result)
        else resolve(result)
      }
      mine.leave = () => done(left())
      waiting.set(ref, done)
    })

  const stop = disposers(
    client.on('result', settle),
    client.on('member-left', ({ memberId }) => {
      for (const one of out) {
        if (one.camera !== memberId) continue
        one.gone = true
        one.leave?.()
      }
    }),
  )
  return {
    async ask(camera, name, args, withinMs = ANSWER_WITHIN) {
      const mine: Out = { camera, gone: false }
      out.add(mine)
      try {
        const ref = await client.command(camera, name, args)
        const result = await answer(mine, ref, withinMs)
        if (!result.ok) throw readFault(result.error)
        return result.data
      } catch (cause) {
        throw cause instanceof RequestError ? refused(cause) : cause
      } finally {
        out.delete(mine)
      }
    },
    dispose() {
      stop()
      for (const wait of waiting.values()) wait(new CommandFault('away', 'The dashboard left the room.'))
    },
  }
}
