import { useState } from 'preact/hooks'
import { CODE_LENGTH } from '../../server/protocol/limits.ts'
import { Ended, Waiting } from '../lib/room/closed-pages.tsx'
import { BlankPage, NotePage } from '../lib/room/note-page.tsx'
import { deviceWords } from '../lib/room/words.ts'
import { Button } from '../lib/ui/button.tsx'
import { CodeCells } from '../lib/ui/code-cells.tsx'
import { Notice } from '../lib/ui/notice.tsx'
import { toast } from '../lib/ui/toast.tsx'
import { CleanRoom } from './clean/clean-room.tsx'
import { Quiet } from './clean/quiet.tsx'
import { endedWords } from './clean/quiet-words.ts'
import type { Phase, Viewer } from './viewer.ts'
import { WatchView } from './watch-view.tsx'

type Of<Kind extends Phase['kind']> = Extract<Phase, { kind: Kind }>

/** Asks for the typed code; its eighth letter sends it off. */
function EnterCode({ viewer, phase }: { viewer: Viewer; phase: Of<'code'> }) {
  const { busy, failure } = phase
  const [code, setCode] = useState('')
  const enter = (typed: string) => void viewer.enterCode(typed)
  return (
    <NotePage title="Watch a room">
      <form
        class="code-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (code.length === CODE_LENGTH && !busy) enter(code)
        }}
      >
        <label for="code">Enter the viewer’s code from the dashboard</label>
        <CodeCells
          id="code"
          describedBy="code-hint code-fault"
          busy={busy}
          fault={failure !== undefined}
          onChange={setCode}
          onFull={enter}
        />
        <div id="code-fault" class="code-fault" role="alert">
          {failure && (
            <>
              <strong>{failure.title}.</strong> {failure.advice}
            </>
          )}
        </div>
        <Button look="primary" size="thumb" type="submit" disabled={busy || code.length < CODE_LENGTH}>
          {busy ? 'Looking it up' : 'Continue'}
        </Button>
        <p class="muted small" id="code-hint">
          It stands under Invite, Viewer. The link there needs no typing.
        </p>
      </form>
    </NotePage>
  )
}

/** Says whose room it is. Watching takes a tap, so that a program that opens links uses nothing up. */
function Invited({ viewer, phase }: { viewer: Viewer; phase: Of<'invited'> }) {
  const { preview, busy, failure } = phase
  const stored = viewer.storedRoom()
  return (
    <NotePage title={`Watch “${preview.room.name}”`}>
      <p class="muted">{`Invited from ${deviceWords(preview.host.device)}. You see its cameras and send nothing.`}</p>
      {preview.approvalNeeded && <p class="muted">The host is asked for two digits that appear here.</p>}
      {stored !== undefined && <p class="muted">{`This browser leaves “${stored}”.`}</p>}
      {failure && <Notice title={failure.title}>{failure.advice}</Notice>}
      <div class="notice-mends">
        <Button look="primary" size="thumb" disabled={busy} onClick={() => void viewer.watch()}>
          {failure ? 'Try again' : 'Watch'}
        </Button>
        {stored !== undefined && (
          <Button size="thumb" disabled={busy} onClick={viewer.goBack}>
            Not now
          </Button>
        )}
      </div>
    </NotePage>
  )
}

function Refused({ viewer, phase }: { viewer: Viewer; phase: Of<'refused'> }) {
  const stored = viewer.storedRoom()
  const back = { label: stored === undefined ? 'Enter a code' : `Back to “${stored}”`, run: viewer.goBack }
  return (
    <NotePage title="Invitation">
      <Notice
        title={phase.failure.title}
        mend={{ label: 'Try again', run: () => void viewer.again() }}
        other={back}
      >
        {phase.failure.advice}
      </Notice>
    </NotePage>
  )
}

/** The whole page. */
export function ViewerPage({ viewer }: { viewer: Viewer }) {
  const phase = viewer.phase.value
  switch (phase.kind) {
    case 'opening':
      return <BlankPage />
    case 'code':
      return <EnterCode viewer={viewer} phase={phase} />
    case 'invited':
      return <Invited viewer={viewer} phase={phase} />
    case 'refused':
      return <Refused viewer={viewer} phase={phase} />
    case 'ended':
      if (viewer.look.clean) return <Quiet>{endedWords(phase.closed.reason)}</Quiet>
      return (
        <Ended
          closed={phase.closed}
          onUseHere={viewer.useHere}
          after={{ label: 'Enter a code', run: viewer.goBack }}
        />
      )
    case 'room': {
      const cancel = () => {
        viewer.leave().catch(() => toast('The server does not answer. The wait ends with the code.'))
      }
      if (phase.watch.pending.value) return <Waiting watch={phase.watch} onCancel={cancel} />
      return viewer.look.clean ? (
        <CleanRoom watch={phase.watch} look={viewer.look} />
      ) : (
        <WatchView viewer={viewer} watch={phase.watch} />
      )
    }
  }
}
