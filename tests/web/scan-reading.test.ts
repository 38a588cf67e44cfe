import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readScanned } from '../../web/phone/scan/reading.ts'

const here = new URL('https://192.168.1.20:3443/p')
const known = ['https://192.168.1.20:3443', 'https://[fd00::20]:3443', 'https://laptop.local:3443']
const SECRET = 'abcdefghijklmnopqrst-_'
const read = (text: string, origins: readonly string[] = known) => readScanned(text, here, origins)

describe('what a scanned text means', () => {
  it('[PAIR-4] a camera’s code of this very address gives its secret', () => {
    expect(read(`https://192.168.1.20:3443/p#${SECRET}`)).toEqual({ kind: 'camera', secret: SECRET })
    expect(read(` https://192.168.1.20:3443/p#${SECRET}\n`)).toEqual({ kind: 'camera', secret: SECRET })
  })

  it('a code of another address of this server is used here', () => {
    for (const origin of [
      'https://laptop.local:3443',
      'https://[fd00::20]:3443',
      'http://192.168.1.20:3000',
    ]) {
      expect(read(`${origin}/p#${SECRET}`)).toEqual({ kind: 'camera', secret: SECRET })
    }
  })

  it('invitations lead to their page, at this address', () => {
    expect(read(`https://laptop.local:3443/v#${SECRET}`)).toEqual({ kind: 'page', path: `/v#${SECRET}` })
    expect(read(`https://laptop.local:3443/#${SECRET}`)).toEqual({ kind: 'page', path: `/#${SECRET}` })
  })

  it.each([
    `https://elsewhere.example/p#${SECRET}`,
    `https://192.168.1.21:3443/p#${SECRET}`,
    `https://laptop.local:3444/p#${SECRET}`,
    `https://192.168.1.20.elsewhere.example/p#${SECRET}`,
    `https://192.168.1.20:3443@elsewhere.example/p#${SECRET}`,
    'https://elsewhere.example/',
  ])('%s is foreign', (text) => {
    expect(read(text)).toMatchObject({ kind: 'foreign' })
  })

  it('without the server’s word only this host is known', () => {
    expect(read(`https://laptop.local:3443/p#${SECRET}`, [])).toEqual({
      kind: 'foreign',
      host: 'laptop.local:3443',
    })
    expect(read(`https://192.168.1.20:3443/p#${SECRET}`, [])).toMatchObject({ kind: 'camera' })
  })

  it.each([
    '',
    'hello',
    SECRET,
    'WIFI:S:Guests;T:WPA;P:secret;;',
    `javascript:alert(1)//192.168.1.20:3443/p#${SECRET}`,
    `ftp://192.168.1.20:3443/p#${SECRET}`,
    `data:text/html,<p>#${SECRET}`,
    'https://192.168.1.20:3443/p',
    'https://192.168.1.20:3443/p#short',
    `https://192.168.1.20:3443/p#${SECRET}%0a`,
    `https://192.168.1.20:3443/p?next=/x#${SECRET}.`,
    `https://192.168.1.20:3443/trust#${SECRET}`,
    `https://192.168.1.20:3443/p/#${SECRET}`,
  ])('%j is no pairing code', (text) => {
    expect(read(text)).toEqual({ kind: 'other' })
  })

  it('whatever the text, it never leads off this server', () => {
    const text = fc.oneof(
      fc.string(),
      fc.webUrl({ withFragments: true }),
      fc.tuple(fc.constantFrom(...known, 'https://x.example'), fc.string()).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (each) => {
        const reading = read(each)
        if (reading.kind === 'page') {
          expect(new URL(reading.path, here).origin).toBe(here.origin)
          expect(reading.path).toMatch(/^\/v?#[\w-]{22,128}$/)
        }
        if (reading.kind === 'camera') expect(reading.secret).toMatch(/^[\w-]{22,128}$/)
      }),
    )
  })
})
