import type { Feed } from '../receiving.ts'
import { statsLines } from './stats-words.ts'

/** The numbers of one picture, over it; fresh once a second. */
export function StatsOverlay({ feed }: { feed: Feed }) {
  const stats = feed.stats.value
  if (!stats || feed.state.value.status !== 'live') return null
  return (
    <dl class="tile-stats">
      {statsLines(stats, feed.transport.value).map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
