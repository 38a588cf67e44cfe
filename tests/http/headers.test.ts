import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { builtPages } from '../../server/http/plugins/pages.ts'
import type { TestAppOptions } from '../support/app.ts'
import { createRoom } from '../support/app.ts'
import { raw, startApp } from './support.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pairlens-pages-'))
  for (const page of ['dashboard', 'phone', 'viewer', 'trust']) {
    mkdirSync(join(folder, page))
    writeFileSync(join(folder, page, 'index.html'), `<!doctype html><title>${page}</title>`)
  }
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'assets', 'phone-abc123.js'), 'export {}')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const withPages = (options: TestAppOptions = {}) => startApp({ ...options, pages: builtPages(folder) })
const PAGES = [
  ['/', 'dashboard'],
  ['/p', 'phone'],
] as const

/** A CSP as its directives. */
const directives = (header: string | null): Map<string, string[]> =>
  new Map(
    (header ?? '')
      .split(';')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => {
        const [name = '', ...values] = part.split(/\s+/)
        return [name, values]
      }),
  )

describe('[SEC-5]', () => {
  test.each(PAGES)(
    '%s is the page of the %s, with a strict CSP and the headers that go with it',
    async (path, page) => {
      const app = await withPages()
      const answer = await fetch(`${app.url}${path}`)
      expect(answer.status).toBe(200)
      expect(await answer.text()).toContain(`<title>${page}</title>`)
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(answer.headers.get('cache-control')).toBe('no-cache')
      const csp = directives(answer.headers.get('content-security-policy'))
      expect(csp.get('default-src')).toEqual(["'none'"])
      for (const name of ['script-src', 'style-src', 'connect-src', 'font-src', 'worker-src'])
        // The phone's page reads QR codes with WebAssembly, which is all that this word allows.
        expect(csp.get(name), name).toEqual(
          path === '/p' && name === 'script-src' ? ["'self'", "'wasm-unsafe-eval'"] : ["'self'"],
        )
      for (const name of ['base-uri', 'form-action', 'frame-ancestors'])
        expect(csp.get(name), name).toEqual(["'none'"])
      expect([...csp.values()].flat().join(' ')).not.toMatch(/(?<!wasm-)unsafe-|\*|https?:/)
      expect(csp.has('upgrade-insecure-requests')).toBe(false)
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      expect(answer.headers.get('x-frame-options')).toBe('DENY')
    },
  )

  test('the camera is for the phone page alone', async () => {
    const app = await withPages()
    const policy = async (path: string) =>
      (await fetch(`${app.url}${path}`)).headers.get('permissions-policy') ?? ''
    for (const path of ['/p', '/p?transport=relay'])
      expect((await policy(path)).split(', ')).toContain('camera=(self)')
    for (const path of [
      '/',
      '/trust',
      '/api/session',
      '/healthz',
      '/nothing',
      '/p/x',
      '/assets/phone-abc123.js',
      '/%2Fp',
    ]) {
      expect((await policy(path)).split(', '), path).toContain('camera=()')
    }
  })

  test('the microphone is for the phone, and for who talks to it from the dashboard', async () => {
    const app = await withPages()
    const policy = async (path: string) =>
      (await fetch(`${app.url}${path}`)).headers.get('permissions-policy') ?? ''
    for (const path of ['/p', '/'])
      expect((await policy(path)).split(', '), path).toContain('microphone=(self)')
    for (const path of ['/v', '/trust', '/api/session', '/healthz', '/nothing', '/assets/phone-abc123.js'])
      expect((await policy(path)).split(', '), path).toContain('microphone=()')
  })

  test('HSTS where PUBLIC_URL is https, and nowhere else', async () => {
    const secure = await withPages({ env: { PUBLIC_URL: 'https://cameras.example.com' } })
    const plain = await withPages({ env: { PUBLIC_URL: 'http://192.168.1.5:3000' } })
    for (const path of ['/', '/p', '/api/session', '/nothing']) {
      expect((await fetch(`${secure.url}${path}`)).headers.get('strict-transport-security')).toMatch(
        /^max-age=\d{8,}$/,
      )
      expect((await fetch(`${plain.url}${path}`)).headers.has('strict-transport-security')).toBe(false)
    }
  })

  test('ALLOWED_ORIGINS may frame the pages, and nobody else', async () => {
    const app = await withPages({ env: { ALLOWED_ORIGINS: 'https://a.example,https://b.example' } })
    for (const path of ['/', '/p', '/api/docs', '/api/session']) {
      const { headers } = await fetch(`${app.url}${path}`)
      expect(directives(headers.get('content-security-policy')).get('frame-ancestors'), path).toEqual([
        'https://a.example',
        'https://b.example',
      ])
      // It knows no list, and browsers that know both would refuse the allowed ones.
      expect(headers.has('x-frame-options')).toBe(false)
    }
  })

  test('the page of the API is no exception: nothing inline, no frame, and nothing that asks for https where there is none', async () => {
    const app = await withPages()
    for (const path of ['/api/docs', '/api/docs/']) {
      const answer = await fetch(`${app.url}${path}`)
      expect(answer.status).toBe(200)
      expect(await answer.text()).toMatch(/<title>/)
      const csp = directives(answer.headers.get('content-security-policy'))
      expect([...csp.values()].flat()).not.toContain("'unsafe-inline'")
      expect(csp.get('frame-ancestors')).toEqual(["'none'"])
      expect(
        csp.has('upgrade-insecure-requests'),
        'over http on a LAN its scripts would be asked for by https',
      ).toBe(false)
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  test('answers of the API and errors carry them too', async () => {
    const app = await startApp()
    for (const path of ['/healthz', '/api/session', '/nothing', '/api/openapi.json']) {
      const { headers } = await fetch(`${app.url}${path}`)
      expect(headers.get('x-content-type-options'), path).toBe('nosniff')
      expect(headers.get('referrer-policy'), path).toBe('no-referrer')
      expect(directives(headers.get('content-security-policy')).get('default-src'), path).toEqual(["'none'"])
    }
  })

  test('built files are kept for ever, their folder is closed', async () => {
    const app = await withPages()
    const { headers, status } = await fetch(`${app.url}/assets/phone-abc123.js`)
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toMatch(/max-age=31536000.*immutable/)
    for (const path of [
      '/assets',
      '/assets/',
      '/dashboard/index.html',
      '/phone/index.html',
      '/index.html',
      '/assets/%2e%2e/phone/index.html',
      '/assets/..%2fphone%2findex.html',
    ]) {
      expect((await raw(app.url, path)).status, path).toBe(404)
    }
  })
})

describe('CORS', () => {
  const ALLOWED = 'https://app.example.com'
  const FOREIGN = [
    'https://evil.example',
    'https://app.example.com.evil.example',
    'http://app.example.com',
    'https://app.example.com:8443',
    'null',
    'https://APP.example.com/',
  ]
  const env = { PUBLIC_URL: 'https://cameras.example.com', ALLOWED_ORIGINS: ALLOWED }

  test('section 2: allowed origins, and that of PUBLIC_URL, read answers and errors', async () => {
    const app = await startApp({ env })
    for (const origin of [ALLOWED, 'https://cameras.example.com']) {
      for (const path of ['/healthz', '/api/session', '/nothing']) {
        const { headers } = await fetch(`${app.url}${path}`, { headers: { origin } })
        expect(headers.get('access-control-allow-origin'), path).toBe(origin)
        expect(headers.get('vary'), path).toMatch(/\borigin\b/i)
        expect(headers.get('access-control-expose-headers')).toMatch(/retry-after/i)
        expect(headers.has('access-control-allow-credentials')).toBe(false)
      }
    }
  })

  test('section 3: an allowed page may ask for every call of the table', async () => {
    const app = await startApp({ env })
    const { paths } = (await (await fetch(`${app.url}/api/openapi.json`)).json()) as {
      paths: Record<string, object>
    }
    for (const [path, methods] of Object.entries(paths)) {
      for (const method of Object.keys(methods)) {
        const answer = await fetch(`${app.url}${path.replace('{id}', 'x')}`, {
          method: 'OPTIONS',
          headers: {
            origin: ALLOWED,
            'access-control-request-method': method.toUpperCase(),
            'access-control-request-headers': 'authorization,content-type',
          },
        })
        expect(answer.status).toBe(204)
        expect(answer.headers.get('access-control-allow-origin')).toBe(ALLOWED)
        expect(answer.headers.get('access-control-allow-methods')).toContain(method.toUpperCase())
        expect(answer.headers.get('access-control-allow-headers')?.toLowerCase()).toMatch(
          /(?=.*authorization)(?=.*content-type)/,
        )
      }
    }
  })

  test.each(FOREIGN)(
    'section 2: %s gets no CORS header, neither for a call nor for a preflight',
    async (origin) => {
      const app = await startApp({ env })
      const {
        session: { token },
      } = await createRoom(app.url)
      const preflight = { origin, 'access-control-request-method': 'POST' }
      const answers = [
        await fetch(`${app.url}/api/session`, { headers: { origin, authorization: `Bearer ${token}` } }),
        await fetch(`${app.url}/api/rooms`, { method: 'OPTIONS', headers: preflight }),
        await fetch(`${app.url}/api/rooms`, { method: 'POST', headers: { origin } }),
      ]
      for (const { headers } of answers) {
        expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
        // Or a cache would give an allowed page the answer that was made for this one.
        expect(headers.get('vary')).toMatch(/\borigin\b/i)
      }
    },
  )
})
