import { Radio } from 'lucide-preact'
import { readSettings } from '../direction/settings.ts'
import type { Feed } from '../receiving.ts'

/** Says that a dashboard has this camera on air, as its phone does. */
export function OnAir({ feed }: { feed: Feed }) {
  if (!readSettings(feed.member.value.state).tally) return null
  return (
    <span class="tile-mark tile-on-air">
      <Radio size={14} aria-hidden="true" /> On air
    </span>
  )
}
