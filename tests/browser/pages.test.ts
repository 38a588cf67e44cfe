import { expect, test } from 'vitest'
import { aroundAll } from '../support/around.ts'
import { freshRoom, startDesktop } from '../support/pages.ts'
import { startServer } from '../support/server-process.ts'

const server = aroundAll(() => startServer({ ICE_SERVERS: '[]' }))
const desktop = aroundAll(() => startDesktop())

/** As what the target of a page's link is served. */
const served = async (link: Element) => {
  const response = await fetch((link as HTMLLinkElement).href)
  return `${response.status} ${response.headers.get('content-type') ?? ''}`
}

test.each([
  ['/', /Pairlens/],
  ['/p', /Enter a code · Pairlens/],
  ['/v', /Watch a room · Pairlens/],
  ['/trust', /Pairlens/],
])(
  '[SEC-5] %s loads without a fault, says in its title where one is, and brings its icons',
  async (path, title) => {
    const before = desktop().faults.length
    const page = await desktop().open(server().url + path)
    await page.locator('h1, img.qr').first().waitFor()
    expect(await page.title()).toMatch(title)
    expect(await page.locator('link[rel=manifest]').evaluate(served)).toMatch(
      /^200 application\/manifest\+json/,
    )
    for (const rel of ['icon', 'apple-touch-icon']) {
      expect(await page.locator(`link[rel="${rel}"]`).evaluate(served)).toMatch(/^200 image\//)
    }
    expect(desktop().faults.slice(before)).toEqual([])
    await page.close()
  },
)

test('[MED-5] a server that is away is said, and "Try now" is the mend', async () => {
  const away = await startServer({ ICE_SERVERS: '[]' })
  const page = await freshRoom(desktop(), away.url)
  await away.kill()
  await page.getByText('The server does not answer.').waitFor()
  expect(await page.title()).toMatch(/^Reconnecting/)
  const back = await startServer({ ICE_SERVERS: '[]', PORT: String(away.port) })
  try {
    await page.getByRole('button', { name: 'Try now' }).click()
    // Its memory ended with it, so the room is gone; what counts is that the page was answered.
    await page.getByRole('heading', { name: 'The session has ended' }).waitFor()
    await page.getByRole('button', { name: 'Start a new room' }).click()
    await page.locator('img.qr').waitFor()
  } finally {
    await page.close()
    await back.stop()
  }
})
