/** The authority as an Apple configuration profile: iOS installs certificates from those alone. */
import { createHash, type X509Certificate } from 'node:crypto'

const escapeXml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** The same UUID for the same purpose and certificate (RFC 9562, version 8), so that a profile replaces itself. */
function uuidFor(purpose: string, certificate: X509Certificate): string {
  const bytes = createHash('sha256')
    .update(`${purpose}:${certificate.fingerprint256}`)
    .digest()
    .subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    .toUpperCase()
}

const pairs = (entries: Readonly<Record<string, string>>, indent: string): string =>
  Object.entries(entries)
    .map(([key, value]) => `${indent}<key>${key}</key>\n${indent}<string>${escapeXml(value)}</string>`)
    .join('\n')

/**
 * The profile's XML, unsigned. Payload keys as in Apple's device management documentation,
 * "CertificateRoot" (com.apple.security.root).
 */
export function mobileConfig(certificate: X509Certificate, name: string): string {
  const profile = uuidFor('profile', certificate)
  const payload = uuidFor('payload', certificate)
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>PayloadContent</key>
  <array>
    <dict>
${pairs(
  {
    PayloadType: 'com.apple.security.root',
    PayloadIdentifier: `app.pairlens.authority.${payload}`,
    PayloadUUID: payload,
    PayloadDisplayName: name,
    PayloadDescription: 'Limited to private network addresses and .local names.',
    PayloadCertificateFileName: 'pairlens-authority.crt',
  },
  '      ',
)}
      <key>PayloadVersion</key>
      <integer>1</integer>
      <key>PayloadContent</key>
      <data>${certificate.raw.toString('base64')}</data>
    </dict>
  </array>
${pairs(
  {
    PayloadType: 'Configuration',
    PayloadIdentifier: `app.pairlens.trust.${profile}`,
    PayloadUUID: profile,
    PayloadDisplayName: name,
    PayloadDescription:
      'Lets this device open Pairlens on your own network without a warning, so that its camera ' +
      'works there. It cannot vouch for any website.',
  },
  '  ',
)}
  <key>PayloadVersion</key>
  <integer>1</integer>
  <key>PayloadRemovalDisallowed</key>
  <false/>
</dict>
</plist>
`
}
