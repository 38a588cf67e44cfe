import { useSignal } from '@preact/signals'
import { CODE_LENGTH } from '../../server/protocol/limits.ts'
import type { Failure } from '../lib/failures.ts'
import { Button } from '../lib/ui/button.tsx'
import { CodeCells } from '../lib/ui/code-cells.tsx'

/** Asks for the typed code; its eighth letter sends it off. */
export function CodeEntry({
  busy,
  failure,
  enter,
}: {
  busy: boolean
  failure: Failure | undefined
  enter: (code: string) => void
}) {
  const code = useSignal('')
  return (
    <main class="panel">
      <form
        class="panel-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (code.value.length === CODE_LENGTH && !busy) enter(code.value)
        }}
      >
        <div class="panel-words">
          <h1>
            <label for="code">Enter the code from the dashboard</label>
          </h1>
          <p class="muted" id="code-hint">
            Or scan its QR code with this phone’s camera app.
          </p>
          <CodeCells
            id="code"
            describedBy="code-hint code-fault"
            busy={busy}
            fault={failure !== undefined}
            onChange={(typed) => {
              code.value = typed
            }}
            onFull={enter}
          />
          <div id="code-fault" class="fault" role="alert" data-failure={failure?.kind}>
            {failure && (
              <>
                <strong>{failure.title}.</strong> {failure.mend}
              </>
            )}
          </div>
        </div>
        <div class="panel-foot">
          <Button
            look="primary"
            size="thumb"
            type="submit"
            disabled={busy || code.value.length < CODE_LENGTH}
          >
            {busy ? 'Looking it up' : 'Continue'}
          </Button>
        </div>
      </form>
    </main>
  )
}
