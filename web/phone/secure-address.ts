/** Where a page without https finds its secure twin. */
import { ApiError, type Api } from '../lib/api.ts'

/**
 * On a page that may not use the camera: the same page on the server's https address, code and all. Undefined
 * where this page is secure, or where the server offers no such address.
 */
export const secureAddress = async (api: Api): Promise<string | undefined> => {
  if (globalThis.isSecureContext) return undefined
  try {
    const { addresses } = await api.lan()
    const bases = addresses.map(({ url }) => new URL(url)).filter(({ protocol }) => protocol === 'https:')
    const base = bases.find(({ hostname }) => hostname === location.hostname) ?? bases[0]
    return base && new URL(`${location.pathname}${location.search}${location.hash}`, base).href
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause
    return undefined
  }
}
