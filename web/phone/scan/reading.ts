/** What a scanned text means here. A QR code may say anything, so nothing of it is followed unread. */

export type Reading =
  /** A camera's code of this server. */
  | { readonly kind: 'camera'; readonly secret: string }
  /** An invitation for another page of this server; `path` carries the secret in its fragment. */
  | { readonly kind: 'page'; readonly path: string }
  /** Leads to a server that is not known to be this one. */
  | { readonly kind: 'foreign'; readonly host: string }
  /** Some other address of this server, or no address at all. */
  | { readonly kind: 'other' }

/** 128 random bits in base64url are 22 characters [PAIR-4]; longer ones may come. */
const SECRET = /^#[\w-]{22,128}$/

const parse = (text: string): URL | undefined => {
  try {
    return new URL(text)
  } catch {
    // Most QR codes in the world are no address: a Wi-Fi, a ticket, a contact.
    return undefined
  }
}

/**
 * Reads a scanned text. A code that names another address of this same server is used here, without going
 * there: pages of all its addresses share their codes, and going there would only bring a second warning about
 * the certificate. The secret of a code that leads elsewhere is given to nobody.
 *
 * @param here address of this page
 * @param known origins that this server says are its own (`GET /api/lan`)
 */
export const readScanned = (
  text: string,
  here: Pick<URL, 'origin' | 'hostname'>,
  known: readonly string[],
): Reading => {
  const url = parse(text.trim())
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return { kind: 'other' }
  const own = url.origin === here.origin || url.hostname === here.hostname || known.includes(url.origin)
  if (!own) return { kind: 'foreign', host: url.host }
  if (!SECRET.test(url.hash)) return { kind: 'other' }
  if (url.pathname === '/p') return { kind: 'camera', secret: url.hash.slice(1) }
  return url.pathname === '/v' || url.pathname === '/'
    ? { kind: 'page', path: `${url.pathname}${url.hash}` }
    : { kind: 'other' }
}
