import { Camera } from 'lucide-preact'
import type { Feed } from '../../lib/receiving.ts'
import { deviceWords } from '../../lib/room/words.ts'
import { progressWords } from '../../lib/stills/fault.ts'
import { IconButton } from '../../lib/ui/button.tsx'
import type { ComponentChildren } from 'preact'
import type { StillDesk } from './desk.ts'

/** Takes a photo with this camera while its video goes on. */
function Shutter({ stills, feed }: { stills: StillDesk; feed: Feed }) {
  const { id, name, device } = feed.member.value
  if (feed.report.value.camera.status !== 'live') return null
  const isBusy = stills.progress.value.get(id)?.stage === 'taking'
  return (
    <IconButton
      look="picture"
      label={`Take a photo: ${name || deviceWords(device)}`}
      aria-disabled={isBusy}
      onClick={() => {
        if (!isBusy) void stills.shoot(id)
      }}
    >
      <Camera size={18} aria-hidden="true" />
    </IconButton>
  )
}

const RADIUS = 9
const AROUND = 2 * Math.PI * RADIUS

/** How far the photo of this camera is, over its picture. */
function StillOnTile({ stills, feed }: { stills: StillDesk; feed: Feed }) {
  const progress = stills.progress.value.get(feed.member.value.id)
  if (!progress) return null
  const part = progress.stage === 'sending' ? progress.part : progress.stage === 'checking' ? 1 : 0
  return (
    <p class="still-progress" data-stage={progress.stage}>
      <svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true">
        <circle class="track" cx="12" cy="12" r={RADIUS} fill="none" stroke-width="3" />
        <circle
          class="rest"
          cx="12"
          cy="12"
          r={RADIUS}
          fill="none"
          stroke-width="3"
          stroke-dasharray={AROUND}
          stroke-dashoffset={AROUND * (1 - part)}
        />
      </svg>
      {progressWords(progress)}
    </p>
  )
}

/** What photos add to each tile. */
export const stillParts = (
  stills: StillDesk,
): Record<'controls' | 'over', (feed: Feed) => ComponentChildren> => ({
  controls: (feed) => <Shutter stills={stills} feed={feed} />,
  over: (feed) => <StillOnTile stills={stills} feed={feed} />,
})
