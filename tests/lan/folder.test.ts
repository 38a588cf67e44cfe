import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeAuthority } from '../../server/lan/authority.ts'
import { fromPem, lifeOf, toPem } from '../../server/lan/certificate.ts'
import { dataFolder } from '../../server/lan/data-folder.ts'
import { keep } from '../../server/lan/kept.ts'
import { card, run, startLan, temporaryFolder } from './support.ts'

const DAY = 86_400_000
const leafIn = async (folder: string) => fromPem(await readFile(join(folder, 'leaf.pem'), 'utf8'))
const authorityIn = async (folder: string) => fromPem(await readFile(join(folder, 'authority.pem'), 'utf8'))
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

test('the folder is where the platform keeps such data', () => {
  expect(dataFolder('linux', '/home/a', {})).toBe('/home/a/.local/share/pairlens')
  expect(dataFolder('linux', '/home/a', { XDG_DATA_HOME: '/data' })).toBe('/data/pairlens')
  expect(dataFolder('linux', '/home/a', { XDG_DATA_HOME: 'relative' })).toBe('/home/a/.local/share/pairlens')
  expect(dataFolder('darwin', '/Users/a', {})).toBe('/Users/a/Library/Application Support/Pairlens')
  expect(dataFolder('win32', 'C:\\Users\\a', { LOCALAPPDATA: 'D:\\Local' })).toBe('D:\\Local\\Pairlens')
  expect(dataFolder('win32', 'C:\\Users\\a', {})).toBe('C:\\Users\\a\\AppData\\Local\\Pairlens')
})

describe('files', () => {
  test('only their owner can read them, and nothing else is left behind', async () => {
    const folder = join(await temporaryFolder(), 'deep', 'pairlens')
    await startLan({ folder })
    expect(await modeOf(folder)).toBe('700')
    expect(await modeOf(join(folder, 'authority.pem'))).toBe('600')
    expect(await modeOf(join(folder, 'leaf.pem'))).toBe('600')
    expect((await readdir(folder)).sort()).toEqual(['authority.pem', 'leaf.pem'])
  })

  test('modes that were opened are closed again, with a word about it', async () => {
    const folder = await temporaryFolder()
    const { lan: first } = await startLan({ folder })
    await chmod(folder, 0o755)
    await chmod(join(folder, 'authority.pem'), 0o644)
    const { lan, said } = await startLan({ folder })
    expect(lan.authorityPem()).toBe(first.authorityPem())
    expect(await modeOf(folder)).toBe('700')
    expect(await modeOf(join(folder, 'authority.pem'))).toBe('600')
    expect(said.join('\n')).toContain('was readable by other users')
  })

  test('authority and leaf stay the same over restarts', async () => {
    const folder = await temporaryFolder()
    const { lan: first } = await startLan({ folder })
    const leaf = await readFile(join(folder, 'leaf.pem'), 'utf8')
    const { lan: second, said } = await startLan({ folder })
    expect(second.authorityPem()).toBe(first.authorityPem())
    expect(second.mobileConfig()).toBe(first.mobileConfig())
    expect(await readFile(join(folder, 'leaf.pem'), 'utf8')).toBe(leaf)
    expect(said.filter((line) => line.startsWith('warn'))).toEqual([])
  })

  test('a folder that cannot be made: goes on in memory, says so once, and stays the same while it runs', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'file'), '')
    const { lan, said } = await startLan({ folder: join(folder, 'file', 'pairlens') })
    const pem = lan.authorityPem()
    await lan.refresh()
    expect(lan.authorityPem()).toBe(pem)
    expect(said.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringContaining('lives in memory'),
    ])
  })
})

