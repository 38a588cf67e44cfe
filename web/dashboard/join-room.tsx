import { useState } from 'preact/hooks'
import { CODE_LENGTH } from '../../server/protocol/limits.ts'
import { Button } from '../lib/ui/button.tsx'
import { CodeCells } from '../lib/ui/code-cells.tsx'
import { Dialog } from '../lib/ui/dialog.tsx'
import type { Home } from './home.ts'

/** Takes a host's invitation that is typed instead of opened. */
export function JoinRoom({ home, onClose }: { home: Home; onClose: () => void }) {
  const [code, setCode] = useState('')
  const enter = (typed: string) => void home.openInvitation({ code: typed })
  return (
    <Dialog title="Join another room" onClose={onClose}>
      <form
        class="join"
        onSubmit={(event) => {
          event.preventDefault()
          if (code.length === CODE_LENGTH) enter(code)
        }}
      >
        <label for="join-code">Code for a host</label>
        <CodeCells
          id="join-code"
          describedBy="join-hint"
          busy={false}
          fault={false}
          onChange={setCode}
          onFull={enter}
        />
        <p class="muted small" id="join-hint">
          The other dashboard shows it under Invite, Host. You see whose room it is before you join.
        </p>
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={code.length < CODE_LENGTH}>
            Continue
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
