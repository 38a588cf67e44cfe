/** One camera and more watchers than a phone serves one by one, in real browsers. */
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { issueCode } from '../support/app.ts'
import { aroundAll } from '../support/around.ts'
import type { Chromium } from '../support/chromium.ts'
import {
  canvasMoves,
  freshRoom,
  hostToken,
  liveBy,
  pictureMoves,
  scan,
  startCamera,
  startDesktop,
  startPhone,
} from '../support/pages.ts'
import { startServer } from '../support/server-process.ts'

const server = aroundAll(() => startServer({ ICE_SERVERS: '[]' }))
const desktop = aroundAll(() => startDesktop())
const other = aroundAll(() => startDesktop())
const handheld = aroundAll(() => startPhone())

/** Every state and way that the only tile went through from now on. */
const record = (page: Page) =>
  page.evaluate(() => {
    const tile = document.querySelector<HTMLElement>('[data-camera]')
    const seen: string[] = []
    const note = () => seen.push(`${tile?.dataset['state']} ${tile?.dataset['transport']}`)
    if (tile)
      new MutationObserver(note).observe(tile, {
        attributes: true,
        attributeFilter: ['data-state', 'data-transport'],
      })
    Object.assign(window, { seen })
  })
const recorded = (page: Page) => page.evaluate(() => (window as unknown as { seen: string[] }).seen)

describe('[MED-6] more than three watch', () => {
  test('the phone uploads once for all without a gap, goes back when few are left', async () => {
    const dashboard = await freshRoom(desktop(), server().url)
    const phone = await handheld().context.newPage()
    await startCamera(phone, await scan(dashboard))
    await liveBy(dashboard, 'p2p').waitFor()
    const token = await hostToken(dashboard)
    const watch = async (browser: Chromium) => {
      const page = await browser.open((await issueCode(server().url, token, 'viewer')).url)
      await page.getByRole('button', { name: 'Watch' }).click()
      return page
    }
    const viewers = [await watch(desktop()), await watch(other())]
    for (const page of viewers) await liveBy(page, 'p2p').waitFor()
    await record(dashboard)

    const fourth = await watch(handheld())
    await phone.bringToFront()
    for (const page of [dashboard, ...viewers, fourth]) {
      await liveBy(page, 'relay').waitFor()
      expect(await canvasMoves(page)).toBe(true)
    }
    expect(
      (await recorded(dashboard)).filter((seen) => /^(waiting|connecting|failed|ended)/.test(seen)),
    ).toEqual([])
    await dashboard.getByText('Many are watching, so it goes through the server.').waitFor()
    await phone.getByText('4 watching', { exact: true }).waitFor()
    await phone.getByText('Many are watching, so it goes through the server.').waitFor()

    await fourth.close()
    for (const page of [dashboard, ...viewers]) await liveBy(page, 'p2p').waitFor()
    expect(await pictureMoves(dashboard)).toBe(true)
    expect(
      (await recorded(dashboard)).filter((seen) => /^(waiting|connecting|failed|ended)/.test(seen)),
    ).toEqual([])
  })
})
