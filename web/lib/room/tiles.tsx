import { useComputed, type ReadonlySignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { Feed } from '../receiving.ts'
import { layRows } from './rows.ts'
import { aspectOf, Tile } from './tile.tsx'

/** Between tiles in CSS pixels. */
const GAP = 12

interface Props {
  feeds: ReadonlySignal<ReadonlyMap<SessionId, Feed>>
  onRemove?: (feed: Feed) => void
  /** More that can be done with a tile, beside what every tile has. */
  controls?: (feed: Feed) => ComponentChildren
  /** What stands over a tile's picture, always in sight. */
  over?: (feed: Feed) => ComponentChildren
}

/**
 * The live tiles. On wide windows they stand in rows as large as their shapes allow; on narrow ones tiles.css
 * puts one below the other. All are children of one element: no video restarts when rows change.
 */
export function Tiles({ feeds, onRemove, controls, over }: Props) {
  const stage = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState({ width: 0, height: 0 })
  const list = [...feeds.value.values()]
  // As a text it changes only when a shape does, not with every reading of the statistics.
  const shapes = useComputed(() =>
    [...feeds.value.values()].map((feed) => aspectOf(feed).toFixed(3)).join(' '),
  )
  const aspects = shapes.value

  useLayoutEffect(() => {
    const element = stage.current
    if (!element) return
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight })
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const boxes = useMemo(
    () => layRows(size.width, size.height, aspects.split(' ').filter(Boolean).map(Number), GAP),
    [size, aspects],
  )
  return (
    <div class="stage" ref={stage}>
      <div class="tiles">
        {list.map((feed, index) => (
          <Tile
            key={feed.member.value.id}
            feed={feed}
            box={boxes[index]}
            {...(onRemove ? { onRemove: () => onRemove(feed) } : {})}
            {...(controls ? { controls: controls(feed) } : {})}
            {...(over ? { over: over(feed) } : {})}
          />
        ))}
      </div>
    </div>
  )
}
