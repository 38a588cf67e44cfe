import { expect, test } from 'vitest'
import { baseUrl, lanAddresses, localName } from '../../server/lan/addresses.ts'
import { isPrivate } from '../../server/lan/private-ranges.ts'
import { card } from './support.ts'

test('real cards come before containers and tunnels, Wi-Fi before wire, the name last', () => {
  const found = lanAddresses(
    {
      lo: card('127.0.0.1'),
      docker0: card('172.17.0.1'),
      tun0: card('10.8.0.2'),
      eth1: card('169.254.3.4'),
      eth0: card('10.1.1.9', 'fd00::9', 'fe80::1'),
      wlp2s0: card('192.168.1.5'),
      'vEthernet (WSL)': card('172.29.0.1'),
    },
    'Laptop.fritz.box',
  )
  expect(found.map(({ address }) => address)).toEqual([
    '192.168.1.5',
    '10.1.1.9',
    'fd00::9',
    '169.254.3.4',
    '172.17.0.1',
    '10.8.0.2',
    '172.29.0.1',
    'laptop.local',
  ])
  expect(found[0]).toEqual({ address: '192.168.1.5', network: 'wlp2s0' })
})

test('cards of macOS and Windows', () => {
  expect(
    lanAddresses(
      {
        bridge100: card('192.168.64.1'),
        utun3: card('10.9.9.9'),
        en10: card('10.0.0.2'),
        en0: card('192.168.178.20'),
      },
      '',
    ).map(({ network }) => network),
  ).toEqual(['en0', 'en10', 'bridge100', 'utun3'])
  expect(
    lanAddresses(
      {
        'VirtualBox Host-Only Network': card('192.168.56.1'),
        Ethernet: card('10.0.0.2'),
        'Wi-Fi': card('192.168.0.7'),
      },
      '',
    ).map(({ network }) => network),
  ).toEqual(['Wi-Fi', 'Ethernet', 'VirtualBox Host-Only Network'])
})

test('public, shared and link-local IPv6 addresses are no LAN addresses, and without one there is no name', () => {
  expect(lanAddresses({ eth0: card('8.8.8.8', '100.64.0.1', '2001:db8::1', 'fe80::1') }, 'laptop')).toEqual(
    [],
  )
})

test('a hostname becomes a .local name where it is a DNS label', () => {
  expect(localName('MacBook-Pro.local')).toBe('macbook-pro.local')
  expect(localName('localhost')).toBeUndefined()
  expect(localName('bad_name')).toBeUndefined()
  expect(localName('-x')).toBeUndefined()
  expect(localName('')).toBeUndefined()
})

test.each([
  ['10.255.255.255', true],
  ['172.15.255.255', false],
  ['172.16.0.0', true],
  ['172.32.0.0', false],
  ['192.168.255.1', true],
  ['100.64.0.1', false],
  ['::1', true],
  ['::2', false],
  ['fdff::1', true],
  ['fe80::1', true],
  ['fec0::1', false],
  ['not an address', false],
])('%s is private: %s', (address, expected) => {
  expect(isPrivate(address)).toBe(expected)
})

test('base URLs', () => {
  expect(baseUrl('https', 'fd00::2', 3443)).toBe('https://[fd00::2]:3443')
  expect(baseUrl('https', '10.0.0.1', 443)).toBe('https://10.0.0.1')
  expect(baseUrl('http', 'laptop.local', 3000)).toBe('http://laptop.local:3000')
})
