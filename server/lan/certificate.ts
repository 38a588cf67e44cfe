/** Signs X.509 certificates (RFC 5280) with ECDSA P-256 and keeps each with its key in one text. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto'
import {
  bits,
  children,
  constructed,
  integer,
  octets,
  oid,
  primitive,
  sequence,
  set,
  time,
  TRUE,
  utf8,
} from './der.ts'

/** A certificate and the private key that belongs to it. */
export interface KeyPair {
  readonly key: KeyObject
  readonly certificate: X509Certificate
}

export const DAY = 86_400_000

/** DER of an X.500 name: organization and common name, the latter cut to 64 characters (ub-common-name). */
export const distinguishedName = (commonName: string): Buffer =>
  sequence(
    set(sequence(oid('2.5.4.10'), utf8('Pairlens'))),
    set(sequence(oid('2.5.4.3'), utf8([...commonName].slice(0, 64).join('')))),
  )

/** DER of a certificate's subject, byte for byte: an issuer must match it so (RFC 5280, section 7.1). */
function subjectOf(certificate: X509Certificate): Buffer {
  const [tbs = Buffer.alloc(0)] = children(certificate.raw)
  const subject = children(tbs)[5]
  if (subject === undefined) throw new TypeError('The certificate has no subject')
  return subject
}

/** DER of one extension (RFC 5280, section 4.1.2.9). */
export const extension = (id: string, value: Uint8Array, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [TRUE] : []), octets(value))

const spki = (key: KeyObject): Buffer => createPublicKey(key).export({ type: 'spki', format: 'der' })
/** RFC 7093, section 2, method 1, over the whole key: names it without SHA-1. */
const keyId = (key: KeyObject): Buffer => createHash('sha256').update(spki(key)).digest().subarray(0, 20)

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))
/** Certificates for https servers and nothing else. */
export const SERVER_AUTH: Buffer = extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1')))

export interface CertificateTerms {
  /** DER of a name. */
  readonly subject: Buffer
  /** Who signs; undefined makes the certificate its own issuer. */
  readonly issuer?: KeyPair
  /** Milliseconds since the epoch; the certificate holds whole seconds. */
  readonly notBefore: number
  readonly notAfter: number
  /** DER of the extensions besides the two key identifiers. */
  readonly extensions: readonly Buffer[]
}

/** Makes a P-256 key and a certificate for it. */
export function makeKeyPair({ subject, issuer, notBefore, notAfter, extensions }: CertificateTerms): KeyPair {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signer = issuer?.key ?? key
  // A serial number is positive and at most 20 octets (RFC 5280, section 4.1.2.2).
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  const tbs = sequence(
    constructed(0, integer(Buffer.from([2]))),
    integer(serial),
    ECDSA_WITH_SHA256,
    issuer === undefined ? subject : subjectOf(issuer.certificate),
    sequence(time(notBefore), time(notAfter)),
    subject,
    spki(key),
    constructed(
      3,
      sequence(
        ...extensions,
        extension('2.5.29.14', octets(keyId(key))),
        extension('2.5.29.35', sequence(primitive(0, keyId(signer)))),
      ),
    ),
  )
  const der = sequence(tbs, ECDSA_WITH_SHA256, bits(sign('sha256', tbs, signer)))
  return { key, certificate: new X509Certificate(der) }
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
