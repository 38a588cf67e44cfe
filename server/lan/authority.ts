/** The local authority: what a phone is asked to trust, and how little that lets it do. */
import {
  DAY,
  distinguishedName,
  extension,
  fromPem,
  type KeyPair,
  lifeOf,
  makeKeyPair,
  SERVER_AUTH,
} from './certificate.ts'
import { bits, constructed, integer, primitive, sequence, TRUE } from './der.ts'
import type { Judged } from './kept.ts'
import { addressBytes, LOCAL_DOMAINS, maskBytes, PRIVATE_RANGES } from './private-ranges.ts'

/** Ten years. */
const LIFE = 3_652 * DAY
/** A phone whose clock is behind must not refuse what was made today. */
export const CLOCK_SLACK = DAY
/** One that ends sooner is replaced at once, while there is time to trust the next. */
const LEAST_LEFT = 30 * DAY

/** Only private addresses and local names: RFC 5280, section 4.2.1.10; dNSName is [2], iPAddress is [7]. */
const NAME_CONSTRAINTS = extension(
  '2.5.29.30',
  sequence(
    constructed(
      0,
      ...LOCAL_DOMAINS.map((domain) => sequence(primitive(2, Buffer.from(domain)))),
      ...PRIVATE_RANGES.map((range) =>
        sequence(primitive(7, Buffer.concat([addressBytes(range.address), maskBytes(range)]))),
      ),
    ),
  ),
  true,
)
/** An authority that signs no further authority. */
const BASIC_CONSTRAINTS = extension('2.5.29.19', sequence(TRUE, integer(Buffer.from([0]))), true)
/** keyCertSign alone: bit 5. */
const KEY_USAGE = extension('2.5.29.15', bits(Buffer.from([0x04]), 2), true)
const EXTENSIONS = [BASIC_CONSTRAINTS, KEY_USAGE, NAME_CONSTRAINTS, SERVER_AUTH]

/** A new authority; `now` is in milliseconds since the epoch. */
export const makeAuthority = (name: string, now: number): KeyPair =>
  makeKeyPair({
    subject: distinguishedName(name),
    notBefore: now - CLOCK_SLACK,
    notAfter: now + LIFE,
    extensions: EXTENSIONS,
  })

/** Whether a kept text is an authority of ours that may still be used. Foreign or wider ones are faulty. */
export function judgeAuthority(text: string, now: number): Judged<KeyPair> {
  let pair: KeyPair
  try {
    pair = fromPem(text)
  } catch (error) {
    return { verdict: 'faulty', why: error instanceof Error ? error.message : String(error) }
  }
  const { certificate } = pair
  if (!certificate.ca || !certificate.verify(certificate.publicKey)) {
    return { verdict: 'faulty', why: 'it is not an authority that signed itself' }
  }
  if (!EXTENSIONS.every((der) => certificate.raw.includes(der))) {
    return {
      verdict: 'faulty',
      why: 'it is not limited to the private addresses that this version vouches for',
    }
  }
  const { notBefore, notAfter } = lifeOf(certificate)
  if (now < notBefore) return { verdict: 'faulty', why: `it is valid from ${certificate.validFrom} on only` }
  if (now > notAfter - LEAST_LEFT) return { verdict: 'faulty', why: `it ends on ${certificate.validTo}` }
  return { verdict: 'sound', value: pair }
}
