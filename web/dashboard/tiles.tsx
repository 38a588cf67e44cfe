import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { SessionId } from '../../server/protocol/ids.ts'
import type { Feed } from '../lib/receiving.ts'
import { layRows } from './rows.ts'
import { aspectOf, Tile } from './tile.tsx'

/** Between tiles in CSS pixels. */
const GAP = 12

interface Props {
  feeds: ReadonlyMap<SessionId, Feed>
  onRemove?: (feed: Feed) => void
}

/**
 * The live tiles. On wide windows they stand in rows as large as their shapes allow; on narrow ones tiles.css
 * puts one below the other. All are children of one element: no video restarts when rows change.
 */
export function Tiles({ feeds, onRemove }: Props) {
  const stage = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState({ width: 0, height: 0 })
  const list = [...feeds.values()]

  useLayoutEffect(() => {
    const element = stage.current
    if (!element) return
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight })
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const boxes = layRows(size.width, size.height, list.map(aspectOf), GAP)
  return (
    <div class="stage" ref={stage}>
      <div class="tiles">
        {list.map((feed, index) => (
          <Tile
            key={feed.member.value.id}
            feed={feed}
            box={boxes[index]}
            {...(onRemove ? { onRemove: () => onRemove(feed) } : {})}
          />
        ))}
      </div>
    </div>
  )
}
