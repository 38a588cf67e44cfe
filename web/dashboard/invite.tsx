import { useEffect, useState } from 'preact/hooks'
import { MonitorPlay } from 'lucide-preact'
import type { Role } from '../../server/protocol/models.ts'
import { RoleIcon } from '../lib/room/people.tsx'
import { Button } from '../lib/ui/button.tsx'
import { Dialog } from '../lib/ui/dialog.tsx'
import { ClaimsPanel } from './claims-panel.tsx'
import { approvalWords, INVITES, lifeWords } from './invite-words.ts'
import type { Lan } from './lan.ts'
import { PairingPanel } from './pairing-panel.tsx'
import type { RoomDesk } from './room-desk.ts'

const CHOICES: readonly Role[] = ['camera', 'viewer', 'host']

function RoleChoice({ chosen, onChoose }: { chosen: Role; onChoose: (role: Role) => void }) {
  return (
    <fieldset class="choice">
      <legend class="visually-hidden">Whom to invite</legend>
      {CHOICES.map((role) => (
        <label key={role} data-chosen={role === chosen ? '' : undefined}>
          <input
            type="radio"
            name="invite"
            value={role}
            checked={role === chosen}
            onChange={() => onChoose(role)}
          />
          <RoleIcon role={role} />
          {INVITES[role].name}
        </label>
      ))}
    </fieldset>
  )
}

/** Codes for each role, and what each of them lets in. */
export function Invite({
  desk,
  lan,
  onClose,
  onWall,
}: {
  desk: RoomDesk
  lan: Lan
  onClose: () => void
  /** A screen is to be let in, which nobody holds before a code. */
  onWall: () => void
}) {
  const [role, setRole] = useState<Role>('camera')
  const keeper = desk.codes[role]

  useEffect(() => {
    const view = keeper.view.peek()
    // A link takes a while to be sent and opened: one that is half gone is not worth copying.
    if (view.kind === 'shown' && view.code.endsAt - Date.now() < view.code.lasts / 2) keeper.show()
  }, [keeper])
  useEffect(
    () =>
      desk.client.on('pairing-done', ({ pairing, outcome }) => {
        // Who came in by it was what it was opened for.
        if (outcome === 'paired' && desk.roleOf(pairing) === role) onClose()
      }),
    [desk, role, onClose],
  )

  const view = keeper.view.value
  const life = view.kind === 'shown' ? lifeWords(view.code.lasts) : undefined
  return (
    <Dialog title="Invite" class="invite" onClose={onClose}>
      <RoleChoice chosen={role} onChoose={setRole} />
      <div class="claims-over">
        <ClaimsPanel desk={desk} />
        <PairingPanel key={role} desk={desk} lan={lan} invited={role} place="side">
          <p class="invite-lets">
            <strong>{INVITES[role].lets}</strong>{' '}
            <span class="muted">
              {approvalWords(role, desk.room.value?.approval ?? 'typed')}
              {life && ` Each code works once, within ${life}.`}
            </span>
          </p>
        </PairingPanel>
      </div>
      <Button look="bare" class="invite-wall" onClick={onWall}>
        <MonitorPlay size={16} aria-hidden="true" /> Link for OBS or a wall
      </Button>
    </Dialog>
  )
}
