/** The only addresses and names that the local authority may vouch for. */
import { BlockList, isIPv4, isIPv6 } from 'node:net'

export interface Range {
  readonly address: string
  /** Length of the network part, in bits. */
  readonly prefix: number
}

/**
 * Addresses that no stranger's website can have: RFC 1918, loopback, link-local (RFC 3927, RFC 4291) and
 * unique local (RFC 4193). The provider's shared space 100.64.0.0/10 (RFC 6598) is absent: others than the
 * user's own machines live there.
 */
export const PRIVATE_RANGES: readonly Range[] = [
  { address: '10.0.0.0', prefix: 8 },
  { address: '172.16.0.0', prefix: 12 },
  { address: '192.168.0.0', prefix: 16 },
  { address: '127.0.0.0', prefix: 8 },
  { address: '169.254.0.0', prefix: 16 },
  { address: 'fc00::', prefix: 7 },
  { address: 'fe80::', prefix: 10 },
  { address: '::1', prefix: 128 },
]

/** Names with these endings exist on the local link alone (RFC 6762, RFC 6761). */
export const LOCAL_DOMAINS: readonly string[] = ['local', 'localhost']

const ranges = new BlockList()
for (const { address, prefix } of PRIVATE_RANGES) {
  ranges.addSubnet(address, prefix, isIPv4(address) ? 'ipv4' : 'ipv6')
}

/** Whether the authority may vouch for this IP address. */
export const isPrivate = (address: string): boolean =>
  isIPv4(address) ? ranges.check(address) : isIPv6(address) && ranges.check(address, 'ipv6')
