import { useComputed, useSignal, type ReadonlySignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { SessionId } from '../../../server/protocol/ids.ts'
import { listen } from '../disposer.ts'
import type { Feed } from '../receiving.ts'
import { FrontButton } from './layouts/front-button.tsx'
import { frontOf } from './layouts/front.ts'
import { placeTiles } from './layouts/place.ts'
import { useSize } from './layouts/use-size.ts'
import type { View } from './layouts/view.ts'
import { StatsOverlay } from './stats-overlay.tsx'
import { aspectOf, Tile } from './tile.tsx'
import { deviceWords } from './words.ts'

/** Between tiles in CSS pixels. */
const GAP = 12

interface Props {
  feeds: ReadonlySignal<ReadonlyMap<SessionId, Feed>>
  view: View
  onRemove?: (feed: Feed) => void
  /** More that can be done with a tile, beside what every tile has. */
  controls?: (feed: Feed) => ComponentChildren
  /** What stands over a tile's picture, always in sight. */
  over?: (feed: Feed) => ComponentChildren
  /** What else is said on a tile. */
  marks?: (feed: Feed) => ComponentChildren
}

const nameOf = (feed: Feed) => feed.member.value.name || deviceWords(feed.member.value.device)

/**
 * The live tiles. On wide windows they stand as the layout has it; on narrow ones layouts.css and tiles.css put one
 * below the other. All are children of one element: no video restarts when places change.
 */
export function Tiles({ feeds, view, onRemove, controls, over, marks }: Props) {
  const stage = useRef<HTMLDivElement>(null)
  const size = useSize(stage)
  const chosen = useSignal<SessionId | undefined>(undefined)
  const layout = view.layout.value
  const details = view.details.value
  const list = [...feeds.value.values()]
  // As a text it changes only when a shape does, not with every reading of the statistics.
  const shapes = useComputed(() =>
    [...feeds.value.values()].map((feed) => aspectOf(feed).toFixed(3)).join(' '),
  )
  const fronts = useComputed(() => frontOf([...feeds.value.values()], chosen.value))
  const aspects = shapes.value
  const front = fronts.value
  const hasFront = layout === 'spotlight' && list.length > 1

  useEffect(() => {
    const element = stage.current
    // A single letter counts where the focus is on a tile alone (WCAG 2.2, 2.1.4).
    return element
      ? listen(element, 'keydown', (event) => {
          const { key, ctrlKey, metaKey, altKey, target } = event as KeyboardEvent
          const isField = target instanceof Element && target.closest('input, select, textarea') !== null
          if (key === 'i' && !isField && !ctrlKey && !metaKey && !altKey)
            view.showDetails(!view.details.peek())
        })
      : undefined
  }, [view])

  const boxes = useMemo(
    () =>
      placeTiles(layout, {
        ...size,
        aspects: aspects.split(' ').filter(Boolean).map(Number),
        gap: GAP,
        front,
        fill: false,
      }),
    [size, aspects, layout, front],
  )
  return (
    <div class="stage" ref={stage}>
      <div class="tiles" data-layout={layout}>
        {list.map((feed, index) => {
          const { id } = feed.member.value
          return (
            <Tile
              key={id}
              feed={feed}
              box={boxes[index]}
              place={hasFront ? (index === front ? 'front' : 'strip') : undefined}
              {...(onRemove ? { onRemove: () => onRemove(feed) } : {})}
              {...(controls ? { controls: controls(feed) } : {})}
              {...(marks ? { marks: marks(feed) } : {})}
            >
              {hasFront && index !== front && (
                <FrontButton
                  name={nameOf(feed)}
                  onPress={() => {
                    chosen.value = id
                  }}
                />
              )}
              {details && <StatsOverlay feed={feed} />}
              {over?.(feed)}
            </Tile>
          )
        })}
      </div>
    </div>
  )
}
