import { BlockList, isIPv4, isIPv6 } from 'node:net'

const ranges = new BlockList()
/**
 * RFC 1918, loopback, the providers' shared space (RFC 6598), unique local and link-local (RFC 4193, RFC 4291): a
 * platform's own network has one of these, and no stranger's machine on the internet does.
 */
ranges.addSubnet('10.0.0.0', 8, 'ipv4')
ranges.addSubnet('172.16.0.0', 12, 'ipv4')
ranges.addSubnet('192.168.0.0', 16, 'ipv4')
ranges.addSubnet('127.0.0.0', 8, 'ipv4')
ranges.addSubnet('100.64.0.0', 10, 'ipv4')
ranges.addSubnet('fc00::', 7, 'ipv6')
ranges.addSubnet('fe80::', 10, 'ipv6')
ranges.addAddress('::1', 'ipv6')

/** Whether instances may send each other pictures there; what is no IP address is not. */
export function isPrivateAddress(address: string): boolean {
  if (isIPv4(address)) return ranges.check(address, 'ipv4')
  // The zone of a link-local address says by which card it is reached.
  const plain = address.replace(/%.*$/, '')
  return isIPv6(plain) && ranges.check(plain, 'ipv6')
}
