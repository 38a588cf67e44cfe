/** The local authority: what a phone is asked to trust, and how little that lets it do. */
import { DAY, fromPem, type KeyPair, lifeOf, makeKeyPair } from './certificate.ts'
import { authorityExtensions } from './extensions.ts'
import type { Judged } from './kept.ts'

/** Ten years. */
const LIFE = 3_652 * DAY
/** A phone whose clock is behind must not refuse what was made today. */
export const CLOCK_SLACK = DAY
/** One that ends sooner is replaced at once, while there is time to trust the next. */
const LEAST_LEFT = 30 * DAY

/** A new authority; `now` is in milliseconds since the epoch. */
export const makeAuthority = async (name: string, now: number): Promise<KeyPair> =>
  makeKeyPair({
    commonName: name,
    notBefore: now - CLOCK_SLACK,
    notAfter: now + LIFE,
    extensions: await authorityExtensions(),
  })

/** Whether a kept text is an authority of ours that may still be used. Foreign or wider ones are faulty. */
export async function judgeAuthority(text: string, now: number): Promise<Judged<KeyPair>> {
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
  const limits = await authorityExtensions()
  if (!limits.every((der) => certificate.raw.includes(der))) {
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
