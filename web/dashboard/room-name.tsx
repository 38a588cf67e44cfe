import { useRef, useState } from 'preact/hooks'
import { Lock, Pencil } from 'lucide-preact'
import { MAX_NAME } from '../../server/protocol/limits.ts'
import { Button } from '../lib/ui/button.tsx'
import { Notice } from '../lib/ui/notice.tsx'
import { toast } from '../lib/ui/toast.tsx'
import { explain, type Failure } from '../lib/room/explain.ts'
import type { RoomDesk } from './room-desk.ts'

/** The room's name, which becomes a field on a click: Enter and leaving it save, Escape does not. */
export function RoomName({ desk }: { desk: RoomDesk }) {
  const [editing, setEditing] = useState(false)
  const settled = useRef(false)
  const name = desk.roomName.value

  const save = async (text: string) => {
    if (settled.current) return
    settled.current = true
    setEditing(false)
    const wanted = text.trim()
    if (wanted === '' || wanted === name) return
    try {
      await desk.update({ name: wanted })
    } catch (error) {
      const failure = explain(error)
      toast(`The name was not changed. ${failure.title}.`, {
        label: 'Try again',
        run: () => void again(wanted),
      })
    }
  }
  const again = (wanted: string) => {
    settled.current = false
    return save(wanted)
  }

  return (
    <h1 class="room-name">
      {editing ? (
        <input
          class="input"
          aria-label="Name of the room"
          maxLength={MAX_NAME}
          defaultValue={name}
          ref={(field: HTMLInputElement | null) => {
            if (field && document.activeElement !== field) field.select()
          }}
          onBlur={(event) => void save(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') void save(event.currentTarget.value)
            if (event.key === 'Escape') {
              settled.current = true
              setEditing(false)
            }
          }}
        />
      ) : (
        <Button
          look="bare"
          title="Rename the room"
          onClick={() => {
            settled.current = false
            setEditing(true)
          }}
        >
          <span>{name}</span>
          {desk.room.value?.locked && <Lock size={14} aria-label="Locked" />}
          <Pencil size={14} aria-label="Rename" />
        </Button>
      )}
    </h1>
  )
}

/** The same in the settings, where it is looked for. */
export function NameField({ desk }: { desk: RoomDesk }) {
  const name = desk.roomName.value
  const [text, setText] = useState(name)
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure>()
  const wanted = text.trim()
  const save = async () => {
    setBusy(true)
    setFailure(undefined)
    try {
      await desk.update({ name: wanted })
      setText(wanted)
    } catch (error) {
      setFailure(explain(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      class="name-field"
      onSubmit={(event) => {
        event.preventDefault()
        if (wanted !== '' && wanted !== name && !busy) void save()
      }}
    >
      <div class="field">
        <label for="room-name">Name</label>
        <input
          class="input"
          id="room-name"
          maxLength={MAX_NAME}
          autocomplete="off"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </div>
      <Button type="submit" disabled={busy || wanted === '' || wanted === name}>
        Save
      </Button>
      {failure && <Notice title={failure.title}>{failure.advice}</Notice>}
    </form>
  )
}
