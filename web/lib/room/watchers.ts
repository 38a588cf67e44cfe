/** Who sees which camera, from what hosts and viewers say in their state (camera-state.ts). */
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { Member } from '../../../server/protocol/models.ts'
import { readWatching } from '../camera-state.ts'

const list = new Intl.ListFormat('en', { type: 'conjunction' })

/** In words, who sees this camera, or what this host or viewer sees; undefined where there is nothing to say. */
export function watchingWords(
  member: Member,
  members: ReadonlyMap<SessionId, Member>,
  own: SessionId | undefined,
): string | undefined {
  const others = [...members.values()]
  if (member.role === 'camera') {
    const seenBy = others.filter(
      (one) => one.role !== 'camera' && one.connected && readWatching(one.state, member.id) === 'live',
    )
    if (seenBy.length === 0) return member.connected ? 'Nobody sees it' : undefined
    return `Seen by ${list.format(seenBy.map((one) => (one.id === own ? 'you' : one.name || 'a device')))}`
  }
  const cameras = others.filter(({ role }) => role === 'camera')
  if (cameras.length === 0 || !member.connected) return undefined
  const seen = cameras.filter(({ id }) => readWatching(member.state, id) === 'live').length
  return `Sees ${seen} of ${cameras.length} ${cameras.length === 1 ? 'camera' : 'cameras'}`
}
