import { Button } from '../ui/button.tsx'
import type { ClosedReason } from '../client-types.ts'
import { NotePage } from './note-page.tsx'
import { ServerAway } from './server-away.tsx'
import type { Closed, Watch } from './watch.ts'

/** Claimed, and waiting for a host's word [PAIR-5]. */
export function Waiting({ watch, onCancel }: { watch: Watch; onCancel: () => void }) {
  const { check } = watch
  return (
    <NotePage title="Waiting for approval">
      {check !== undefined && (
        <p class="check-number" data-check={check}>
          {check}
        </p>
      )}
      <p class="muted">
        {check === undefined
          ? `A host of “${watch.roomName.value}” has to let this device in.`
          : `Tell this number to the host of “${watch.roomName.value}”. Keep this page open.`}
      </p>
      <ServerAway watch={watch} />
      <Button onClick={onCancel}>Cancel</Button>
    </NotePage>
  )
}

interface Words {
  title: string
  text: string
}

function wordsFor({ reason, roomName, wasPending }: Closed): Words {
  switch (reason) {
    case 'connected_elsewhere':
      return { title: 'Open in another window', text: `“${roomName}” is used in one window at a time.` }
    case 'kicked':
      return wasPending
        ? { title: 'Not approved', text: `The host of “${roomName}” declined, or the number was wrong.` }
        : { title: 'You were removed', text: `A host removed this device from “${roomName}”.` }
    case 'room_gone':
      return { title: 'The room was deleted', text: `“${roomName}” is gone, and its cameras have stopped.` }
    case 'session_invalid':
      return wasPending
        ? { title: 'The invitation has run out', text: 'Nobody approved it in time. Ask for a new one.' }
        : { title: 'The session has ended', text: `This device is signed out of “${roomName}”.` }
    case 'left':
      return { title: 'You left', text: `You are no longer in “${roomName}”.` }
    case 'protocol':
    case 'invalid_message':
      return { title: 'This page is out of date', text: 'The server has changed. Reload the page.' }
  }
}

const GONE: ReadonlySet<ClosedReason> = new Set(['kicked', 'room_gone', 'session_invalid'])
/** Whether the session cannot be taken up again, so that its token is of no more use. */
export const isGone = (reason: ClosedReason): boolean => GONE.has(reason)

interface EndedProps {
  closed: Closed
  /** Takes the session up again in this window. */
  onUseHere: () => void
  /** What there is to do when the session is gone. */
  after: { label: string; run: () => void }
}

/** The seat is gone, and the person decides what comes next. */
export function Ended({ closed, onUseHere, after }: EndedProps) {
  const { title, text } = wordsFor(closed)
  const { reason } = closed
  return (
    <NotePage title={title}>
      <p class="muted">{text}</p>
      <div class="notice-mends">
        {reason === 'connected_elsewhere' && (
          <Button look="primary" size="thumb" onClick={onUseHere}>
            Use it here
          </Button>
        )}
        {reason === 'left' && (
          <Button look="primary" size="thumb" onClick={onUseHere}>
            Come back
          </Button>
        )}
        {(reason === 'protocol' || reason === 'invalid_message') && (
          <Button look="primary" size="thumb" onClick={() => location.reload()}>
            Reload
          </Button>
        )}
        {isGone(reason) && (
          <Button look="primary" size="thumb" onClick={after.run}>
            {after.label}
          </Button>
        )}
      </div>
    </NotePage>
  )
}
