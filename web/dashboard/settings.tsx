import { useState } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
import { DoorOpen, LogIn, Trash2 } from 'lucide-preact'
import { Button } from '../lib/ui/button.tsx'
import { Confirm, Dialog } from '../lib/ui/dialog.tsx'
import { Notice } from '../lib/ui/notice.tsx'
import { explain, type Failure } from '../lib/room/explain.ts'
import { Access } from './access.tsx'
import { ClaimsPanel } from './claims-panel.tsx'
import type { Home } from './home.ts'
import { JoinRoom } from './join-room.tsx'
import { NameField } from './room-name.tsx'
import type { RoomDesk } from './room-desk.ts'
import { Sessions } from './sessions.tsx'

type Asked = 'join' | 'leave' | 'delete'

const QUESTIONS = {
  leave: {
    title: 'Leave and start a new room?',
    confirm: 'Start a new room',
    text: 'This window signs out of the room. Its cameras stay there and are not seen here any more.',
  },
  delete: {
    title: 'Delete this room?',
    confirm: 'Delete room',
    text: 'Every camera stops and everybody is signed out. This cannot be undone. A new room starts here.',
  },
}

/** Asks before the room is left or deleted. */
function Question({
  what,
  home,
  desk,
  onClose,
}: {
  what: 'leave' | 'delete'
  home: Home
  desk: RoomDesk
  onClose: () => void
}) {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure>()
  const photos = desk.stills.photos.value.length
  const confirm = async () => {
    setBusy(true)
    setFailure(undefined)
    try {
      // A new session signs the old one out by itself; a deleted room has none left to sign out.
      if (what === 'delete') await desk.deleteRoom()
      await home.startRoom()
    } catch (error) {
      setFailure(explain(error))
      setBusy(false)
    }
  }
  return (
    <Confirm
      title={QUESTIONS[what].title}
      confirm={QUESTIONS[what].confirm}
      danger={what === 'delete'}
      busy={busy}
      onConfirm={() => void confirm()}
      onClose={onClose}
    >
      <p>{QUESTIONS[what].text}</p>
      {photos > 0 && (
        <p>
          {photos === 1 ? 'The photo here is deleted too.' : `The ${photos} photos here are deleted too.`}{' '}
          Save what you need before.
        </p>
      )}
      {failure && <Notice title={failure.title}>{failure.advice}</Notice>}
    </Confirm>
  )
}

function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="settings-section">
      <h3>{title}</h3>
      {children}
    </section>
  )
}

/** What can be done with the room as a whole. */
export function Settings({ home, desk, onClose }: { home: Home; desk: RoomDesk; onClose: () => void }) {
  const [asked, setAsked] = useState<Asked>()
  const back = () => setAsked(undefined)
  if (asked === 'join') return <JoinRoom home={home} onClose={back} />
  if (asked) return <Question what={asked} home={home} desk={desk} onClose={back} />
  return (
    <Dialog title="Settings" class="settings" onClose={onClose}>
      <ClaimsPanel desk={desk} />
      <Section title="Room">
        <NameField desk={desk} />
      </Section>
      <Section title="Who comes in">
        <Access desk={desk} />
      </Section>
      <Section title="Devices with access">
        <Sessions desk={desk} />
      </Section>
      <Section title="Another room">
        <div class="settings-deeds">
          <Button onClick={() => setAsked('join')}>
            <LogIn size={16} aria-hidden="true" /> Join another room
          </Button>
          <Button onClick={() => setAsked('leave')}>
            <DoorOpen size={16} aria-hidden="true" /> Leave and start a new room
          </Button>
          <Button class="danger-item" onClick={() => setAsked('delete')}>
            <Trash2 size={16} aria-hidden="true" /> Delete this room
          </Button>
        </div>
      </Section>
    </Dialog>
  )
}
