import { useSignal } from '@preact/signals'
import { CODE_LENGTH } from '../../server/protocol/limits.ts'
import { Button } from '../lib/ui/button.tsx'
import { CodeCells } from '../lib/ui/code-cells.tsx'
import type { Phone } from './model.ts'
import { ScanButton } from './scan-button.tsx'
import type { View } from './view.ts'

/** Asks for the typed code, whose eighth letter sends it off, or lets the camera read it. */
export function CodeEntry({ phone, view }: { phone: Phone; view: Extract<View, { name: 'code' }> }) {
  const { busy, failure } = view
  const enter = (typed: string) => void phone.enterCode(typed)
  const code = useSignal('')
  // A keyboard on the screen would cover the other way in; after a wrong code it was there already.
  const takesFocus = failure !== undefined || (view.scan !== true && !matchMedia('(pointer: coarse)').matches)
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
            Eight letters beside its QR code.
          </p>
          <CodeCells
            id="code"
            describedBy="code-hint code-fault"
            busy={busy}
            fault={failure !== undefined}
            takesFocus={takesFocus}
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
          <ScanButton
            look={code.value === '' ? 'primary' : 'quiet'}
            opened={view.scan === true}
            origins={phone.origins}
            onFound={(found) => void phone.scanned(found)}
          />
          <Button
            look={code.value === '' ? 'quiet' : 'primary'}
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
