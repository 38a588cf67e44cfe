import { useState } from 'preact/hooks'
import { LogOut, Settings as Gear, Trash2 } from 'lucide-preact'
import { Button } from '../lib/ui/button.tsx'
import { Confirm } from '../lib/ui/dialog.tsx'
import { Notice } from '../lib/ui/notice.tsx'
import { Popover } from '../lib/ui/popover.tsx'
import { explain, type Failure } from './failure.ts'
import type { Home } from './home.ts'
import type { RoomDesk } from './room-desk.ts'

type Asked = 'leave' | 'delete'

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

/** What can be done with the room as a whole. */
export function Settings({ home, desk }: { home: Home; desk: RoomDesk }) {
  const [asked, setAsked] = useState<Asked>()
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure>()

  const ask = (what: Asked | undefined) => {
    setAsked(what)
    setFailure(undefined)
  }
  const confirm = async (what: Asked) => {
    setBusy(true)
    try {
      // A new session signs the old one out by itself; a deleted room has none left to sign out.
      if (what === 'delete') await desk.deleteRoom()
      await home.startRoom()
      setAsked(undefined)
    } catch (error) {
      setFailure(explain(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Popover label="Settings" iconLabel="Settings" button={<Gear size={20} aria-hidden="true" />}>
        {(close) => (
          <div class="menu">
            {(['leave', 'delete'] as const).map((what) => (
              <Button
                key={what}
                look="bare"
                class={what === 'delete' ? 'danger-item' : ''}
                onClick={() => {
                  close()
                  ask(what)
                }}
              >
                {what === 'leave' ? (
                  <>
                    <LogOut size={16} aria-hidden="true" /> Leave and start a new room
                  </>
                ) : (
                  <>
                    <Trash2 size={16} aria-hidden="true" /> Delete this room
                  </>
                )}
              </Button>
            ))}
          </div>
        )}
      </Popover>
      {asked && (
        <Confirm
          title={QUESTIONS[asked].title}
          confirm={QUESTIONS[asked].confirm}
          danger={asked === 'delete'}
          busy={busy}
          onConfirm={() => void confirm(asked)}
          onClose={() => ask(undefined)}
        >
          <p>{QUESTIONS[asked].text}</p>
          {failure && <Notice title={failure.title}>{failure.advice}</Notice>}
        </Confirm>
      )}
    </>
  )
}
