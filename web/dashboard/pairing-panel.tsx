import { useEffect } from 'preact/hooks'
import { QrCode } from 'lucide-preact'
import { Button } from '../lib/ui/button.tsx'
import { CopyText } from '../lib/ui/copy-text.tsx'
import { Countdown } from '../lib/ui/countdown.tsx'
import { Notice } from '../lib/ui/notice.tsx'
import { LanChoice } from './lan-choice.tsx'
import type { Lan } from './lan.ts'
import type { CodeKeeper, ShownCode } from './pairing-code.ts'

/** Where a code is typed. The scheme stands there when a bare name would lead a browser to the wrong one. */
function typedAt(url: string): string {
  const { host, port, origin } = new URL(url)
  return port === '' ? `${host}/p` : `${origin}/p`
}

function Square({ keeper }: { keeper: CodeKeeper }) {
  const view = keeper.view.value
  switch (view.kind) {
    case 'shown':
      return (
        <img
          class="qr"
          src={view.code.picture}
          alt={`QR code that opens ${typedAt(view.code.url)} on a phone`}
          data-pairing-url={view.code.url}
        />
      )
    case 'preparing':
      return <div class="qr" aria-busy="true" />
    case 'resting':
      return (
        <div class="qr qr-blank">
          <QrCode size={48} strokeWidth={1.25} aria-hidden="true" />
          <Button look="primary" onClick={keeper.show}>
            Show a new code
          </Button>
        </div>
      )
    case 'failed':
      return (
        <div class="qr qr-blank">
          <QrCode size={48} strokeWidth={1.25} aria-hidden="true" />
          <span class="muted">No code right now</span>
        </div>
      )
  }
}

function Typed({ code }: { code: ShownCode }) {
  return (
    <div class="pairing-typed">
      <p class="muted small">Or type this code at</p>
      <p class="pairing-at">{typedAt(code.url)}</p>
      <p class="pairing-code">{code.code}</p>
      <Countdown endsAt={code.endsAt} lasts={code.lasts} label="Renews itself, time left" />
    </div>
  )
}

/**
 * The QR code with all that belongs to it: `page` while it is all there is to see, `side` beside pictures.
 */
export function PairingPanel({
  keeper,
  lan,
  place,
}: {
  keeper: CodeKeeper
  lan: Lan
  place: 'page' | 'side'
}) {
  useEffect(() => keeper.want(), [keeper])
  const view = keeper.view.value
  const failure = keeper.failure.value
  const code = view.kind === 'shown' ? view.code : undefined
  return (
    <section class="pairing" data-place={place} aria-label="Add a camera">
      <figure class="pairing-figure">
        <Square keeper={keeper} />
        <figcaption>Scan with a phone’s camera</figcaption>
      </figure>
      <div class="pairing-beside">
        {failure && (
          <Notice
            title={failure.title}
            tone={code ? 'caution' : 'danger'}
            mend={{ label: 'Try again', run: keeper.show, busy: keeper.busy.value }}
          >
            {failure.advice}
          </Notice>
        )}
        {code && <Typed code={code} />}
        {code && <CopyText text={code.url} label="the link" />}
        <LanChoice lan={lan} url={code?.url} onChange={keeper.show} />
      </div>
    </section>
  )
}
