import { ShieldCheck } from 'lucide-preact'
import type { TrustInfo } from '../../server/protocol/api.ts'
import { Notice } from '../lib/ui/notice.tsx'
import { StateLine } from '../lib/ui/state-line.tsx'
import { load, loaded, platform, type Platform, securePage } from './state.ts'
import { StepsFor } from './steps.tsx'

const PLATFORMS: readonly (readonly [Platform, string])[] = [
  ['iOS', 'iPhone'],
  ['Android', 'Android'],
  ['other', 'Computer'],
]

/** Which device: opened on this one, the others one tap away. Radios bring the arrow keys along. */
function Choice() {
  return (
    <fieldset class="choice">
      <legend class="visually-hidden">Device</legend>
      {PLATFORMS.map(([value, label]) => (
        <label key={value}>
          <input
            type="radio"
            name="platform"
            class="visually-hidden"
            checked={platform.value === value}
            onChange={() => (platform.value = value)}
          />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  )
}

/** In rows that two people can read to each other. */
function Fingerprint({ text }: { text: string }) {
  const pairs = text.split(':')
  const rows = [0, 8, 16, 24].map((start) => pairs.slice(start, start + 8).join(' '))
  return (
    <p class="fingerprint" aria-label={`SHA-256 fingerprint ${pairs.join(' ')}`}>
      {rows.map((row) => (
        <span key={row}>{row}</span>
      ))}
    </p>
  )
}

function Last() {
  const secure = securePage.value
  if (location.protocol === 'https:') {
    return (
      <section class="card">
        <StateLine kind="full" tone="accent">
          <b>This page came by https</b>
        </StateLine>
        <p>Did it open without a warning? Then you are done: scan the code on the dashboard again.</p>
      </section>
    )
  }
  if (secure === undefined) {
    return (
      <Notice
        tone="caution"
        title="The secure address is off right now"
        mend={{ label: 'Try again', run: () => void load() }}
      >
        <p>The window where Pairlens was started says why.</p>
      </Notice>
    )
  }
  return (
    <section class="card">
      <h2>Then try it</h2>
      <p>If the secure page opens without a warning, scan the code on the dashboard again.</p>
      <a class="button act" data-look="quiet" data-size="thumb" href={secure}>
        Open the secure page
      </a>
    </section>
  )
}

function Ready({ trust }: { trust: TrustInfo }) {
  return (
    <>
      <Choice />
      <section class="card">
        <StepsFor platform={platform.value} paths={trust.paths} />
      </section>
      <Last />
      <section class="card">
        <h2>Is it the right one?</h2>
        <p>
          The window where Pairlens was started shows the same SHA-256 fingerprint.
          {location.protocol === 'https:'
            ? ''
            : ' This page came over an open connection, so compare it before you install.'}
        </p>
        <Fingerprint text={trust.fingerprint} />
      </section>
      <section class="card">
        <h2 class="with-icon">
          <ShieldCheck size={20} aria-hidden="true" />
          What you agree to
        </h2>
        <ul class="facts">
          <li>
            It can vouch for private addresses (such as 192.168.… and 10.…) and names that end in .local.
          </li>
          <li>It can never vouch for a website, an app or mail.</li>
          <li>
            Its key stays on that computer. Whoever stole it could pose as a device on your own network, no
            more.
          </li>
          <li>You can remove it at any time.</li>
        </ul>
      </section>
    </>
  )
}

function Body() {
  const now = loaded.value
  switch (now.state) {
    case 'loading':
      return (
        <p class="muted" role="status">
          Asking the computer…
        </p>
      )
    case 'ready':
      return <Ready trust={now.trust} />
    case 'off':
      return (
        <Notice tone="muted" title="Nothing to trust here">
          <p>This server has an address of its own, or its secure LAN address is switched off.</p>
        </Notice>
      )
    case 'failed':
      return (
        <Notice title="The computer does not answer" mend={{ label: 'Try again', run: () => void load() }}>
          <p>Is this device on the same Wi-Fi, and is Pairlens running?</p>
        </Notice>
      )
  }
}

/** The page that helps to trust the local authority. */
export function Page() {
  return (
    <main class="page">
      <header>
        <h1>Trust this computer</h1>
        <p class="muted">
          Browsers give the camera only to secure pages. Trust this computer once, and its pages open without
          a warning.
        </p>
      </header>
      <Body />
    </main>
  )
}
