/** Where else the server of this page is reached, and where a page without https finds its secure twin. */
import { ApiError, type Api } from '../lib/api.ts'

/** Bases of the server's addresses on its network; none where it has no such list, or does not answer. */
const bases = async (api: Api): Promise<readonly URL[]> => {
  try {
    return (await api.lan()).addresses.map(({ url }) => new URL(url))
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause
    return []
  }
}

/** Origins that QR codes of this server may lead to, besides the page's own. */
export const serverOrigins = async (api: Api): Promise<readonly string[]> =>
  (await bases(api)).map(({ origin }) => origin)

/**
 * On a page that may not use the camera: the same page on the server's https address, code and all. Undefined
 * where this page is secure, or where the server offers no such address.
 */
export const secureAddress = async (api: Api): Promise<string | undefined> => {
  if (globalThis.isSecureContext) return undefined
  const secure = (await bases(api)).filter(({ protocol }) => protocol === 'https:')
  const base = secure.find(({ hostname }) => hostname === location.hostname) ?? secure[0]
  return base && new URL(`${location.pathname}${location.search}${location.hash}`, base).href
}
