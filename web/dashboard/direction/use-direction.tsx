import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
import { SlidersHorizontal } from 'lucide-preact'
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { Feed } from '../../lib/receiving.ts'
import { deviceWords } from '../../lib/room/words.ts'
import { IconButton } from '../../lib/ui/button.tsx'
import type { RoomDesk } from '../room-desk.ts'
import { DirectionPanel } from './panel.tsx'
import type { Draft } from './screen-controls.tsx'
import { TileSound } from './tile-sound.tsx'
import './direction.css'

export interface DirectionView {
  /** For a tile: opens the panel. */
  controls: (feed: Feed) => ComponentChildren
  /** For a tile: its sound. */
  marks: (feed: Feed) => ComponentChildren
  /** The open panel. */
  panel: ComponentChildren
}

const buttonOf = (camera: SessionId) =>
  document.querySelector<HTMLElement>(`[data-camera="${CSS.escape(camera)}"] [data-controls-button]`)

/** Directing the cameras of a room, one at a time. */
export function useDirection(desk: RoomDesk): DirectionView {
  const [camera, setCamera] = useState<SessionId>()
  const drafts = useRef(new Map<SessionId, Draft>())
  const id = useId()
  const feed = camera === undefined ? undefined : desk.cameras.feeds.value.get(camera)
  const draftFor = (member: SessionId): Draft => {
    const draft = drafts.current.get(member) ?? { text: '' }
    drafts.current.set(member, draft)
    return draft
  }
  const close = () => {
    setCamera(undefined)
    if (camera !== undefined) buttonOf(camera)?.focus()
  }
  const left = camera !== undefined && feed === undefined
  useEffect(() => {
    if (!left) return
    // Or it would open by itself, and take the focus, when that camera comes back.
    setCamera(undefined)
    if (document.activeElement === document.body) document.querySelector('main')?.focus()
  }, [left])
  useEffect(() => {
    // On a narrow window the panel covers the lower half, once it is there.
    if (camera !== undefined)
      document.querySelector(`[data-camera="${CSS.escape(camera)}"]`)?.scrollIntoView({ block: 'nearest' })
  }, [camera])
  return {
    controls: (one) => {
      const { id: member, name, device } = one.member.value
      const isOpen = member === camera
      return (
        <IconButton
          look="picture"
          label={`Controls: ${name || deviceWords(device)}`}
          data-controls-button=""
          aria-haspopup="dialog"
          aria-expanded={isOpen}
          {...(isOpen ? { 'aria-controls': id } : {})}
          onClick={() => (isOpen ? close() : setCamera(member))}
        >
          <SlidersHorizontal size={18} aria-hidden="true" />
        </IconButton>
      )
    },
    marks: (one) => <TileSound feed={one} />,
    panel: feed && camera !== undefined && (
      <DirectionPanel key={camera} id={id} feed={feed} desk={desk} draft={draftFor(camera)} onClose={close} />
    ),
  }
}
