/** Keys that make a claim repeatable (docs/SPEC.md, section 3), over a reload between claim and answer too. */
import type { PreviewPairing } from '../../server/protocol/api.ts'
import { randomText } from '../lib/random.ts'

export interface ClaimKeys {
  /** Whether this tab has claimed a code and got no answer, before a reload perhaps. */
  readonly open: boolean
  /** The key for claiming this code: the same one until the claim was answered. */
  keyOf(code: PreviewPairing): Promise<string>
  /** The claim was answered for good. */
  answered(): void
}

const ENTRY = 'pairlens:claim'

const browserStorage = (): Storage | undefined => {
  try {
    return globalThis.sessionStorage
  } catch (cause) {
    console.warn('This browser keeps no data for the tab', cause)
    return undefined
  }
}

const base64url = (bytes: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/**
 * The tab's storage keeps a random seed, and a key is the seed's keyed hash of the code (HMAC-SHA-256). So
 * neither the code nor anything it could be guessed from is stored, and the seed without the code is worth nothing.
 * Where there is no such storage or no hash (pages without https), keys live as long as the page.
 */
export const createClaimKeys = (storage: Storage | undefined = browserStorage()): ClaimKeys => {
  let seed: string | undefined
  let place = storage
  const within = <T>(work: (where: Storage) => T): T | undefined => {
    if (!place) return undefined
    try {
      return work(place)
    } catch (cause) {
      console.warn('The claim would not survive a reload', cause)
      place = undefined
      return undefined
    }
  }
  seed = within((where) => where.getItem(ENTRY)) ?? undefined

  return {
    get open() {
      return seed !== undefined
    },
    async keyOf(code) {
      const mine = (seed ??= randomText())
      // Insecure pages have no `subtle`; there a claim has one seed, which serves as the key itself.
      const subtle: SubtleCrypto | undefined = globalThis.crypto.subtle
      if (!subtle) return mine
      within((where) => where.setItem(ENTRY, mine))
      const text = new TextEncoder()
      const hash = { name: 'HMAC', hash: 'SHA-256' }
      const key = await subtle.importKey('raw', text.encode(mine), hash, false, ['sign'])
      const of = 'secret' in code ? `secret ${code.secret}` : `code ${code.code}`
      return base64url(await subtle.sign('HMAC', key, text.encode(of)))
    },
    answered() {
      seed = undefined
      within((where) => where.removeItem(ENTRY))
    },
  }
}
