import { type ComponentChildren, Fragment } from 'preact'
import { Download } from 'lucide-preact'
import type { TrustInfo } from '../../server/protocol/api.ts'
import type { Platform } from './state.ts'

type Paths = TrustInfo['paths']

/** A way through settings, as the device names its places. */
function Way({ to }: { to: readonly string[] }) {
  return (
    <span class="way">
      {to.map((place, index) => (
        <Fragment key={place}>
          {index > 0 && <span class="way-arrow"> › </span>}
          <b>{place}</b>
        </Fragment>
      ))}
    </span>
  )
}

function Fetch({ href, children }: { href: string; children: ComponentChildren }) {
  return (
    <a class="button act" data-look="primary" data-size="thumb" href={href}>
      <Download size={20} aria-hidden="true" />
      {children}
    </a>
  )
}

function Steps({ children }: { children: ComponentChildren }) {
  return <ol class="steps">{children}</ol>
}

function Remove({ children }: { children: ComponentChildren }) {
  return (
    <details class="more">
      <summary>Remove it again</summary>
      <p>{children}</p>
    </details>
  )
}

function Apple({ paths }: { paths: Paths }) {
  return (
    <>
      <p>
        The sure way on iPhone and iPad, once: without it the page opens after a warning, but the live
        connection may be refused.
      </p>
      <Steps>
        <li>
          <p>
            Download the profile and tap <b>Allow</b>. If nothing happens, open this page in Safari.
          </p>
          <Fetch href={paths.profile}>Download profile</Fetch>
        </li>
        <li>
          <p>
            <Way to={['Settings', 'Profile Downloaded', 'Install']} />
          </p>
          <p class="muted">
            Near the top of Settings. The phone calls it “Not Signed”: compare the fingerprint below.
          </p>
        </li>
        <li>
          <p>
            <Way to={['Settings', 'General', 'About', 'Certificate Trust Settings']} />
          </p>
          <p class="muted">At the very end of About. Switch on the entry that begins with “Pairlens on”.</p>
        </li>
      </Steps>
      <Remove>
        <Way to={['Settings', 'General', 'VPN & Device Management', 'Pairlens', 'Remove Profile']} />
      </Remove>
    </>
  )
}

function Android({ paths }: { paths: Paths }) {
  return (
    <>
      <p>
        Not needed on Android: when Chrome warns, tap <b>Advanced</b>, then <b>Proceed</b>, and the camera
        works. Trusting this computer removes the warning.
      </p>
      <Steps>
        <li>
          <p>Download the certificate.</p>
          <Fetch href={paths.certificate}>Download certificate</Fetch>
        </li>
        <li>
          <p>
            <Way
              to={[
                'Settings',
                'Security',
                'Encryption & credentials',
                'Install a certificate',
                'CA certificate',
              ]}
            />
          </p>
          <p class="muted">The names differ a little between phones: search Settings for “CA certificate”.</p>
        </li>
        <li>
          <p>
            Tap <b>Install anyway</b> and choose <b>pairlens-authority.crt</b> in Downloads.
          </p>
          <p class="muted">
            Android warns that your network may be monitored. It says so of every added certificate.
          </p>
        </li>
      </Steps>
      <p class="muted">Firefox keeps a list of its own: there, tap Advanced and accept once.</p>
      <Remove>
        <Way
          to={[
            'Settings',
            'Security',
            'Encryption & credentials',
            'Trusted credentials',
            'User',
            'Pairlens',
            'Remove',
          ]}
        />
      </Remove>
    </>
  )
}

function Computer({ paths }: { paths: Paths }) {
  return (
    <>
      <p>
        The computer that runs Pairlens needs nothing. On another one you can pass the warning with{' '}
        <b>Advanced</b>, then <b>Proceed</b>, or trust it:
      </p>
      <Fetch href={paths.certificate}>Download certificate</Fetch>
      <dl class="systems">
        <dt>macOS</dt>
        <dd>
          Open the file, find it in Keychain Access, double-click it, and choose{' '}
          <Way to={['Trust', 'Always Trust']} />.
        </dd>
        <dt>Windows</dt>
        <dd>
          Open the file, then{' '}
          <Way to={['Install Certificate', 'Current User', 'Trusted Root Certification Authorities']} />.
        </dd>
        <dt>Chrome on Linux</dt>
        <dd>
          <Way
            to={[
              'Settings',
              'Privacy and security',
              'Security',
              'Manage certificates',
              'Installed by you',
              'Import',
            ]}
          />
        </dd>
        <dt>Firefox</dt>
        <dd>
          <Way to={['Settings', 'Privacy & Security', 'View Certificates', 'Authorities', 'Import']} />
        </dd>
      </dl>
      <Remove>Delete the entry that begins with “Pairlens on” in the same place.</Remove>
    </>
  )
}

/** What to do on one kind of device. */
export function StepsFor({ platform, paths }: { platform: Platform; paths: Paths }) {
  if (platform === 'iOS') return <Apple paths={paths} />
  return platform === 'Android' ? <Android paths={paths} /> : <Computer paths={paths} />
}
