import { nanoid } from 'nanoid'
import type { CommandRef } from '../../protocol/ids.ts'
import { MAX_MESSAGE } from '../../protocol/limits.ts'
import { accepted, exceeds, notHere, refused, type Handler } from './context.ts'

/** A host asks a camera to do something; the camera answers with a result under the ref. */
export const command: Handler<'command'> = ({ room, id, bytes }, { to, name, args }) => {
  const theirs = room.roleOf(to)
  if (theirs === undefined) return notHere()
  if (theirs !== 'camera') return refused('forbidden', 'Only a camera takes commands.')
  if (exceeds(args, MAX_MESSAGE, bytes))
    return refused('too_large', `Arguments may hold ${MAX_MESSAGE} bytes at most.`)
  const ref = nanoid<CommandRef>(12)
  const at = room.events.publish(
    { type: 'command', from: id, ref, name, args: args ?? null },
    id,
    { kind: 'member', id: to },
    { kind: 'command', ref, host: id, camera: to },
  )
  return accepted(at, { ref })
}

export const result: Handler<'result'> = ({ room, id, bytes }, { to, ref, ok, data, error }) => {
  if (!room.has(to)) return notHere()
  if (exceeds(data, MAX_MESSAGE, bytes) || exceeds(error, MAX_MESSAGE, bytes))
    return refused('too_large', `A result may hold ${MAX_MESSAGE} bytes at most.`)
  if (!room.events.commands.close(ref, to, id))
    return refused('not_found', 'No command waits for this result.')
  const body = {
    type: 'result' as const,
    from: id,
    ref,
    ok,
    ...(data === undefined ? {} : { data }),
    ...(error === undefined ? {} : { error }),
  }
  return accepted(room.events.publish(body, id, { kind: 'member', id: to }, { kind: 'result', ref }))
}
