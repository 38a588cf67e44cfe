/** How the picture travels: decided by the phone, or from here. */
import type { CameraState } from '../../lib/camera-state.ts'
import type { WayChoice } from '../../lib/direction/commands.ts'
import type { Ask } from './ask.ts'
import { Select } from './parts.tsx'
import { useSetting } from './use-setting.ts'

const OPTIONS = [
  { value: 'auto', name: 'Automatic' },
  { value: 'direct', name: 'Direct' },
  { value: 'relay', name: 'Through the server' },
] as const

const ABOUT: Readonly<Record<WayChoice, string>> = {
  auto: 'Direct for up to three who watch, through the server for more.',
  direct: 'The phone sends to each who watches. Many cost it battery and bandwidth.',
  relay: 'The phone sends once, however many watch.',
}

export function WayControl({ camera, ask }: { camera: CameraState; ask: Ask }) {
  const setting = useSetting<WayChoice>(camera.way ?? 'auto', (choice) => ask('way', { choice }))
  return (
    <>
      <Select label="Way" options={OPTIONS} setting={setting} />
      <p class="muted small">{ABOUT[setting.value]}</p>
    </>
  )
}
