import { lookup, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { isPrivateAddress } from '../../../domain/private-addresses.ts'

/** Where a link would leave the private network. */
const refusal = (what: string): Error => new Error(`${what} is outside the private address ranges`)

/** Why a URL leads nowhere that a link may go; names are looked at when they are resolved. */
export function notPrivate(url: string): string | undefined {
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1')
  return isIP(host) !== 0 && !isPrivateAddress(host) ? refusal(host).message : undefined
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
