/**
 * The extensions that our certificates carry (RFC 5280, section 4.2), each as DER. The encoder is loaded when
 * one is asked for: a server without https on the LAN never needs it.
 */
import { isIP, isIPv4 } from 'node:net'
import { LOCAL_DOMAINS, PRIVATE_RANGES } from './private-ranges.ts'

/** Loads the encoder. */
async function loadEncoder() {
  const [{ AsnConvert, OctetString }, asn1] = await Promise.all([
    import('@peculiar/asn1-schema'),
    import('@peculiar/asn1-x509'),
  ])
  const encode = (extnID: string, value: object, critical: boolean) => {
    const extnValue = new OctetString(AsnConvert.serialize(value))
    return Buffer.from(AsnConvert.serialize(new asn1.Extension({ extnID, critical, extnValue })))
  }
  const serversOnly = () =>
    encode(asn1.id_ce_extKeyUsage, new asn1.ExtendedKeyUsage([asn1.id_kp_serverAuth]), false)
  const keyUsage = (flag: number) => encode(asn1.id_ce_keyUsage, new asn1.KeyUsage(flag), true)
  return { asn1, encode, serversOnly, keyUsage }
}

/**
 * What limits the authority: it signs no further authority, and certificates for https servers with private
 * addresses and local names alone (name constraints: RFC 5280, section 4.2.1.10).
 */
export async function authorityExtensions(): Promise<Buffer<ArrayBuffer>[]> {
  const { asn1, encode, serversOnly, keyUsage } = await loadEncoder()
  const { BasicConstraints, GeneralName, GeneralSubtree, GeneralSubtrees, NameConstraints } = asn1
  const permitted = [
    ...LOCAL_DOMAINS.map((dNSName) => new GeneralName({ dNSName })),
    ...PRIVATE_RANGES.map(({ address, prefix }) => new GeneralName({ iPAddress: `${address}/${prefix}` })),
  ]
  const permittedSubtrees = new GeneralSubtrees(permitted.map((base) => new GeneralSubtree({ base })))
  return [
    encode(asn1.id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
    keyUsage(asn1.KeyUsageFlags.keyCertSign),
    encode(asn1.id_ce_nameConstraints, new NameConstraints({ permittedSubtrees }), true),
    serversOnly(),
  ]
}

/** An address that a certificate can hold; the encoder would take a zone or dotted part for hex digits. */
function plainAddress(address: string): string {
  if (isIPv4(address) || !/[.%]/.test(address)) return address
  throw new TypeError(`${address} is not a plain IP address`)
}

/** What a leaf is for: an https server at these addresses and DNS names. Throws on an address with a zone. */
export async function leafExtensions(names: readonly string[]): Promise<Buffer<ArrayBuffer>[]> {
  const { asn1, encode, serversOnly, keyUsage } = await loadEncoder()
  const alternatives = names.map(
    (name) => new asn1.GeneralName(isIP(name) === 0 ? { dNSName: name } : { iPAddress: plainAddress(name) }),
  )
  return [
    keyUsage(asn1.KeyUsageFlags.digitalSignature),
    serversOnly(),
    encode(asn1.id_ce_subjectAltName, new asn1.SubjectAlternativeName(alternatives), false),
  ]
}
