import { useState } from 'preact/hooks'
import type { UpdateRoom } from '../../server/protocol/api.ts'
import type { Approval } from '../../server/protocol/models.ts'
import { explain, type Failure } from '../lib/room/explain.ts'
import { Notice } from '../lib/ui/notice.tsx'
import type { RoomDesk } from './room-desk.ts'

const APPROVALS: readonly { value: Approval; name: string; text: string }[] = [
  {
    value: 'typed',
    name: 'Typed codes',
    text: 'Who scans the code or opens the link is in at once. Who types it waits for you.',
  },
  {
    value: 'always',
    name: 'Every device',
    text: 'Nobody is in before you typed the number that their device shows.',
  },
]

/** Who may come in, and who has to be approved. Every choice counts at once. */
export function Access({ desk }: { desk: RoomDesk }) {
  /** Shown at once; what the server answers counts. */
  const [wanted, setWanted] = useState<UpdateRoom>()
  const room = { ...desk.room.value, ...wanted }
  const [failure, setFailure] = useState<Failure>()
  const change = async (what: UpdateRoom) => {
    setWanted(what)
    setFailure(undefined)
    try {
      await desk.update(what)
    } catch (error) {
      setFailure(explain(error))
    } finally {
      setWanted(undefined)
    }
  }
  return (
    <div class="access" aria-busy={wanted !== undefined}>
      <label class="option">
        <input
          type="checkbox"
          checked={room.locked === true}
          onChange={(event) => void change({ locked: event.currentTarget.checked })}
        />
        <span class="option-words">
          Lock the room
          <span class="muted small">
            Nobody new gets in, whatever code they have. Who is in stays in, and may come back.
          </span>
        </span>
      </label>
      <fieldset class="options">
        <legend>You approve</legend>
        {APPROVALS.map(({ value, name, text }) => (
          <label class="option" key={value}>
            <input
              type="radio"
              name="approval"
              value={value}
              checked={room.approval === value}
              onChange={() => void change({ approval: value })}
            />
            <span class="option-words">
              {name}
              <span class="muted small">{text}</span>
            </span>
          </label>
        ))}
        <p class="muted small">A further host always needs your approval.</p>
      </fieldset>
      {failure && <Notice title={failure.title}>{failure.advice}</Notice>}
    </div>
  )
}
