/** How the picture is shown to all who watch, and whether it is. */
import type { CameraStatus } from '../../lib/camera-state.ts'
import { TURNS, type Settings, type Turn } from '../../lib/direction/settings.ts'
import type { Ask } from './ask.ts'
import { Segments, Toggle } from './parts.tsx'
import { useSetting } from './use-setting.ts'

const OPTIONS = TURNS.map((value) => ({ value, name: `${value}°` }))

export function PictureControls({ set, status, ask }: { set: Settings; status: CameraStatus; ask: Ask }) {
  const turn = useSetting<Turn>(set.turn, (degrees) => ask('turn', { degrees }))
  const mirror = useSetting(set.mirror, (on) => ask('mirror', { on }))
  const hide = useSetting(status === 'covered', (covered) => ask('picture', { on: !covered }))
  return (
    <>
      <Segments label="Rotate" options={OPTIONS} setting={turn} />
      <Toggle label="Mirror" setting={mirror} />
      {(status === 'live' || status === 'covered') && (
        <Toggle label="Hide picture" about="The phone sends nobody a picture." setting={hide} />
      )}
    </>
  )
}