describe('renewal', () => {
  test('the leaf follows the addresses, the authority stays', async () => {
    const folder = await temporaryFolder()
    let address = '192.168.1.5'
    const { lan } = await startLan({ folder, interfaces: () => ({ wlan0: card(address) }) })
    const [authority, leaf] = [lan.authorityPem(), await leafIn(folder)]
    expect(leaf.certificate.checkIP('192.168.1.5')).toBeDefined()
    expect(leaf.certificate.checkHost('laptop.local')).toBeDefined()
    address = '10.0.0.7'
    await lan.refresh()
    const next = await leafIn(folder)
    expect(next.certificate.checkIP('10.0.0.7')).toBeDefined()
    expect(next.certificate.checkIP('192.168.1.5')).toBeUndefined()
    expect(next.certificate.serialNumber).not.toBe(leaf.certificate.serialNumber)
    expect(lan.authorityPem()).toBe(authority)
    expect(lan.info().addresses.map((each) => each.address)).toEqual(['10.0.0.7', 'laptop.local'])
  })

  test('a leaf near its end is replaced while the process runs', async () => {
    const folder = await temporaryFolder()
    let now = Date.now()
    const { lan } = await startLan({ folder, now: () => now })
    const { certificate } = await leafIn(folder)
    now = lifeOf(certificate).notAfter - 31 * DAY
    await lan.refresh()
    expect((await leafIn(folder)).certificate.raw).toEqual(certificate.raw)
    now = lifeOf(certificate).notAfter - 29 * DAY
    await lan.refresh()
    expect(lifeOf((await leafIn(folder)).certificate).notAfter).toBeGreaterThan(now + 390 * DAY)
  })

  test('an authority near its end is replaced, with a warning', async () => {
    const folder = await temporaryFolder()
    const { lan } = await startLan({ folder })
    const end = lifeOf(new X509Certificate(lan.authorityPem())).notAfter
    const { lan: later, said } = await startLan({ folder, now: () => end - 29 * DAY })
    expect(later.authorityPem()).not.toBe(lan.authorityPem())
    expect(said.join('\n')).toMatch(/warn .*it ends on .*Phones that trusted the old one/)
    expect(
      (await leafIn(folder)).certificate.verify(new X509Certificate(later.authorityPem()).publicKey),
    ).toBe(true)
  })
})

describe('damaged or foreign files', () => {
  const withoutLimits = async (folder: string) => {
    const [key, certificate] = [join(folder, 'k.pem'), join(folder, 'c.pem')]
    const made = await run('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '3650',
      '-subj',
      '/CN=Pairlens on laptop',
      '-keyout',
      key,
      '-out',
      certificate,
    ])
    expect(made.code).toBe(0)
    return `${await readFile(key, 'utf8')}${await readFile(certificate, 'utf8')}`
  }
  const damages: readonly [string, string, (text: string, folder: string) => string | Promise<string>][] = [
    ['empty', 'no readable private key', () => ''],
    ['noise', 'no readable private key', () => '\0\u{fffd} not a PEM'],
    ['cut in the middle', 'no readable private key', (text) => text.slice(0, text.length / 2)],
    [
      'the certificate without its key',
      'no readable private key',
      (text) => text.slice(text.indexOf('-----BEGIN CERT')),
    ],
    [
      'a key of another certificate',
      'do not belong together',
      async (text) => {
        const other = toPem(await makeAuthority('Pairlens on other', Date.now()))
        return `${other.split('-----BEGIN CERT')[0]}${text.slice(text.indexOf('-----BEGIN CERT'))}`
      },
    ],
    ['an authority without limits', 'not limited', (_text, folder) => withoutLimits(folder)],
    ['far too large', 'too large', (text) => text + ' '.repeat(100_000)],
  ]

  test.each(damages)('authority: %s', async (_name, why, damage) => {
    const folder = await temporaryFolder()
    const { lan: first } = await startLan({ folder })
    const path = join(folder, 'authority.pem')
    const text = await damage(await readFile(path, 'utf8'), await temporaryFolder())
    await writeFile(path, text)
    const { lan, said } = await startLan({ folder })
    expect(said.join('\n')).toMatch(
      new RegExp(`warn .*authority.*${why}.*set aside.*Phones that trusted the old one`),
    )
    expect(lan.authorityPem()).not.toBe(first.authorityPem())
    expect((await authorityIn(folder)).certificate.toString()).toBe(lan.authorityPem())
    expect((await leafIn(folder)).certificate.verify(new X509Certificate(lan.authorityPem()).publicKey)).toBe(
      true,
    )
    const aside = (await readdir(folder)).find((name) => name.includes('set-aside'))
    expect(await readFile(join(folder, aside ?? 'none'), 'utf8')).toBe(text)
  })

  test('a leaf in the place of the authority', async () => {
    const folder = await temporaryFolder()
    await startLan({ folder })
    await writeFile(join(folder, 'authority.pem'), await readFile(join(folder, 'leaf.pem'), 'utf8'))
    const { lan, said } = await startLan({ folder })
    expect(said.join('\n')).toContain('not an authority that signed itself')
    expect(new X509Certificate(lan.authorityPem()).ca).toBe(true)
  })

  test('a folder in the place of a file', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'authority.pem'), { recursive: true })
    await mkdir(join(folder, 'leaf.pem'))
    const { said } = await startLan({ folder })
    expect(said.filter((line) => line.includes('it is not a file'))).toHaveLength(2)
    expect((await leafIn(folder)).certificate.checkIP('192.168.1.5')).toBeDefined()
  })

  test('leaf: damaged, or of another authority, is made again under the same authority', async () => {
    const folder = await temporaryFolder()
    const { lan: first } = await startLan({ folder })
    const foreign = await temporaryFolder()
    await startLan({ folder: foreign })
    for (const text of ['garbage', await readFile(join(foreign, 'leaf.pem'), 'utf8')]) {
      await writeFile(join(folder, 'leaf.pem'), text)
      const { lan, said } = await startLan({ folder })
      expect(said.join('\n')).toMatch(/certificate of this machine.*(cannot be used|renewed)/)
      expect(lan.authorityPem()).toBe(first.authorityPem())
      expect(
        (await leafIn(folder)).certificate.verify(new X509Certificate(lan.authorityPem()).publicKey),
      ).toBe(true)
    }
  })
})

