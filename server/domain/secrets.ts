import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { CODE_ALPHABET, CODE_LENGTH } from '../protocol/limits.ts'

/** What a keyed hash is of; a hash of one kind never equals one of another. */
type Purpose = 'token' | 'code' | 'scanned' | 'typed' | 'check' | 'address' | 'claim' | 'link'

/** 128 random bits as text that is safe in a URL. */
export const randomSecret = (): string => randomBytes(16).toString('base64url')

/** Compares without telling by its time how much was equal. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/**
 * Keyed hashes (HMAC-SHA256, RFC 2104) of everything that must not lie in the store in plaintext [PAIR-8],
 * and values derived from a secret, which need no place in the store at all.
 */
export class Secrets {
  readonly #key: string

  constructor(appSecret: string) {
    this.#key = appSecret
  }

  #bytes(purpose: Purpose, text: string): Buffer {
    return createHmac('sha256', this.#key).update(`${purpose}\0${text}`).digest()
  }

  /** 128 bits of the keyed hash, in base64url: 22 characters. */
  hash(purpose: Purpose, text: string): string {
    return this.#bytes(purpose, text).subarray(0, 16).toString('base64url')
  }

  /** What instances of one secret prove to each other that they have it with. */
  linkKey(): Buffer {
    return this.#bytes('link', '')
  }

  /** The typed form of a scanned secret: eight letters, each equally likely [PAIR-4]. */
  typedForm(scanned: string): string {
    const letters = CODE_ALPHABET.length
    // Bytes from the last, partial run of the alphabet would make its first letters likelier.
    const fair = 256 - (256 % letters)
    let code = ''
    for (let round = 0; code.length < CODE_LENGTH; round += 1) {
      for (const byte of this.#bytes('typed', `${round}\0${scanned}`)) {
        if (byte < fair && code.length < CODE_LENGTH) code += CODE_ALPHABET.charAt(byte % letters)
      }
    }
    return code
  }

  /** A check number of two digits, 10 to 99, that belongs to one claim [PAIR-5]. */
  checkNumber(claim: string): string {
    return String(10 + (this.#bytes('check', claim).readUInt32BE() % 90))
  }
}
