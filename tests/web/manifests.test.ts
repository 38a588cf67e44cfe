import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PNG } from 'pngjs'
import { describe, expect, test } from 'vitest'

const web = (path: string) => fileURLToPath(new URL(`../../web/${path}`, import.meta.url))

interface Manifest {
  id: string
  start_url: string
  scope: string
  display: string
  icons: { src: string; sizes: string; type: string; purpose: string }[]
}
const read = (page: string) => JSON.parse(readFileSync(web(`${page}/app.webmanifest`), 'utf8')) as Manifest

describe.each([
  ['dashboard', '/'],
  ['phone', '/p'],
  ['viewer', '/v'],
])('the manifest of the %s page', (page, path) => {
  const manifest = read(page)

  test('starts that page, and is an app of its own', () => {
    expect(manifest).toMatchObject({ id: path, start_url: path, scope: '/', display: 'standalone' })
    expect(readFileSync(web(`${page}/index.html`), 'utf8')).toContain(
      'rel="manifest" href="./app.webmanifest"',
    )
  })

  test('has the icons that browsers ask for before they install', () => {
    const kinds = manifest.icons.map(({ sizes, purpose }) => `${sizes} ${purpose}`)
    expect(kinds).toEqual(['192x192 any', '512x512 any', '512x512 maskable'])
  })

  test.each(manifest.icons.map((icon) => [icon.src, icon] as const))(
    '%s is what it says',
    (src, { sizes, type }) => {
      const file = web(`public${src}`)
      expect(existsSync(file), file).toBe(true)
      const content = readFileSync(file)
      const { width, height } = PNG.sync.read(content)
      expect([`${width}x${height}`, type]).toEqual([sizes, 'image/png'])
      // The server lets browsers keep it for a year: another picture has to have another name.
      const hash = createHash('sha256').update(content).digest('hex').slice(0, 8)
      expect(basename(src)).toContain(`-${hash}.png`)
    },
  )
})

test('the icon for the home screen of an iPhone fills its square, since iOS rounds it itself', () => {
  const { width, height, data } = PNG.sync.read(readFileSync(web('lib/ui/apple-touch-icon.png')))
  expect([width, height]).toEqual([180, 180])
  const transparent = data.filter((_, index) => index % 4 === 3 && data[index] !== 255)
  expect(transparent).toHaveLength(0)
})
