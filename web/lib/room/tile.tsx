import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Maximize2, Minimize2, Smartphone, TriangleAlert, X } from 'lucide-preact'
import { listen } from '../disposer.ts'
import { readSettings } from '../direction/settings.ts'
import type { Feed } from '../receiving.ts'
import { viaWords, type Via } from '../relay/reasons.ts'
import { Button, IconButton } from '../ui/button.tsx'
import { Shape } from '../ui/state-line.tsx'
import { toast } from '../ui/toast.tsx'
import { PictureInPictureButton } from './picture-in-picture-button.tsx'
import type { TileBox } from './rows.ts'
import { OnAir } from './on-air.tsx'
import { TilePicture } from './tile-picture.tsx'
import {
  batteryWords,
  blankOf,
  deviceWords,
  isFailure,
  isLow,
  networkWords,
  pictureWords,
  TILE_STATES,
  TRANSPORTS,
} from './words.ts'

/** Safari on iPhones lets only the video itself fill the screen. */
type PhoneVideo = HTMLVideoElement & { webkitEnterFullscreen?: () => void }

async function fillScreen(tile: HTMLElement | null, video: PhoneVideo | null): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen()
  else if (tile && 'requestFullscreen' in tile) await tile.requestFullscreen()
  else video?.webkitEnterFullscreen?.()
}

/** Why it does not come directly; small tiles leave out the end. */
function Why({ via }: { via: Via }) {
  const [why, end] = viaWords(via)
  return (
    <span class="tile-via">
      {why}
      <span class="tile-via-end">{end}</span>
    </span>
  )
}

function Foot({ feed, name }: { feed: Feed; name: string }) {
  const { status } = feed.state.value
  const { word: stateWord, kind, tone } = TILE_STATES[status]
  const { camera, battery, network } = feed.report.value
  const stats = status === 'live' ? feed.stats.value : undefined
  const failed = status === 'failed' || isFailure(camera)
  const word = camera.status === 'covered' ? 'Picture off' : stateWord
  const paused = status === 'waiting' && camera.status === 'paused'
  const isPhotosOnly = camera.status === 'insecure'
  const transport = feed.transport.value
  const via = status === 'live' ? feed.via.value : undefined
  return (
    <div class="tile-foot">
      <span class="tile-name">{name}</span>
      <span class="tile-facts">
        <span class="state-line">
          {failed ? <Shape kind="triangle" tone="danger" /> : <Shape kind={kind} tone={tone} />}
          {failed ? TILE_STATES.failed.word : paused ? 'Paused' : isPhotosOnly ? 'Photos only' : word}
        </span>
        {stats && transport && <span>{TRANSPORTS[transport]}</span>}
        {stats && stats.width > 0 && (
          <span>{pictureWords(stats.width, stats.height, stats.fps, camera.fps)}</span>
        )}
        {battery &&
          (isLow(battery) ? (
            <span class="tile-low">Battery low: {batteryWords(battery)}</span>
          ) : (
            <span class="tile-extra" title="Battery">
              {batteryWords(battery)}
            </span>
          ))}
        {network && (
          <span class="tile-extra" title="Network">
            {networkWords(network)}
          </span>
        )}
      </span>
      {via && <Why via={via} />}
    </div>
  )
}

function Blank({ feed }: { feed: Feed }) {
  const state = feed.state.value
  const { camera } = feed.report.value
  const blank = blankOf(state, camera, feed.member.value)
  if (!blank) return null
  const Icon = state.status === 'failed' || isFailure(camera) ? TriangleAlert : Smartphone
  return (
    <div class="tile-blank">
      <Icon size={28} strokeWidth={1.5} aria-hidden="true" />
      <p class="tile-blank-title">{blank.title}</p>
      {blank.text && <p class="tile-blank-text">{blank.text}</p>}
      {state.status === 'failed' && <Button onClick={feed.retry}>Try again</Button>}
    </div>
  )
}

/** Of a tile that has words instead of a picture. */
const WORDS_ASPECT = 16 / 9

interface Size {
  readonly width?: number | undefined
  readonly height?: number | undefined
}
const pictureAspect = (...sizes: (Size | undefined)[]): number | undefined =>
  sizes.flatMap((size) => (size?.width && size.height ? [size.width / size.height] : []))[0]

