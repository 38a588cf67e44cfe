/** The machine's own addresses without https: with the LAN listener switched off, or nothing on the LAN. */
import { isIPv6 } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { baseUrl, lanAddresses, localName } from './addresses.ts'
import { LOOPBACK_NAMES } from './leaf.ts'

/** Addresses that mean every network card. */
const EVERYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/** Every name and address under which this machine may be opened, public addresses too. */
function ownNames(): string[] {
  const name = hostname()
  const local = localName(name)
  const addresses = Object.values(networkInterfaces())
    .flatMap((infos) => infos ?? [])
    .map(({ address }) => address)
  return [
    ...new Set([
      ...LOOPBACK_NAMES,
      name.toLowerCase(),
      ...(local === undefined ? [] : [local]),
      ...addresses,
    ]),
  ]
}

/**
 * @param host where the server listens; a single address leads to that one alone
 * @param port where the server listens, once it does
 */
export function plainAddresses(host: string, port: () => number) {
  const everywhere = EVERYWHERE.has(host)
  // 0.0.0.0 is every IPv4 address and no other.
  const listensAt = (address: string) =>
    host === '0.0.0.0' ? !isIPv6(address) : everywhere || address === host
  const reachable = () =>
    lanAddresses(networkInterfaces(), hostname())
      .map(({ address }) => address)
      .filter(listensAt)
  return {
    urlFor: (wanted?: string): string | undefined => {
      const known = reachable()
      if (wanted !== undefined) return known.includes(wanted) ? baseUrl('http', wanted, port()) : undefined
      return baseUrl('http', known[0] ?? (everywhere ? 'localhost' : host), port())
    },
    origins: (): string[] => ownNames().map((name) => baseUrl('http', name, port())),
  }
}
