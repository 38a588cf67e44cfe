import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { CODE_ALPHABET, CODE_LENGTH } from '../../../server/protocol/limits.ts'
import { readTypedCode } from '../typed-code.ts'

interface Props {
  /** Of the field, for its label. */
  id: string
  /** Ids of what describes it. */
  describedBy: string
  /** While a code is looked up. */
  busy: boolean
  fault: boolean
  /** Whether letters may be typed at once; true unless said. */
  takesFocus?: boolean
  /** Each change, without dashes and spaces. */
  onChange: (code: string) => void
  /** All letters are there. */
  onFull: (code: string) => void
}

/**
 * Eight big cells over one text field: paste, auto-advance, correction and screen readers work as in any field
 * [PAIR-4].
 */
export function CodeCells({ id, describedBy, busy, fault, takesFocus = true, onChange, onFull }: Props) {
  const code = useSignal('')
  const field = useRef<HTMLInputElement>(null)
  const cells = Array.from({ length: CODE_LENGTH }, (_, index) => code.value[index] ?? '')
  useEffect(() => {
    if (!busy && takesFocus) field.current?.focus({ preventScroll: true })
    if (fault) field.current?.select()
  }, [busy, fault, takesFocus])

  const change = (typed: string) => {
    const before = code.peek()
    code.value = readTypedCode(typed)
    if (field.current) field.current.value = code.value
    if (code.value === before) return
    onChange(code.value)
    if (code.value.length === CODE_LENGTH && !busy) onFull(code.value)
  }
  return (
    <div class="cells" data-fault={fault ? '' : undefined}>
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
        id={id}
        class="cells-field"
        autofocus={takesFocus}
        type="text"
        inputMode="text"
        autoComplete="one-time-code"
        autoCapitalize="characters"
        autoCorrect="off"
        spellcheck={false}
        pattern={`[${CODE_ALPHABET}${CODE_ALPHABET.toLowerCase()}\\s\\-]*`}
        aria-describedby={describedBy}
        aria-invalid={fault}
        onInput={(event) => change(event.currentTarget.value)}
      />
    </div>
  )
}
