/** The certificate of the https listener: short-lived, for this machine's addresses alone. */
import { isIP } from 'node:net'
import { CLOCK_SLACK } from './authority.ts'
import { DAY, fromPem, type KeyPair, lifeOf, makeKeyPair } from './certificate.ts'
import { leafExtensions } from './extensions.ts'
import type { Judged } from './kept.ts'

/** From first to last moment; browsers refuse what lives longer than 398 days. */
const LIFE = 397 * DAY
const LEAST_LEFT = 30 * DAY

/** Names every leaf carries, so that the listener answers on the machine itself too. */
export const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '::1']

/** A leaf for IP addresses and DNS names; whether the authority may vouch for them is for verifiers to say. */
export async function makeLeaf(
  authority: KeyPair,
  name: string,
  names: readonly string[],
  now: number,
): Promise<KeyPair> {
  const notBefore = now - CLOCK_SLACK
  return makeKeyPair({
    commonName: name,
    issuer: authority,
    notBefore,
    // Whole seconds, both ends included (RFC 5280, section 4.1.2.5): one second less is 397 days.
    notAfter: Math.min(notBefore + LIFE - 1_000, lifeOf(authority.certificate).notAfter),
    extensions: await leafExtensions(names),
  })
}

const covers = ({ certificate }: KeyPair, name: string): boolean =>
  (isIP(name) === 0 ? certificate.checkHost(name, { subject: 'never' }) : certificate.checkIP(name)) !==
  undefined

/** Whether a kept text is a leaf of this authority that still fits. One that covers more than asked for fits. */
export function judgeLeaf(
  text: string,
  authority: KeyPair,
  names: readonly string[],
  now: number,
): Judged<KeyPair> {
  let pair: KeyPair
  try {
    pair = fromPem(text)
  } catch (error) {
    return { verdict: 'faulty', why: error instanceof Error ? error.message : String(error) }
  }
  const { certificate } = pair
  if (
    !certificate.checkIssued(authority.certificate) ||
    !certificate.verify(authority.certificate.publicKey)
  ) {
    return { verdict: 'outdated', why: 'another authority signed it' }
  }
  const missing = names.filter((name) => !covers(pair, name))
  if (missing.length > 0) return { verdict: 'outdated', why: `it does not cover ${missing.join(', ')}` }
  const { notBefore, notAfter } = lifeOf(certificate)
  if (now < notBefore || now > notAfter - LEAST_LEFT) return { verdict: 'outdated', why: 'its time is over' }
  if (notAfter - notBefore >= LIFE) return { verdict: 'outdated', why: 'it lives longer than browsers allow' }
  return { verdict: 'sound', value: pair }
}
