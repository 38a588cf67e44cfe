import { useRef } from 'preact/hooks'
import type { Feed } from '../../lib/receiving.ts'
import type { TileBox } from '../../lib/room/rows.ts'
import { StatsOverlay } from '../../lib/room/stats-overlay.tsx'
import { TilePicture } from '../../lib/room/tile-picture.tsx'
import { deviceWords } from '../../lib/room/words.ts'
import type { Look } from '../../lib/room/wall-address.ts'

interface Props {
  feed: Feed
  box: TileBox | undefined
  look: Look
}

/** One camera's picture without anything around it [MED-1]. */
export function CleanTile({ feed, box, look }: Props) {
  const video = useRef<HTMLVideoElement>(null)
  const member = feed.member.value
  const name = member.name || deviceWords(member.device)
  const transport = feed.transport.value
  const place = box ?? { x: 0, y: 0, width: 0, height: 0 }
  return (
    <article
      class="clean-tile"
      aria-label={`Camera ${name}`}
      data-camera={member.id}
      data-state={feed.state.value.status}
      data-fit={look.fit}
      {...(transport ? { 'data-transport': transport } : {})}
      style={{
        left: `${place.x}px`,
        top: `${place.y}px`,
        width: `${place.width}px`,
        height: `${place.height}px`,
      }}
    >
      <TilePicture feed={feed} video={video} />
      {look.names && <p class="clean-name">{name}</p>}
      {look.stats && <StatsOverlay feed={feed} />}
    </article>
  )
}