/** The shape of a tile: that of its picture or, before that came, the one the camera says it will have. */
export function aspectOf(feed: Feed): number {
  const { status, width, height } = feed.report.value.camera
  if (status === 'covered') return WORDS_ASPECT
  const aspect = pictureAspect(feed.stats.value, status === 'live' ? { width, height } : undefined)
  if (aspect === undefined) return WORDS_ASPECT
  const { turn } = readSettings(feed.member.value.state)
  return turn === 90 || turn === 270 ? 1 / aspect : aspect
}

/** Where the tile stands, as custom properties that tiles.css uses on wide windows. */
const boxStyle = (aspect: number, box: TileBox | undefined) => ({
  '--aspect': String(aspect),
  '--x': `${Math.round(box?.x ?? 0)}px`,
  '--y': `${Math.round(box?.y ?? 0)}px`,
  '--width': `${Math.round(box?.width ?? 0)}px`,
  '--height': `${Math.round(box?.height ?? 0)}px`,
})

interface TileProps {
  feed: Feed
  box: TileBox | undefined
  /** Absent for those who may not remove anybody. */
  onRemove?: () => void
  /** More buttons, before the one that removes. */
  controls?: ComponentChildren
  /** Its part in a layout that has one large tile. */
  place?: 'front' | 'strip' | undefined
  /** What lies on it besides. */
  children?: ComponentChildren
  /** What else there is to say of it, always in view. */
  marks?: ComponentChildren
}

/** One camera: its picture, the line of truth, and what can be done with it [MED-1]. */
export function Tile({ feed, box, onRemove, place, children, controls: more, marks }: TileProps) {
  const tile = useRef<HTMLElement>(null)
  const video = useRef<HTMLVideoElement>(null)
  const [controls, setControls] = useState(false)
  const [hadPicture, setHadPicture] = useState(false)
  const [full, setFull] = useState(false)
  const state = feed.state.value.status
  const stream = feed.stream.value
  const member = feed.member.value
  const name = member.name || deviceWords(member.device)
  const canvas = feed.canvas.value
  // While it is mended the last picture stands, dimmed: less of a jump than a blank.
  const covered = feed.report.value.camera.status === 'covered'
  const picture = !covered && (canvas !== undefined || (stream !== undefined && hadPicture))
  const transport = feed.transport.value

  const fill = () => {
    fillScreen(tile.current, video.current).catch((error: unknown) => {
      console.warn('Full screen was refused', error)
      toast('This browser does not allow full screen here.')
    })
  }

  useEffect(() => setHadPicture(false), [stream])
  useEffect(() => {
    if (state === 'live') setHadPicture(true)
  }, [state, stream])
  useEffect(
    () => listen(document, 'fullscreenchange', () => setFull(document.fullscreenElement === tile.current)),
    [],
  )
  useEffect(() => {
    // Shortcuts for hands alone: keyboards reach the buttons themselves, which focus makes visible.
    const stop = new AbortController()
    const element = tile.current
    element?.addEventListener(
      'pointerup',
      (event) => {
        const onButton = event.target instanceof Element && event.target.closest('button') !== null
        if (event.pointerType !== 'mouse' && !onButton) setControls((shown) => !shown)
      },
      { signal: stop.signal },
    )
    element?.addEventListener('dblclick', fill, { signal: stop.signal })
    return () => stop.abort()
  }, [])

  return (
    <article
      class="tile"
      ref={tile}
      aria-label={`Camera ${name}`}
      data-camera={member.id}
      data-state={state}
      {...(transport ? { 'data-transport': transport } : {})}
      {...(picture ? { 'data-picture': '' } : {})}
      {...(controls ? { 'data-controls': '' } : {})}
      {...(place ? { 'data-place': place } : {})}
      style={boxStyle(aspectOf(feed), box)}
    >
      <TilePicture feed={feed} video={video} />
      <Blank feed={feed} />
      <Foot feed={feed} name={name} />
      {children}
      <div class="tile-marks">
        <OnAir feed={feed} />
        {marks}
      </div>
      <div class="tile-controls">
        <PictureInPictureButton feed={feed} name={name} />
        <IconButton look="picture" label={full ? 'Leave full screen' : `Full screen: ${name}`} onClick={fill}>
          {full ? <Minimize2 size={18} aria-hidden="true" /> : <Maximize2 size={18} aria-hidden="true" />}
        </IconButton>
        {more}
        {onRemove && !full && (
          <IconButton look="picture" label={`Remove ${name}`} onClick={onRemove}>
            <X size={18} aria-hidden="true" />
          </IconButton>
        )}
      </div>
    </article>
  )
}