describe('several starts at once', () => {
  test.each([
    ['an empty folder', undefined],
    ['a damaged authority', 'garbage'],
  ])('%s', async (_name, content) => {
    for (let round = 0; round < 5; round += 1) {
      const folder = await temporaryFolder()
      if (content !== undefined) await writeFile(join(folder, 'authority.pem'), content)
      const all = await Promise.all(Array.from({ length: 8 }, () => startLan({ folder })))
      const kept = (await authorityIn(folder)).certificate.toString()
      expect(new Set(all.map(({ lan }) => lan.authorityPem()))).toEqual(new Set([kept]))
      expect((await leafIn(folder)).certificate.verify(new X509Certificate(kept).publicKey)).toBe(true)
      expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([])
    }
  })

  test('what another process mended between the look and the move is put back', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'thing')
    await writeFile(path, 'damaged', { mode: 0o600 })
    const kept = await keep({
      path,
      title: 'The thing',
      consequence: '',
      judge: (text) => {
        if (text === 'sound') return { verdict: 'sound', value: text }
        writeFileSync(path, 'sound', { mode: 0o600 })
        return { verdict: 'faulty', why: 'it is damaged' }
      },
      make: () => 'made by the wrong one',
      log: { info: () => undefined, warn: (text) => expect.fail(text) },
    })
    expect(kept).toBe('sound')
    expect(await readFile(path, 'utf8')).toBe('sound')
    expect(await readdir(folder)).toEqual(['thing'])
  })

  test('processes of their own', async () => {
    const folder = await temporaryFolder()
    const module = JSON.stringify(new URL('../../server/lan/index.ts', import.meta.url).href)
    // Each waits for the same moment, so that the slow start of a process does not put them in a row.
    const script = `
      const { openLan } = await import(${module})
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, Number(process.argv[2]) - Date.now())))
      const quiet = { info() {}, warn(text) { console.error(text) } }
      const lan = await openLan({ folder: process.argv[1], httpsPort: 0, httpPort: 1, log: quiet,
        hostname: 'laptop', interfaces: () => ({ wlan0: [{ address: '192.168.1.5', internal: false }] }) })
      process.stdout.write(lan.info().trust.fingerprint)
      await lan.close()`
    const start = () =>
      new Promise<string>((resolve, reject) => {
        execFile(
          process.execPath,
          ['--import', 'tsx', '--input-type=module', '-e', script, folder, String(Date.now() + 2_500)],
          (error, stdout, stderr) =>
            error === null && stderr === '' ? resolve(stdout) : reject(error ?? new Error(stderr)),
        )
      })
    const fingerprints = await Promise.all(Array.from({ length: 4 }, start))
    const { certificate } = await authorityIn(folder)
    expect(new Set(fingerprints)).toEqual(new Set([certificate.fingerprint256]))
    expect((await leafIn(folder)).certificate.verify(certificate.publicKey)).toBe(true)
  }, 30_000)
})
