import { useComputed } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import { X } from 'lucide-preact'
import { listen } from '../../lib/disposer.ts'
import { readAbilities, readSettings } from '../../lib/direction/settings.ts'
import type { Feed } from '../../lib/receiving.ts'
import { deviceWords } from '../../lib/room/words.ts'
import { IconButton } from '../../lib/ui/button.tsx'
import type { RoomDesk } from '../room-desk.ts'
import type { Ask } from './ask.ts'
import { CameraControls } from './camera-controls.tsx'
import { Section } from './parts.tsx'
import { PictureControls } from './picture-controls.tsx'
import { ScreenControls, type Draft } from './screen-controls.tsx'
import { SoundControls } from './sound-controls.tsx'
import { WayControl } from './way-control.tsx'

/**
 * Everything that can be asked of one camera, beside its picture, which stays in view: no modal dialog. Escape and
 * the cross close it.
 */
export function DirectionPanel({
  id,
  feed,
  desk,
  draft,
  onClose,
}: {
  id: string
  feed: Feed
  desk: RoomDesk
  draft: Draft
  onClose: () => void
}) {
  const panel = useRef<HTMLDivElement>(null)
  const heading = useId()
  const member = feed.member.value
  const { camera } = feed.report.value
  const can = readAbilities(member.state)
  const set = readSettings(member.state)
  const ask: Ask = (name, args, withinMs) => desk.director.ask(member.id, name, args, withinMs)
  const there = useComputed(() => desk.client.active.value && feed.member.value.connected)
  const on = camera.status === 'live' || camera.status === 'covered'

  useEffect(() => {
    panel.current?.querySelector<HTMLElement>('h2')?.focus()
  }, [])
  useEffect(() => {
    const element = panel.current
    if (!element) return
    return listen(element, 'keydown', (event) => {
      if (event instanceof KeyboardEvent && event.key === 'Escape') onClose()
    })
  }, [onClose])
  return (
    <div class="controls-panel" id={id} ref={panel} role="dialog" aria-labelledby={heading}>
      <div class="controls-head">
        <h2 id={heading} tabIndex={-1}>
          {member.name || deviceWords(member.device)}
        </h2>
        <IconButton label="Close" onClick={onClose}>
          <X size={20} aria-hidden="true" />
        </IconButton>
      </div>
      <Section title="Camera">
        {on ? (
          <CameraControls can={can} set={set} ask={ask} facing={camera.facing} />
        ) : (
          <p class="muted">The camera is not on.</p>
        )}
      </Section>
      <Section title="Picture">
        <PictureControls set={set} status={camera.status} ask={ask} />
        <WayControl camera={camera} ask={ask} />
      </Section>
      <Section title="Sound">
        <SoundControls feed={feed} there={there} set={set} ask={ask} />
      </Section>
      <Section title="On the phone">
        <ScreenControls set={set} ask={ask} draft={draft} />
      </Section>
    </div>
  )
}
