import { createHmac, randomBytes } from 'node:crypto'
import type { InstanceId } from '../../../protocol/ids.ts'

/** What each end of a link says of itself first. */
export interface Introduction {
  /** 32 random bytes, base64url: no proof is good twice. */
  readonly nonce: string
  readonly instance: InstanceId
}

/** Whose proof it is: one that is sent back is not the other's. */
type End = 'opener' | 'listener'

/** Characters of a nonce. */
export const NONCE_LENGTH = 43

export const introduce = (instance: InstanceId): Introduction => ({
  nonce: randomBytes(32).toString('base64url'),
  instance,
})

/** HMAC-SHA256 (RFC 2104) over who proves and all that both have said; the key itself is never sent. Base64url. */
export function proofOf(key: Buffer, end: End, opener: Introduction, listener: Introduction): string {
  const said = [end, opener.nonce, listener.nonce, opener.instance, listener.instance]
  return createHmac('sha256', key).update(JSON.stringify(said)).digest('base64url')
}
