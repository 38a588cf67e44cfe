/** The screens of the phone that are words and one button. */
import type { ComponentChildren } from 'preact'
import type { PairingPreview } from '../../server/protocol/api.ts'
import type { Failure } from '../lib/failures.ts'
import { Button } from '../lib/ui/button.tsx'
import { Preview } from './camera-view.tsx'
import { Lost } from './lost.tsx'
import type { Phone } from './model.ts'
import { usePreflight } from './preflight-door.ts'
import { PhotoDoor } from './stills/photo-door.tsx'
import { deviceWords } from './words.ts'

/** Words in the middle, the button in reach of a thumb. */
function Panel({
  children,
  foot,
  role,
}: {
  children: ComponentChildren
  foot?: ComponentChildren
  role?: 'alert'
}) {
  return (
    <main class="panel">
      <div class="panel-words" role={role}>
        {children}
      </div>
      {foot && <div class="panel-foot">{foot}</div>}
    </main>
  )
}

export function Opening() {
  return (
    <Panel>
      <p class="stage-late muted">Looking up the code</p>
    </Panel>
  )
}

function Whose({ preview }: { preview: PairingPreview }) {
  return (
    <>
      <p class="lead">Be a camera for</p>
      <h1 class="room-name">“{preview.room.name}”</h1>
      <p class="muted">{deviceWords(preview.host.device)}</p>
    </>
  )
}

export function Ready({
  preview,
  persistent,
  start,
}: {
  preview: PairingPreview
  persistent: boolean
  start: () => void
}) {
  const checks = usePreflight('now')
  return (
    <Panel
      foot={
        <>
          {checks && <checks.ProblemNotice />}
          {checks?.stops.value ? (
            <Button size="thumb" onClick={start}>
              Send photos instead
            </Button>
          ) : (
            <Button look="primary" size="thumb" onClick={start}>
              Start camera
            </Button>
          )}
          <p class="muted small">Not you? Close this page.</p>
          {checks ? <checks.CheckList /> : <div class="check-space" />}
        </>
      }
    >
      <Whose preview={preview} />
      <p class="aside">Only if you see that screen now.</p>
      {preview.approvalNeeded && (
        <p class="muted small">The dashboard will ask for two digits that appear here.</p>
      )}
      {!persistent && (
        <p class="muted small">This browser keeps nothing: after a reload you need a new code.</p>
      )}
    </Panel>
  )
}

export function Insecure({
  preview,
  address,
  photos,
}: {
  preview: PairingPreview
  address: string | undefined
  photos: () => void
}) {
  const checks = usePreflight('asked')
  return (
    <Panel
      foot={
        <>
          {address !== undefined && (
            <a class="button" data-look="primary" data-size="thumb" href={address}>
              Open the secure page
            </a>
          )}
          <Button look={address === undefined ? 'primary' : 'quiet'} size="thumb" onClick={photos}>
            Send photos instead
          </Button>
          {checks ? <checks.CheckList /> : <div class="check-space" />}
        </>
      }
    >
      <Whose preview={preview} />
      <p class="aside">
        Browsers allow live video on secure pages only.
        {address !== undefined && ' Your browser may warn about the certificate of this server.'}
      </p>
      <p class="muted small">Photos of your camera app can be sent from here as well.</p>
    </Panel>
  )
}

export function Check({ phone, check }: { phone: Phone; check: string }) {
  return (
    <Panel
      foot={
        <Button size="thumb" onClick={phone.cancel}>
          Cancel
        </Button>
      }
    >
      <p class="lead">Enter this number on “{phone.roomName.value}”</p>
      <p class="check" data-check={check}>
        {check === '' ? '–' : check}
      </p>
      <p class="muted">Waiting for approval. Keep this page open.</p>
      {phone.camera.track.value && (
        <div class="check-preview">
          <Preview camera={phone.camera} />
        </div>
      )}
      <Lost phone={phone} />
    </Panel>
  )
}

/** Paired on a page without live video. */
export function Photos({ phone }: { phone: Phone }) {
  return (
    <Panel
      foot={
        <>
          <PhotoDoor phone={phone} look="primary" />
          <button type="button" class="link-button" onClick={() => phone.showCode()}>
            Pair with another dashboard
          </button>
        </>
      }
    >
      <p class="lead">Send photos to</p>
      <h1 class="room-name">“{phone.roomName.value}”</h1>
      <p class="muted">Your camera app opens, and each photo goes to the dashboard in full size.</p>
      <Lost phone={phone} />
    </Panel>
  )
}

export function Resting({ phone, stopped }: { phone: Phone; stopped: boolean }) {
  return (
    <Panel
      foot={
        <>
          <Button look="primary" size="thumb" onClick={phone.start}>
            {stopped ? 'Start camera' : 'Resume camera'}
          </Button>
          <button type="button" class="link-button" onClick={() => phone.showCode()}>
            Pair with another dashboard
          </button>
        </>
      }
    >
      <p class="lead">{stopped ? 'The camera is off' : 'Your camera is paused'}</p>
      <h1 class="room-name">“{phone.roomName.value}”</h1>
      <p class="muted">{stopped ? 'Still paired: no code needed.' : 'One tap and it is live again.'}</p>
      <Lost phone={phone} />
    </Panel>
  )
}

export function Failed({
  phone,
  failure,
  back,
  photos,
}: {
  phone: Phone
  failure: Failure
  back: boolean
  photos: boolean
}) {
  const scan = failure.action === 'code' && window.isSecureContext
  const checks = usePreflight('asked')
  return (
    <Panel
      role="alert"
      foot={
        <>
          {scan && (
            <Button look="primary" size="thumb" data-mend="scan" onClick={() => phone.showCode(true)}>
              Scan the code
            </Button>
          )}
          {failure.label !== undefined && (
            <Button
              look={scan ? 'quiet' : 'primary'}
              size="thumb"
              data-mend={failure.action}
              onClick={() => phone.mend(failure)}
            >
              {failure.label}
            </Button>
          )}
          {photos && <PhotoDoor phone={phone} look="quiet" />}
          {back && (
            <Button size="thumb" onClick={phone.goBack}>
              Back to “{phone.roomName.value}”
            </Button>
          )}
          {checks ? <checks.CheckList /> : <div class="check-space" />}
        </>
      }
    >
      <div class="failure" data-failure={failure.kind} data-stage={failure.stage}>
        <h1>{failure.title}</h1>
        <p class="muted">{failure.mend}</p>
      </div>
    </Panel>
  )
}
