import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import icon from '../lib/ui/favicon.svg'
import { Button } from '../lib/ui/button.tsx'
import { Notice } from '../lib/ui/notice.tsx'
import type { ClosedReason } from '../lib/client-types.ts'
import type { Home, Phase } from './home.ts'
import type { RoomDesk } from './room-desk.ts'
import { deviceWords } from './words.ts'

/** A page with one thing to say and one or two things to do. */
function NotePage({ title, children }: { title: string; children?: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · Pairlens`
  }, [title])
  return (
    <main class="room alone whole-page">
      <section class="note-page">
        <img src={icon} alt="" width="40" height="40" />
        <h1>{title}</h1>
        {children}
      </section>
    </main>
  )
}

/** Before there is a room: nothing for the blink it takes, and what is wrong when it takes longer. */
export function Opening({ home, phase }: { home: Home; phase: Extract<Phase, { kind: 'opening' }> }) {
  if (!phase.failure) return <main class="room alone whole-page" aria-busy="true" />
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
  if (failure) {
    return (
      <NotePage title="Invitation">
        <Notice title={failure.title} mend={{ label: 'Go to my own room', run: home.declineInvitation }}>
          {failure.advice}
        </Notice>
      </NotePage>
    )
  }
  if (!preview) return <main class="room alone whole-page" aria-busy="true" />
  return (
    <NotePage title={`Join “${preview.room.name}”?`}>
      <p class="muted">
        {`You were invited from ${deviceWords(preview.host.device)}. As a host you see its cameras and control the room.`}
        {preview.approvalNeeded && ' The one who invited you approves it first.'}
      </p>
      <div class="notice-mends">
        <Button look="primary" size="thumb" disabled={busy} onClick={() => void home.acceptInvitation()}>
          Join
        </Button>
        <Button size="thumb" onClick={home.declineInvitation}>
          Not now
        </Button>
      </div>
    </NotePage>
  )
}

/** Claimed, and waiting for a host's word. */
export function Waiting({ home, desk }: { home: Home; desk: RoomDesk }) {
  return (
    <NotePage title="Waiting for approval">
      {desk.check !== undefined && <p class="check-number">{desk.check}</p>}
      <p class="muted">Tell this number to the one who invited you to “{desk.roomName.value}”.</p>
      <Button onClick={() => void home.startRoom()}>Cancel</Button>
    </NotePage>
  )
}

interface Words {
  title: string
  text: string
}

function wordsFor(reason: ClosedReason, roomName: string, wasPending: boolean): Words {
  switch (reason) {
    case 'connected_elsewhere':
      return { title: 'Open in another window', text: `“${roomName}” is used in one window at a time.` }
    case 'kicked':
      return wasPending
        ? { title: 'Not approved', text: `The host of “${roomName}” declined.` }
        : { title: 'You were removed', text: `A host removed this dashboard from “${roomName}”.` }
    case 'room_gone':
      return { title: 'The room was deleted', text: `“${roomName}” is gone, and its cameras have stopped.` }
    case 'session_invalid':
      return wasPending
        ? { title: 'The invitation has run out', text: 'Nobody approved it in time. Ask for a new one.' }
        : { title: 'The session has ended', text: `This dashboard is signed out of “${roomName}”.` }
    case 'left':
      return { title: 'You left', text: `This dashboard left “${roomName}”.` }
    case 'protocol':
    case 'invalid_message':
      return { title: 'This page is out of date', text: 'The server has changed. Reload the page.' }
  }
}

/** The seat is gone, and the person decides what comes next. */
export function Ended({ home, phase }: { home: Home; phase: Extract<Phase, { kind: 'ended' }> }) {
  const { title, text } = wordsFor(phase.reason, phase.roomName, phase.wasPending)
  const startRoom = () => void home.startRoom()
  return (
    <NotePage title={title}>
      <p class="muted">{text}</p>
      <div class="notice-mends">
        {phase.reason === 'connected_elsewhere' && (
          <Button look="primary" size="thumb" onClick={home.useHere}>
            Use it here
          </Button>
        )}
        {(phase.reason === 'protocol' || phase.reason === 'invalid_message') && (
          <Button look="primary" size="thumb" onClick={() => location.reload()}>
            Reload
          </Button>
        )}
        {phase.reason === 'left' && (
          <Button look="primary" size="thumb" onClick={home.useHere}>
            Come back
          </Button>
        )}
        {(phase.reason === 'kicked' ||
          phase.reason === 'room_gone' ||
          phase.reason === 'session_invalid') && (
          <Button look="primary" size="thumb" onClick={startRoom}>
            Start a new room
          </Button>
        )}
      </div>
    </NotePage>
  )
}
