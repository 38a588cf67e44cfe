import { Button } from '../lib/ui/button.tsx'
import { Notice } from '../lib/ui/notice.tsx'
import { BlankPage, NotePage } from '../lib/room/note-page.tsx'
import { deviceWords } from '../lib/room/words.ts'
import type { Home, Phase } from './home.ts'

/** Before there is a room: nothing for the blink it takes, and what is wrong when it takes longer. */
export function Opening({ home, phase }: { home: Home; phase: Extract<Phase, { kind: 'opening' }> }) {
  if (!phase.failure) return <BlankPage />
  return (
    <NotePage title="No room yet">
      <Notice title={phase.failure.title} mend={{ label: 'Try again now', run: () => void home.startRoom() }}>
        {phase.failure.advice} It is tried again by itself.
      </Notice>
    </NotePage>
  )
}

/** A host's invitation, before it is accepted. */
export function Invited({ home, phase }: { home: Home; phase: Extract<Phase, { kind: 'invited' }> }) {
  const { preview, failure, busy } = phase
  const stored = home.storedRoom()
  const back = {
    label: stored === undefined ? 'Start my own room' : `Back to “${stored}”`,
    run: home.declineInvitation,
  }
  if (failure) {
    const again = preview ? () => void home.acceptInvitation() : () => void home.openInvitation(phase.code)
    return (
      <NotePage title="Invitation">
        <Notice title={failure.title} mend={{ label: 'Try again', run: again }} other={back}>
          {failure.advice}
        </Notice>
      </NotePage>
    )
  }
  if (!preview) return <BlankPage />
  if (preview.role !== 'host') {
    const page = preview.role === 'viewer' ? '/v' : '/p'
    return (
      <NotePage title="This code is not for a host">
        <p class="muted">{`It makes a device a ${preview.role}. Enter it at ${location.host}${page}.`}</p>
        <Button look="primary" size="thumb" onClick={back.run}>
          {back.label}
        </Button>
      </NotePage>
    )
  }
  return (
    <NotePage title={`Join “${preview.room.name}”?`}>
      <p class="muted">
        {`You were invited from ${deviceWords(preview.host.device)}. As a host you see its cameras, control the room` +
          ' and invite others.'}
        {preview.approvalNeeded && ' The one who invited you approves it first.'}
      </p>
      {stored !== undefined && (
        <p class="muted">{`This browser leaves “${stored}”. Photos that came there are deleted here.`}</p>
      )}
      <div class="notice-mends">
        <Button look="primary" size="thumb" disabled={busy} onClick={() => void home.acceptInvitation()}>
          Join
        </Button>
        <Button size="thumb" disabled={busy} onClick={home.declineInvitation}>
          Not now
        </Button>
      </div>
    </NotePage>
  )
}
