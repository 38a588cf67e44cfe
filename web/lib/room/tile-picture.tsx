import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { listen } from '../disposer.ts'
import { readSettings } from '../direction/settings.ts'
import type { Feed } from '../receiving.ts'
import './tile-look.css'

/** Puts an element that is made elsewhere into the page. */
function Given({ element }: { element: HTMLElement }) {
  const place = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    place.current?.append(element)
    return () => element.remove()
  }, [element])
  return <div class="tile-relayed" ref={place} />
}

/**
 * The picture alone: a `video` for what comes directly, a `canvas` for what comes through the server [MED-1]. When
 * the way changes to the direct one, the canvas stays above the video until that has something to show.
 */
export function TilePicture({ feed, video }: { feed: Feed; video: RefObject<HTMLVideoElement | null> }) {
  const stream = feed.stream.value
  const canvas = feed.canvas.value
  const [last, setLast] = useState(canvas)
  const isDirect = canvas === undefined
  const shown = canvas ?? (stream ? last : undefined)

  useEffect(() => {
    if (canvas) setLast(canvas)
  }, [canvas])
  useEffect(() => {
    const element = video.current
    if (!element) return
    element.srcObject = stream ?? null
    return listen(element, 'playing', () => setLast(undefined))
  }, [stream, isDirect, video])

  const covered = feed.report.value.camera.status === 'covered'
  const { turn, mirror } = readSettings(feed.member.value.state)
  return (
    <div
      class="tile-look"
      {...(turn === 0 ? {} : { 'data-turn': String(turn) })}
      {...(mirror ? { 'data-mirror': '' } : {})}
      {...(covered ? { 'data-covered': '' } : {})}
    >
      {isDirect && <video ref={video} muted playsInline autoplay disablePictureInPicture tabIndex={-1} />}
      {shown && <Given element={shown} />}
    </div>
  )
}
