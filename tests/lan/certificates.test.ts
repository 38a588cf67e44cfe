import { execFile } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { makeAuthority } from '../../server/lan/authority.ts'
import { type KeyPair, lifeOf } from '../../server/lan/certificate.ts'
import { authorityExtensions } from '../../server/lan/extensions.ts'
import { makeLeaf } from '../../server/lan/leaf.ts'
import { run, temporaryFolder } from './support.ts'

const DAY = 86_400_000
const now = Date.now()
const authority = await makeAuthority('Pairlens on laptop', now)
const leafFor = (...names: string[]) => makeLeaf(authority, 'Pairlens server on laptop', names, now)

/** What openssl says to a leaf of the authority, asked for one name or address. */
async function verify(leaf: KeyPair, ...asked: string[]) {
  const folder = await temporaryFolder()
  const [ca, file] = [join(folder, 'ca.pem'), join(folder, 'leaf.pem')]
  await writeFile(ca, authority.certificate.toString())
  await writeFile(file, leaf.certificate.toString())
  return run('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', ca, ...asked, file])
}

describe('what the authority vouches for', () => {
  test.each(['192.168.1.5', '10.20.30.40', '172.31.0.1', '127.0.0.1', '169.254.7.7'])(
    'IPv4 %s',
    async (address) => {
      expect(await verify(await leafFor(address), '-verify_ip', address)).toMatchObject({ code: 0 })
    },
  )
  test.each(['fd00::2', '::1', 'fe80::1234:5678:9abc:def0', 'fd12:3456:789a:1::1'])(
    'IPv6 %s',
    async (address) => {
      expect(await verify(await leafFor(address), '-verify_ip', address)).toMatchObject({ code: 0 })
    },
  )
  test.each(['laptop.local', 'localhost'])('the name %s', async (name) => {
    expect(await verify(await leafFor(name), '-verify_hostname', name)).toMatchObject({ code: 0 })
  })
})

describe('what the authority cannot vouch for, though it signed it', () => {
  test.each([
    'example.com',
    'local.example.com',
    'evillocal',
    '8.8.8.8',
    '172.32.0.1',
    '192.169.0.1',
    '11.0.0.1',
    '100.64.0.1',
    '2001:db8::1',
    'fec0::1',
    '::2',
  ])('%s', async (name) => {
    const { code, output } = await verify(await leafFor(name))
    expect(output).toContain('permitted subtree violation')
    expect(code).not.toBe(0)
  })

  test('a good address does not carry a bad name along', async () => {
    const { code, output } = await verify(
      await leafFor('192.168.1.5', 'example.com'),
      '-verify_ip',
      '192.168.1.5',
    )
    expect(output).toContain('permitted subtree violation')
    expect(code).not.toBe(0)
  })

  test('an address that the leaf does not name', async () => {
    const { code, output } = await verify(await leafFor('192.168.1.5'), '-verify_ip', '192.168.1.6')
    expect(output).toContain('IP address mismatch')
    expect(code).not.toBe(0)
  })
})

