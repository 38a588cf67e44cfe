import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Lock, QrCode } from 'lucide-preact'
import type { Role } from '../../server/protocol/models.ts'
import { explain, type Failure } from '../lib/room/explain.ts'
import { Button } from '../lib/ui/button.tsx'
import { CopyText } from '../lib/ui/copy-text.tsx'
import { Countdown } from '../lib/ui/countdown.tsx'
import { Notice } from '../lib/ui/notice.tsx'
import { INVITES, typedAt } from './invite-words.ts'
import { LanChoice } from './lan-choice.tsx'
import type { Lan } from './lan.ts'
import type { CodeKeeper, ShownCode } from './pairing-code.ts'
import type { RoomDesk } from './room-desk.ts'

function Square({ keeper, role }: { keeper: CodeKeeper; role: Role }) {
  const view = keeper.view.value
  switch (view.kind) {
    case 'shown':
      return (
        <img
          class="qr"
          src={view.code.picture}
          alt={`QR code that opens ${typedAt(view.code.url)}`}
          data-pairing-url={view.code.url}
          data-role={role}
        />
      )
    case 'preparing':
      return <div class="qr" aria-busy="true" />
    case 'resting':
      return (
        <div class="qr qr-blank">
          <QrCode size={48} strokeWidth={1.25} aria-hidden="true" />
          <Button look="primary" onClick={keeper.show}>
            Show a new code
          </Button>
        </div>
      )
    case 'failed':
      return (
        <div class="qr qr-blank">
          <QrCode size={48} strokeWidth={1.25} aria-hidden="true" />
          <span class="muted">No code right now</span>
        </div>
      )
  }
}

function Typed({ code, role }: { code: ShownCode; role: Role }) {
  return (
    <div class="pairing-typed">
      <p class="muted small">
        {role === 'host' ? 'Or type this code on another dashboard' : 'Or type this code at'}
      </p>
      <p class="pairing-at">{role === 'host' ? 'Settings, Join another room' : typedAt(code.url)}</p>
      <p class="pairing-code">{code.code}</p>
      <Countdown endsAt={code.endsAt} lasts={code.lasts} label="Renews itself, time left" />
    </div>
  )
}

/** In the place of a code that would let nobody in. */
function Locked({ desk }: { desk: RoomDesk }) {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure>()
  const unlock = async () => {
    setBusy(true)
    setFailure(undefined)
    try {
      await desk.update({ locked: false })
    } catch (error) {
      setFailure(explain(error))
      setBusy(false)
    }
  }
  return (
    <>
      <div class="qr qr-blank">
        <Lock size={40} strokeWidth={1.5} aria-hidden="true" />
        <p class="qr-words">
          <strong>The room is locked</strong>
          <span class="muted">No code lets anybody in.</span>
        </p>
        <Button look="primary" onClick={() => void unlock()} disabled={busy}>
          Unlock
        </Button>
      </div>
      {failure && <Notice title={failure.title}>{failure.advice}</Notice>}
    </>
  )
}

interface Props {
  desk: RoomDesk
  lan: Lan
  /** What the code makes of a device. */
  invited: Role
  /** `page` while it is all there is to see, `side` beside pictures or in a dialog. */
  place: 'page' | 'side'
  /** More about the invitation. */
  children?: ComponentChildren
}

/** A QR code with all that belongs to it. */
export function PairingPanel({ desk, lan, invited: role, place, children }: Props) {
  const keeper = desk.codes[role]
  const locked = desk.room.value?.locked === true
  useEffect(() => (locked ? undefined : keeper.want()), [keeper, locked])
  const view = keeper.view.value
  const failure = keeper.failure.value
  const code = view.kind === 'shown' ? view.code : undefined
  const label = role === 'camera' ? 'Add a camera' : `Invite a ${role}`
  if (locked) {
    return (
      <section class="pairing" data-place={place} data-locked="" aria-label={label}>
        <div class="pairing-figure">
          <Locked desk={desk} />
        </div>
      </section>
    )
  }
  return (
    <section class="pairing" data-place={place} aria-label={label}>
      <figure class="pairing-figure">
        <Square keeper={keeper} role={role} />
        <figcaption>{INVITES[role].caption}</figcaption>
      </figure>
      <div class="pairing-beside">
        {children}
        {failure && (
          <Notice
            title={failure.title}
            tone={code ? 'caution' : 'danger'}
            mend={{ label: 'Try again', run: keeper.show, busy: keeper.busy.value }}
          >
            {failure.advice}
          </Notice>
        )}
        {/* A camera is scanned; who is invited gets the link. */}
        {code && role !== 'camera' && <CopyText text={code.url} label="the link" />}
        {code && <Typed code={code} role={role} />}
        {code && role === 'camera' && <CopyText text={code.url} label="the link" />}
        <LanChoice lan={lan} url={code?.url} onChange={keeper.show} />
      </div>
    </section>
  )
}
