/** Which tile a spotlight shows large. */
import type { SessionId } from '../../../../server/protocol/ids.ts'
import type { Feed } from '../../receiving.ts'

/** The chosen one while it is there, else the first that is live, else the first; its place in the list. */
export function frontOf(feeds: readonly Feed[], chosen: SessionId | undefined): number {
  const own = feeds.findIndex((feed) => feed.member.value.id === chosen)
  if (own >= 0) return own
  return Math.max(
    0,
    feeds.findIndex((feed) => feed.state.value.status === 'live'),
  )
}
