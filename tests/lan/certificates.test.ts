import { X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeAuthority } from '../../server/lan/authority.ts'
import { type KeyPair, lifeOf } from '../../server/lan/certificate.ts'
import { children, integer, oid, sequence, time } from '../../server/lan/der.ts'
import { makeLeaf } from '../../server/lan/leaf.ts'
import { run, temporaryFolder } from './support.ts'

const DAY = 86_400_000
const now = Date.now()
const authority = makeAuthority('Pairlens on laptop', now)
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
      expect(await verify(leafFor(address), '-verify_ip', address)).toMatchObject({ code: 0 })
    },
  )
  test.each(['fd00::2', '::1', 'fe80::1234:5678:9abc:def0', 'fd12:3456:789a:1::1'])(
    'IPv6 %s',
    async (address) => {
      expect(await verify(leafFor(address), '-verify_ip', address)).toMatchObject({ code: 0 })
    },
  )
  test.each(['laptop.local', 'localhost'])('the name %s', async (name) => {
    expect(await verify(leafFor(name), '-verify_hostname', name)).toMatchObject({ code: 0 })
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
    const { code, output } = await verify(leafFor(name))
    expect(output).toContain('permitted subtree violation')
    expect(code).not.toBe(0)
  })

  test('a good address does not carry a bad name along', async () => {
    const { code, output } = await verify(leafFor('192.168.1.5', 'example.com'), '-verify_ip', '192.168.1.5')
    expect(output).toContain('permitted subtree violation')
    expect(code).not.toBe(0)
  })

  test('an address that the leaf does not name', async () => {
    const { code, output } = await verify(leafFor('192.168.1.5'), '-verify_ip', '192.168.1.6')
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

  test('a leaf lives 397 days at most and begins before now, for clocks that are behind', () => {
    const { notBefore, notAfter } = lifeOf(leafFor('192.168.1.5').certificate)
    // Both ends count (RFC 5280, section 4.1.2.5).
    expect(notAfter + 1_000 - notBefore).toBeLessThanOrEqual(397 * DAY)
    expect(notAfter - now).toBeGreaterThan(390 * DAY)
    expect(notBefore).toBeLessThan(now - DAY / 2)
  })

  test('a leaf never outlives its authority', () => {
    const late = lifeOf(authority.certificate).notAfter - 40 * DAY
    expect(lifeOf(makeLeaf(authority, 'x', ['localhost'], late).certificate).notAfter).toBe(
      lifeOf(authority.certificate).notAfter,
    )
  })

  test('serial numbers are positive, long and new each time', () => {
    const serials = Array.from({ length: 50 }, () => leafFor('localhost').certificate.serialNumber)
    expect(new Set(serials).size).toBe(50)
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/)
  })

  test('a long or foreign host name makes a valid authority', () => {
    const { certificate } = makeAuthority(`Pairlens on ${'ü'.repeat(200)}`, now)
    expect(new X509Certificate(certificate.raw).verify(certificate.publicKey)).toBe(true)
    expect(certificate.subject.split('\n').find((line) => line.startsWith('CN='))?.length).toBe(67)
  })
})

describe('DER', () => {
  test('integers take the shortest form and stay positive', () => {
    expect(integer(Buffer.from([0, 0, 5])).toString('hex')).toBe('020105')
    expect(integer(Buffer.from([0x80])).toString('hex')).toBe('02020080')
    expect(integer(Buffer.from([0])).toString('hex')).toBe('020100')
  })
  test('object identifiers and long lengths', () => {
    expect(oid('1.2.840.10045.4.3.2').toString('hex')).toBe('06082a8648ce3d040302')
    expect(sequence(Buffer.alloc(200)).subarray(0, 3).toString('hex')).toBe('3081c8')
    expect(sequence(Buffer.alloc(300)).subarray(0, 4).toString('hex')).toBe('3082012c')
  })
  test('times change their form in 2050', () => {
    expect(time(Date.UTC(2049, 11, 31, 23, 59, 59)).toString('latin1')).toContain('491231235959Z')
    expect(time(Date.UTC(2050, 0, 1))[0]).toBe(0x18)
    expect(time(Date.UTC(2050, 0, 1)).toString('latin1')).toContain('20500101000000Z')
  })
  test('a value longer than its holder is refused', () => {
    expect(() => children(Buffer.from([0x30, 0x03, 0x02, 0x05, 0x01]))).toThrow(RangeError)
  })
})
