/** Where other instances reach this one, unless INTERNAL_URL says. */
import { isIPv4 } from 'node:net'
import { baseUrl, lanAddresses, type Interfaces } from './addresses.ts'

const EVERYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/**
 * @param host where the server listens; a single address is the one
 * @returns loopback where the machine has no private IPv4 address: instances beside it reach it there
 */
export function ownInternalUrl(host: string, port: number, interfaces: Interfaces): string {
  if (!EVERYWHERE.has(host)) return baseUrl('http', host, port)
  const found = lanAddresses(interfaces, '').find(({ address }) => isIPv4(address))
  return baseUrl('http', found?.address ?? '127.0.0.1', port)
}
