import { lookup, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { isPrivateAddress } from '../../../domain/private-addresses.ts'

/** Where a link would leave the private network. */
const refusal = (what: string): Error => new Error(`${what} is outside the private address ranges`)

/**
 * Where a link to an instance goes, which has said this URL of itself; names are looked at when they are resolved.
 * @returns or why it may not go there
 */
export function wayTo(base: string, path: string): URL | string {
  const url = URL.canParse(path, base) ? new URL(path, base) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    return 'what it has said is no http or https URL'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(host) !== 0 && !isPrivateAddress(host)) return refusal(host).message
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url
}

/** Resolves a name as the system does, and refuses it where one of its addresses is public. */
export const privateLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const [first] = addresses ?? []
    if (error !== null || first === undefined) {
      callback(error ?? refusal(hostname), '', 0)
      return
    }
    const outside = addresses.find(({ address }) => !isPrivateAddress(address))
    if (outside !== undefined) callback(refusal(`${hostname} (${outside.address})`), '', 0)
    else if (options.all === true) callback(null, addresses)
    else callback(null, first.address, first.family)
  })
}
