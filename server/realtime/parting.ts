import type { InstanceId } from '../protocol/ids.ts'
import { holders } from './holders.ts'
import type { Draft, LetterOf } from './letters.ts'
import type { Room } from './room.ts'
import type { RowBook } from './row-book.ts'
import type { SharingDeps } from './ways.ts'

/** The last word of an opening. @param knowsOthers whether all instances are known that are in the room */
export async function part(
  { room, rows, knowsOthers }: { readonly room: Room; readonly rows: RowBook; readonly knowsOthers: boolean },
  bye: Draft<LetterOf<'bye'>>,
  deps: SharingDeps,
): Promise<void> {
  const { clock, post, failed } = deps
  if (bye.stay) await rows.leave(clock.now())
  const others = new Set<InstanceId>(room.presence.instances)
  try {
    // What waited here for the store was hinted to those who were known: the others read it when they hear of the end.
    if (!knowsOthers && !deps.isAway()) for (const other of await holders(room.id, deps)) others.add(other)
  } catch (error) {
    failed(error)
  }
  await Promise.all([...others].map((to) => post(to, bye)))
}
