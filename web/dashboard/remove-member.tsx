import { useState } from 'preact/hooks'
import type { Member, Role } from '../../server/protocol/models.ts'
import { explain, type Failure } from '../lib/room/explain.ts'
import { deviceWords } from '../lib/room/words.ts'
import { Confirm } from '../lib/ui/dialog.tsx'
import { Notice } from '../lib/ui/notice.tsx'
import type { RoomDesk } from './room-desk.ts'

const WHAT_HAPPENS: Record<Role, string> = {
  camera: 'Its camera stops, and it needs a new code to come back.',
  viewer: 'It sees nothing any more, and needs a new invitation to come back.',
  host: 'It can no longer see or control this room, and needs a new invitation to come back.',
}

/** Asks before a member is removed. */
export function RemoveMember({
  member,
  desk,
  onClose,
}: {
  member: Member
  desk: RoomDesk
  onClose: () => void
}) {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure>()
  const remove = async () => {
    setBusy(true)
    setFailure(undefined)
    try {
      await desk.remove(member.id)
      onClose()
    } catch (error) {
      setFailure(explain(error))
      setBusy(false)
    }
  }
  return (
    <Confirm
      title={`Remove ${member.name || deviceWords(member.device)}?`}
      confirm="Remove"
      busy={busy}
      onConfirm={() => void remove()}
      onClose={onClose}
    >
      <p>{WHAT_HAPPENS[member.role]}</p>
      {failure && <Notice title={failure.title}>{failure.advice}</Notice>}
    </Confirm>
  )
}
