import type { SessionId } from '../../protocol/ids.ts'
import { notHere, refused, type ActiveContext, type Handler, type Outcome } from './context.ts'

/** Why a member is no camera that can be watched; nothing where it is one. */
function notWatchable({ room }: ActiveContext, camera: SessionId): Outcome | undefined {
  const theirs = room.roleOf(camera)
  if (theirs === undefined) return notHere()
  return theirs === 'camera' ? undefined : refused('forbidden', 'Only a camera has a picture to watch.')
}

/** Be sent a camera's relayed picture, or no more. */
export const watch: Handler<'watch'> = (context, { camera }) => notWatchable(context, camera) ?? { ok: true }

/** A watcher cannot go on decoding without a new key picture. */
export const keyFrame: Handler<'key-frame'> = (context, { camera }) =>
  notWatchable(context, camera) ?? { ok: true }
