import { useId, useState } from 'preact/hooks'
import type { LanInfo, TrustInfo } from '../../server/protocol/api.ts'
import { CopyText } from '../lib/ui/copy-text.tsx'
import { Dialog } from '../lib/ui/dialog.tsx'
import type { Lan } from './lan.ts'

type Address = LanInfo['addresses'][number]

const hostOf = (url: string) => new URL(url).hostname.replace(/^\[|\]$/g, '')

function TrustDialog({
  trust,
  address,
  onClose,
}: {
  trust: TrustInfo
  address: Address
  onClose: () => void
}) {
  const page = new URL(trust.paths.page, address.url)
  page.protocol = 'http:'
  page.port = String(trust.httpPort)
  return (
    <Dialog title="Phone shows a warning?" onClose={onClose}>
      <p>
        Phones let a page use the camera only over https. This computer made its own certificate for that, and
        your phone does not know it yet.
      </p>
      <ol class="steps">
        <li>
          <strong>Once:</strong> go on past the warning. It is under “Show Details” or “Advanced”.
        </li>
        <li>
          <strong>For good:</strong> open this page on the phone and follow it.
          <CopyText text={page.href} label="the address" />
        </li>
      </ol>
      <div class="field">
        <span class="label">The certificate to expect (SHA-256)</span>
        <code class="fingerprint">{trust.fingerprint}</code>
      </div>
    </Dialog>
  )
}

/**
 * Which address phones use, where there are several, and what to do about certificate warnings.
 * `url` is that of the code that is shown; nothing is rendered where the server has no LAN listener.
 */
export function LanChoice({
  lan,
  url,
  onChange,
}: {
  lan: Lan
  url: string | undefined
  onChange: () => void
}) {
  const [explained, setExplained] = useState(false)
  const select = useId()
  const info = lan.info.value
  const shown =
    info?.addresses.find(({ address }) => address === lan.chosen.value) ??
    info?.addresses.find((one) => url !== undefined && hostOf(one.url) === hostOf(url)) ??
    info?.addresses[0]
  if (!info || !shown) return null
  return (
    <div class="lan">
      {info.addresses.length > 1 && (
        <div class="field">
          <label for={select}>Phones reach this computer at</label>
          <select
            class="select"
            id={select}
            value={shown.address}
            onChange={(event) => {
              lan.choose(event.currentTarget.value)
              onChange()
            }}
          >
            {info.addresses.map(({ address, network }) => (
              <option key={address} value={address}>{`${address} (${network})`}</option>
            ))}
          </select>
        </div>
      )}
      {info.trust && (
        <button type="button" class="link-button" onClick={() => setExplained(true)}>
          Phone shows a warning?
        </button>
      )}
      {info.trust && explained && (
        <TrustDialog trust={info.trust} address={shown} onClose={() => setExplained(false)} />
      )}
    </div>
  )
}