describe('form and life', () => {
  test('the authority says what it is: P-256, no authorities below it, servers only, all of it critical', async () => {
    const folder = await temporaryFolder()
    const file = join(folder, 'ca.pem')
    await writeFile(file, authority.certificate.toString())
    const { output } = await run('openssl', ['x509', '-in', file, '-noout', '-text'])
    expect(output).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/)
    expect(output).toMatch(/Key Usage: critical\s+Certificate Sign\n/)
    expect(output).toMatch(/Name Constraints: critical\s+Permitted:/)
    expect(output).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication\n/)
    expect(output).toContain('NIST CURVE: P-256')
    const { notBefore, notAfter } = lifeOf(authority.certificate)
    expect((notAfter - notBefore) / DAY / 365.25).toBeCloseTo(10, 1)
  })

  test('a leaf lives 397 days at most and begins before now, for clocks that are behind', async () => {
    const { notBefore, notAfter } = lifeOf((await leafFor('192.168.1.5')).certificate)
    // Both ends count (RFC 5280, section 4.1.2.5).
    expect(notAfter + 1_000 - notBefore).toBeLessThanOrEqual(397 * DAY)
    expect(notAfter - now).toBeGreaterThan(390 * DAY)
    expect(notBefore).toBeLessThan(now - DAY / 2)
  })

  test('a leaf never outlives its authority', async () => {
    const { notAfter } = lifeOf(authority.certificate)
    const { certificate } = await makeLeaf(authority, 'x', ['localhost'], notAfter - 40 * DAY)
    expect(lifeOf(certificate).notAfter).toBe(notAfter)
  })

  test('serial numbers are positive, long and new each time', async () => {
    const leaves = await Promise.all(Array.from({ length: 50 }, () => leafFor('localhost')))
    const serials = leaves.map(({ certificate }) => certificate.serialNumber)
    expect(new Set(serials).size).toBe(50)
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/)
  })

  test('a long or foreign host name makes a valid authority', async () => {
    const { certificate } = await makeAuthority(`Pairlens on ${'ü'.repeat(200)}`, now)
    expect(new X509Certificate(certificate.raw).verify(certificate.publicKey)).toBe(true)
    expect(certificate.subject.split('\n').find((line) => line.startsWith('CN='))?.length).toBe(67)
  })

  test.each(['#c0ffee', '"quoted" name', 'back\\slash', 'a, CN=b + O=c'])(
    'the name %s stands in subject and issuer as it is',
    async (name) => {
      const odd = await makeAuthority(name, now)
      const { certificate } = await makeLeaf(odd, 'Pairlens server', ['localhost'], now)
      for (const text of [odd.certificate.toLegacyObject().subject, certificate.toLegacyObject().issuer]) {
        expect({ ...text }).toEqual({ O: 'Pairlens', CN: name })
      }
      expect(certificate.checkIssued(odd.certificate)).toBe(true)
    },
  )

  test('times change their form in 2050', async () => {
    const file = join(await temporaryFolder(), 'ca.pem')
    const { certificate } = await makeAuthority('Pairlens on laptop', Date.UTC(2045, 0, 2, 3, 4, 5, 678))
    await writeFile(file, certificate.toString())
    const { output } = await run('openssl', ['asn1parse', '-in', file])
    expect(output).toMatch(/UTCTIME\s+:450101030405Z/)
    expect(output).toMatch(/GENERALIZEDTIME\s+:20550102030405Z/)
  })

  test('key identifiers are cut from SHA-256 of the key, and a leaf names that of its authority', async () => {
    const idOf = ({ certificate }: KeyPair) =>
      createHash('sha256')
        .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
        .digest()
        .subarray(0, 20)
    const leaf = await leafFor('localhost')
    for (const [pair, issuer] of [
      [leaf, authority],
      [authority, authority],
    ] as const) {
      const subject = Buffer.concat([Buffer.from('0603551d0e04160414', 'hex'), idOf(pair)])
      const by = Buffer.concat([Buffer.from('0603551d23041830168014', 'hex'), idOf(issuer)])
      expect(pair.certificate.raw.includes(subject)).toBe(true)
      expect(pair.certificate.raw.includes(by)).toBe(true)
    }
  })

  test.each(['fe80::1%eth0', '::ffff:192.168.1.5'])('no certificate for %s', async (address) => {
    await expect(leafFor(address)).rejects.toThrow(TypeError)
  })
})

// A kept authority is taken up only with these bytes: other ones would make every phone trust anew.
test('the limits of the authority are, to the byte, those that phones trust already', async () => {
  expect((await authorityExtensions()).map((der) => der.toString('hex'))).toEqual([
    '30120603551d130101ff040830060101ff020100',
    '300e0603551d0f0101ff040403020204',
    [
      '3081cf0603551d1e0101ff0481c43081c1a081be',
      '300782056c6f63616c',
      '300b82096c6f63616c686f7374',
      '300a87080a000000ff000000',
      '300a8708ac100000fff00000',
      '300a8708c0a80000ffff0000',
      '300a87087f000000ff000000',
      '300a8708a9fe0000ffff0000',
      '30228720fc000000000000000000000000000000fe000000000000000000000000000000',
      '30228720fe800000000000000000000000000000ffc00000000000000000000000000000',
      '3022872000000000000000000000000000000001ffffffffffffffffffffffffffffffff',
    ].join(''),
    '30130603551d25040c300a06082b06010505070301',
  ])
})

describe('loading the library', () => {
  /** Starts a LAN in a process of its own and tells what of the library was loaded before and after. */
  const loadedBy = async (folder: string) => {
    const module = JSON.stringify(new URL('../../server/lan/index.ts', import.meta.url).href)
    const script = `
      const { createRequire } = await import('node:module')
      const { cache } = createRequire(import.meta.url)
      const loaded = () => ['reflect-metadata', '@peculiar/x509', '@peculiar/asn1-x509'].filter((name) =>
        Object.keys(cache).some((path) => path.replaceAll('\\\\', '/').includes('node_modules/' + name + '/')))
      const { openLan } = await import(${module})
      const before = loaded()
      const quiet = { info() {}, warn() {} }
      const lan = await openLan({ folder: process.argv[1], httpsPort: 0, httpPort: 1, log: quiet,
        hostname: 'laptop', interfaces: () => ({ wlan0: [{ address: '192.168.1.5', internal: false }] }) })
      process.stdout.write(JSON.stringify({ before, after: loaded() }))
      await lan.close()`
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      script,
      folder,
    ])
    return JSON.parse(stdout) as unknown
  }

  test('waits until a certificate is made: a server without LAN https never pays for it', async () => {
    const folder = await temporaryFolder()
    expect(await loadedBy(folder)).toEqual({
      before: [],
      after: ['reflect-metadata', '@peculiar/x509', '@peculiar/asn1-x509'],
    })
    // What is kept is only judged.
    expect(await loadedBy(folder)).toEqual({ before: [], after: ['@peculiar/asn1-x509'] })
  }, 30_000)
})
