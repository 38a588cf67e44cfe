/** Signs X.509 certificates (RFC 5280) with ECDSA P-256 and keeps each with its key in one text. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto'

/** A certificate and the private key that belongs to it. */
export interface KeyPair {
  readonly key: KeyObject
  readonly certificate: X509Certificate
}

export const DAY = 86_400_000

const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const

/** Loads the library that writes certificates; it is slow to load, so only when there is one to write. */
async function loadLibrary() {
  // Its injection container reads the metadata that this adds to the global Reflect.
  await import('reflect-metadata')
  return import('@peculiar/x509')
}

/** RFC 7093, section 2, method 1, over the whole key: names it without SHA-1. In hex. */
function keyId(key: KeyObject): string {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest().subarray(0, 20).toString('hex')
}

/** A serial number is positive and at most 20 octets (RFC 5280, section 4.1.2.2). In hex. */
function newSerial(): string {
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  return serial.toString('hex')
}

export interface CertificateTerms {
  /** Common name of the subject, beside the organization; cut to 64 characters (ub-common-name). */
  readonly commonName: string
  /** Who signs; undefined makes the certificate its own issuer. */
  readonly issuer?: KeyPair
  /** Milliseconds since the epoch; the certificate holds whole seconds. */
  readonly notBefore: number
  readonly notAfter: number
  /** DER of the extensions besides the two key identifiers. */
  readonly extensions: readonly Uint8Array<ArrayBuffer>[]
}

/** Makes a P-256 key and a certificate for it. */
export async function makeKeyPair(terms: CertificateTerms): Promise<KeyPair> {
  const { commonName, issuer, notBefore, notAfter, extensions } = terms
  const x509 = await loadLibrary()
  // Node's WebCrypto, by its global name: so it has one type with and without the DOM's types.
  const { crypto } = globalThis
  const { publicKey, privateKey } = await crypto.subtle.generateKey(P256, true, ['sign', 'verify'])
  const key = KeyObject.from(privateKey)
  const signer = issuer?.key ?? key
  const pkcs8 = signer.export({ type: 'pkcs8', format: 'der' })
  // As objects: of a plain text the library would read quotes, backslashes and a leading # as notation.
  const subject = new x509.Name([
    { O: [{ utf8String: 'Pairlens' }] },
    { CN: [{ utf8String: [...commonName].slice(0, 64).join('') }] },
  ])
  const made = await x509.X509CertificateGenerator.create(
    {
      serialNumber: newSerial(),
      subject,
      issuer: issuer === undefined ? subject : new x509.X509Certificate(issuer.certificate.raw).subjectName,
      notBefore: new Date(notBefore),
      notAfter: new Date(notAfter),
      publicKey,
      signingKey: await crypto.subtle.importKey('pkcs8', pkcs8, P256, false, ['sign']),
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      extensions: [
        ...extensions.map((der) => new x509.Extension(der)),
        new x509.SubjectKeyIdentifierExtension(keyId(key)),
        new x509.AuthorityKeyIdentifierExtension(keyId(signer)),
      ],
    },
    crypto,
  )
  return { key, certificate: new X509Certificate(Buffer.from(made.rawData)) }
}

/** Both parts as one PEM text: what stands in one file cannot be torn apart by two writers. */
export const toPem = ({ key, certificate }: KeyPair): string =>
  `${key.export({ type: 'pkcs8', format: 'pem' }).toString()}${certificate.toString()}`

/** Reads what `toPem` wrote; throws an Error that says what is wrong. */
export function fromPem(text: string): KeyPair {
  let key: KeyObject
  let certificate: X509Certificate
  try {
    key = createPrivateKey(text)
    certificate = new X509Certificate(text)
  } catch (error) {
    throw new Error('it holds no readable private key and certificate', { cause: error })
  }
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error('its key is not ECDSA P-256')
  }
  if (!certificate.checkPrivateKey(key)) throw new Error('its key and certificate do not belong together')
  return { key, certificate }
}

/** Where a certificate's life begins and ends, in milliseconds since the epoch. */
export const lifeOf = (certificate: X509Certificate): { notBefore: number; notAfter: number } => ({
  notBefore: Date.parse(certificate.validFrom),
  notAfter: Date.parse(certificate.validTo),
})
