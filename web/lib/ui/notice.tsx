import type { ComponentChildren } from 'preact'
import { TriangleAlert } from 'lucide-preact'
import { Button } from './button.tsx'

/** What mends a failure, as a button. */
export type Mend = { label: string; run: () => void; busy?: boolean }

type Props = {
  title: string
  /** `danger`: it does not work; `caution`: it works less well; `muted`: good to know. */
  tone?: 'danger' | 'caution' | 'muted'
  mend?: Mend | undefined
  other?: Mend | undefined
  children?: ComponentChildren
}

/** A fault that stands where it happened, in words, with its mend as the button. */
export function Notice({ title, tone = 'danger', mend, other, children }: Props) {
  return (
    <div class="notice" data-tone={tone} role={tone === 'danger' ? 'alert' : 'status'}>
      <div>
        <p class="notice-title">
          {tone !== 'muted' && <TriangleAlert size={16} aria-hidden="true" />}
          {title}
        </p>
        {children && <div>{children}</div>}
      </div>
      {(mend ?? other) && (
        <div class="notice-mends">
          {mend && (
            <Button look="primary" onClick={mend.run} disabled={mend.busy}>
              {mend.label}
            </Button>
          )}
          {other && (
            <Button onClick={other.run} disabled={other.busy}>
              {other.label}
            </Button>
          )}
        </div>
      )}
    </div>
  )
}
