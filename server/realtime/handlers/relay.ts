import type { SessionId } from '../../protocol/ids.ts'
import { notHere, refused, type ActiveContext, type Handler, type Outcome } from './context.ts'

/** Why a member is no camera that can be watched; nothing where it is one. */
function notWatchable({ room }: ActiveContext, camera: SessionId): Outcome | undefined {
  const theirs = room.roleOf(camera)
  if (theirs === undefined) return notHere()
  return theirs === 'camera' ? undefined : refused('forbidden', 'Only a camera has a picture to watch.')
}

/** Be sent a camera's relayed picture, or no more. What is over may be ended again, whoever was watched. */
export const watch: Handler<'watch'> = (context, { camera, on }) => {
  const { services, room, id, connection } = context
  if (!on && room.roleOf(camera) === undefined) return { ok: true }
  const refusal = notWatchable(context, camera)
  if (refusal !== undefined) return refusal
  if (on) services.relay.watch(room, camera, { id, connection })
  else services.relay.unwatch(room.id, camera, connection)
  return { ok: true }
}

/** A watcher cannot go on decoding without a new key picture. */
export const keyFrame: Handler<'key-frame'> = (context, { camera }) => {
  const { services, room, connection } = context
  const refusal = notWatchable(context, camera)
  if (refusal !== undefined) return refusal
  return services.relay.needsKey(room.id, camera, connection)
    ? { ok: true }
    : refused('forbidden', 'Who does not watch a camera asks it for nothing.')
}
