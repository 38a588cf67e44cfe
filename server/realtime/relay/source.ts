import type { InstanceId, SessionId } from '../../protocol/ids.ts'
import type { Connection } from '../connection.ts'
import type { Room } from '../room.ts'

/** Where a camera's pictures come from. */
export type Source =
  | { readonly kind: 'here'; readonly connection: Connection }
  | { readonly kind: 'elsewhere'; readonly instance: InstanceId; readonly url: string | undefined }
  /** It is a member, and not connected. */
  | { readonly kind: 'away' }
  /** It is no member any more. */
  | { readonly kind: 'gone' }

export function sourceOf(room: Room, camera: SessionId): Source {
  if (room.roleOf(camera) !== 'camera') return { kind: 'gone' }
  const link = room.seat(camera)?.link
  if (link?.kind === 'connected') return { kind: 'here', connection: link.connection }
  const holder = link === undefined ? room.presence.holderOf(camera) : undefined
  // One that has not answered yet has not been asked where it is reached.
  return holder?.isTold === true
    ? { kind: 'elsewhere', instance: holder.instance, url: holder.url }
    : { kind: 'away' }
}

export function sameSource(a: Source, b: Source): boolean {
  if (a.kind === 'here') return b.kind === 'here' && a.connection === b.connection
  if (a.kind === 'elsewhere') return b.kind === 'elsewhere' && a.instance === b.instance && a.url === b.url
  return a.kind === b.kind
}
