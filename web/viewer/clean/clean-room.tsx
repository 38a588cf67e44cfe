import { useComputed, useSignalEffect } from '@preact/signals'
import { useMemo, useRef } from 'preact/hooks'
import type { Feed } from '../../lib/receiving.ts'
import { frontOf } from '../../lib/room/layouts/front.ts'
import { centred, placeTiles } from '../../lib/room/layouts/place.ts'
import { useSize } from '../../lib/room/layouts/use-size.ts'
import { aspectOf } from '../../lib/room/tile.tsx'
import type { Look } from '../../lib/room/wall-address.ts'
import type { Watch } from '../../lib/room/watch.ts'
import { CleanTile } from './clean-tile.tsx'
import { Quiet } from './quiet.tsx'
import { waitingWords } from './quiet-words.ts'

/** Between pictures in CSS pixels. */
const GAP = 8

/** There is something to see of it: a moving picture, or the last one while it is mended. */
const isShown = (feed: Feed): boolean => {
  const { status } = feed.state.value
  if (status === 'live') return true
  return status === 'reconnecting' && (feed.stream.value !== undefined || feed.canvas.value !== undefined)
}

/** The room's pictures and nothing else: for OBS, and for screens that nobody tends. */
export function CleanRoom({ watch, look }: { watch: Watch; look: Look }) {
  const stage = useRef<HTMLElement>(null)
  const size = useSize(stage)
  const { feeds } = watch.cameras
  const shown = useComputed(() => [...feeds.value.values()].filter(isShown))
  const shapes = useComputed(() => shown.value.map((feed) => aspectOf(feed).toFixed(3)).join(' '))
  const fronts = useComputed(() => frontOf(shown.value, undefined))
  useSignalEffect(() => {
    document.title = `${watch.roomName.value} · Pairlens`
  })

  const aspects = shapes.value
  const front = fronts.value
  const boxes = useMemo(
    () =>
      centred(
        placeTiles(look.layout ?? 'grid', {
          ...size,
          aspects: aspects.split(' ').filter(Boolean).map(Number),
          gap: GAP,
          front,
          fill: look.fit === 'cover',
        }),
        size.height,
      ),
    [size, aspects, front, look],
  )
  return (
    <main class="clean" ref={stage}>
      {shown.value.map((feed, index) => (
        <CleanTile key={feed.member.value.id} feed={feed} box={boxes[index]} look={look} />
      ))}
      {shown.value.length === 0 && <Quiet>{waitingWords(watch.client.state.value, look.camera)}</Quiet>}
    </main>
  )
}
