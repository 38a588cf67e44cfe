import { Flashlight, FlashlightOff, Square, SwitchCamera } from 'lucide-preact'
import type { RefObject } from 'preact'
import { useRef } from 'preact/hooks'
import { useSignalEffect } from '@preact/signals'
import { Button, IconButton } from '../lib/ui/button.tsx'
import { viaWords } from '../lib/relay/reasons.ts'
import { Notice } from '../lib/ui/notice.tsx'
import type { Camera } from './camera.ts'
import { Lost } from './lost.tsx'
import { StillPill } from './stills/still-pill.tsx'
import type { Phone } from './model.ts'
import type { View } from './view.ts'
import { stageWords, watchingWords } from './words.ts'

/** The picture edge to edge, its state above it and its controls below. */
export function CameraView({ phone, view }: { phone: Phone; view: Extract<View, { name: 'camera' }> }) {
  const { camera } = phone
  const { stage, trouble } = view
  const direction = phone.direction.value
  const ready = camera.track.value !== undefined && stage !== 'asking'
  return (
    <main class="camera">
      <Preview camera={camera} />
      <header class="camera-head">
        {stage === 'live' ? (
          <>
            <span class="live-badge">
              <span class="live-dot" aria-hidden="true" />
              LIVE
            </span>
            <span class="pill">{watchingWords(view.watching)}</span>
          </>
        ) : (
          <span key={stage} class="pill stage-late">
            {trouble ? 'No picture arrives' : stageWords(stage)}
          </span>
        )}
        <Lost phone={phone} />
        <StillPill stills={phone.stills.value} />
        {view.via && <p class="camera-via">{viaWords(view.via).join('')}</p>}
      </header>
      {trouble && (
        <div class="camera-trouble">
          <Notice
            title={trouble.title}
            mend={{ label: trouble.label ?? 'Try again', run: () => phone.mend(trouble) }}
          >
            {trouble.mend}
          </Notice>
        </div>
      )}
      {direction && <direction.Screen />}
      <footer class="camera-foot">
        <div class="camera-side">
          {ready && camera.canSwitch.value && (
            <IconButton look="picture" size="thumb" label="Switch camera" onClick={() => void camera.turn()}>
              <SwitchCamera size={24} aria-hidden="true" />
            </IconButton>
          )}
        </div>
        <Button class="stop" look="picture" size="thumb" onClick={phone.stop}>
          <Square size={18} fill="currentColor" aria-hidden="true" />
          Stop
        </Button>
        <div class="camera-side camera-side-end">{ready && <Light camera={camera} />}</div>
      </footer>
    </main>
  )
}

/** The camera's light, where it has one. */
export function Light({ camera }: { camera: Pick<Camera, 'torch' | 'setTorch'> }) {
  const torch = camera.torch.value
  if (torch === undefined) return null
  const Icon = torch ? Flashlight : FlashlightOff
  return (
    <IconButton
      look="picture"
      size="thumb"
      label="Light"
      aria-pressed={torch}
      onClick={() => void camera.setTorch(!torch)}
    >
      <Icon size={24} aria-hidden="true" />
    </IconButton>
  )
}

/** What this camera sees; mirrored when it looks at the person, as a mirror does. */
export function Preview({
  camera,
  element: given,
}: {
  camera: Pick<Camera, 'track' | 'picture'>
  /** For who reads the picture. */
  element?: RefObject<HTMLVideoElement | null>
}) {
  const own = useRef<HTMLVideoElement>(null)
  const video = given ?? own
  useSignalEffect(() => {
    const track = camera.track.value
    const element = video.current
    if (!element) return
    element.srcObject = track ? new MediaStream([track]) : null
    if (track) {
      element.play().catch((cause: unknown) => {
        // Another track took its place before it played.
        if (!(cause instanceof DOMException && cause.name === 'AbortError'))
          console.warn('The preview does not play', cause)
      })
    }
  })
  return (
    <video
      ref={video}
      class="preview"
      data-mirror={camera.picture.value.facing === 'front' ? '' : undefined}
      muted
      playsInline
      autoPlay
      aria-label="What this camera sees"
    />
  )
}
