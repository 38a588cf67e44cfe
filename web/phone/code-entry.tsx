import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { CODE_ALPHABET, CODE_LENGTH } from '../../server/protocol/limits.ts'
import { Button } from '../lib/ui/button.tsx'
import type { Phone } from './model.ts'
import type { View } from './view.ts'
import { ScanButton } from './scan-button.tsx'
import { readTypedCode } from './typed-code.ts'

/**
 * Eight big cells over one text field: paste, auto-advance, correction and screen readers work as in any field.
 * The eighth letter sends it off.
 */
export function CodeEntry({ phone, view }: { phone: Phone; view: Extract<View, { name: 'code' }> }) {
  const { busy, failure } = view
  const enter = (typed: string) => void phone.enterCode(typed)
  const code = useSignal('')
  const field = useRef<HTMLInputElement>(null)
  const cells = Array.from({ length: CODE_LENGTH }, (_, index) => code.value[index] ?? '')
  useEffect(() => {
    // A keyboard on the screen would cover the other way in; after a wrong code it was there already.
    const keyboard = !matchMedia('(pointer: coarse)').matches
    if (!busy && (failure || (keyboard && !view.scan))) field.current?.focus({ preventScroll: true })
    if (failure) field.current?.select()
  }, [busy, failure, view.scan])

  const change = (typed: string) => {
    const before = code.peek()
    code.value = readTypedCode(typed)
    if (field.current) field.current.value = code.value
    if (code.value.length === CODE_LENGTH && code.value !== before && !busy) enter(code.value)
  }
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
          <div class="cells" data-fault={failure ? '' : undefined}>
            {cells.map((letter, index) => (
              <span
                key={index}
                class="cell"
                aria-hidden="true"
                data-next={index === Math.min(code.value.length, CODE_LENGTH - 1) ? '' : undefined}
              >
                {letter}
              </span>
            ))}
            <input
              ref={field}
              id="code"
              class="cells-field"
              type="text"
              inputMode="text"
              autoComplete="one-time-code"
              autoCapitalize="characters"
              autoCorrect="off"
              spellcheck={false}
              pattern={`[${CODE_ALPHABET}${CODE_ALPHABET.toLowerCase()}\\s\\-]*`}
              aria-describedby="code-hint code-fault"
              aria-invalid={failure !== undefined}
              onInput={(event) => change(event.currentTarget.value)}
            />
          </div>
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
