/** Under which addresses phones on the same network find this machine. */
import { isIPv4, isIPv6 } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'
import { isPrivate } from './private-ranges.ts'

export interface LanAddress {
  /** IP address or .local name. */
  readonly address: string
  /** Name of the network card; a name answers on every one. */
  readonly network: string
}

export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>

/** Cards that exist in software: containers, virtual machines, bridges, tunnels. Phones are not behind them. */
const VIRTUAL = new RegExp(
  '^(?:docker|podman|br-|bridge|cni|cali|flannel|veth|virbr|lxc|lxd|vmnet|vnic|vboxnet|tun|tap|utun|wg|ppp|ipsec|' +
    'zt|tailscale|ham|awdl|llw|anpi|ap\\d)|vEthernet|VirtualBox|VMware|Hyper-V|WSL|Tailscale|WireGuard|OpenVPN|ZeroTier',
  'i',
)
const WIRELESS = /^(?:wl|wifi|wi-fi|wlan|ath|ra\d)/i
const WIRED = /^(?:en|eth|em\d|ethernet)/i

/** Phones are on Wi-Fi: its card shares their network most often. Lower is better. */
function cardRank(card: string): number {
  if (VIRTUAL.test(card)) return 3
  if (WIRELESS.test(card)) return 0
  return WIRED.test(card) ? 1 : 2
}

/** IPv4 first: it is short in a QR code and never filtered; self-assigned addresses last. Lower is better. */
function addressRank(address: string): number {
  if (isIPv4(address)) return address.startsWith('169.254.') ? 2 : 0
  return 1
}

/** `<hostname>.local` (RFC 6762), or undefined where the hostname makes no DNS label. */
export function localName(hostname: string): string | undefined {
  const label = (hostname.split('.')[0] ?? '').toLowerCase()
  return /^(?!localhost$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label) ? `${label}.local` : undefined
}

/**
 * The private addresses of the machine, best first, and its .local name at the end. Loopback and public
 * addresses are left out, and so are IPv6 link-local ones: a URL cannot carry their zone.
 */
export function lanAddresses(interfaces: Interfaces, hostname: string): LanAddress[] {
  const found: LanAddress[] = []
  for (const [network, infos] of Object.entries(interfaces)) {
    for (const { address, internal } of infos ?? []) {
      if (internal || !isPrivate(address) || /^fe[89ab]/i.test(address)) continue
      if (!found.some((known) => known.address === address)) found.push({ address, network })
    }
  }
  found.sort(
    (a, b) =>
      cardRank(a.network) - cardRank(b.network) ||
      addressRank(a.address) - addressRank(b.address) ||
      a.network.localeCompare(b.network, 'en', { numeric: true }),
  )
  const name = localName(hostname)
  return name === undefined || found.length === 0
    ? found
    : [...found, { address: name, network: 'any network' }]
}

/** Base URL of a host; IPv6 in brackets, the scheme's own port left out. */
export const baseUrl = (scheme: 'http' | 'https', host: string, port: number): string =>
  new URL(`${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}`).origin
