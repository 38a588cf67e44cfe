import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { aroundAll } from '../support/around.ts'
import { scan, startDesktop, startPhone, tile } from '../support/pages.ts'
import { startServer } from '../support/server-process.ts'

/** The narrowest phone in use, and the same on its side. */
const SIZES = [
  { width: 320, height: 568 },
  { width: 568, height: 320 },
] as const
/** Least side of what a thumb has to hit, in CSS pixels (Apple's guidelines; WCAG 2.5.8 asks for 24). */
const THUMB = 44

const server = aroundAll(() => startServer({ ICE_SERVERS: '[]' }))
const desktop = aroundAll(() => startDesktop())
const handheld = aroundAll(() => startPhone({ context: { reducedMotion: 'reduce' } }))
const dashboard = aroundAll(() => desktop().open(server().url))
const phone = aroundAll(() => handheld().context.newPage())

/** Faults that axe finds, as `rule: element`. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run())
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

/** Holds of every screen, on both sizes: no faults, no sideways scrolling, buttons that a thumb hits, stillness. */
async function isSound(title: string): Promise<void> {
  expect(await phone().title()).toBe(title)
  for (const size of SIZES) {
    await phone().setViewportSize(size)
    const shown = await phone().evaluate(() => ({
      wide: document.documentElement.scrollWidth - innerWidth,
      hidden: document.documentElement.scrollHeight - innerHeight,
      moving: document.getAnimations().filter(({ playState }) => playState === 'running').length,
      // What a closed disclosure holds has a place, and is not shown.
      buttons: [...document.querySelectorAll('.button')]
        .filter((button) => button.checkVisibility())
        .map((button) => {
          const { width, height, bottom, right } = button.getBoundingClientRect()
          const within = bottom <= innerHeight && right <= innerWidth
          return { name: button.textContent, side: Math.min(width, height), within }
        }),
    }))
    expect({ wide: shown.wide, hidden: shown.hidden, moving: shown.moving }, title).toEqual({
      wide: 0,
      hidden: 0,
      moving: 0,
    })
    expect(shown.buttons.length, title).toBeGreaterThan(0)
    for (const { name, side, within } of shown.buttons) {
      expect(side, `${title}: ${name}`).toBeGreaterThanOrEqual(THUMB)
      expect(within, `${title}: ${name}`).toBe(true)
    }
    expect(await faultsOf(phone()), title).toEqual([])
  }
}

/** Presses Tab until the focus is on the button of this name, then Enter. */
async function press(name: string): Promise<void> {
  const focused = () =>
    phone().evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent,
    )
  for (let step = 0; step < 8 && (await focused()) !== name; step += 1) await phone().keyboard.press('Tab')
  expect(await focused()).toBe(name)
  await phone().keyboard.press('Enter')
}
const said = (text: string | RegExp) =>
  phone().getByRole('status').filter({ hasText: text }).first().waitFor({ state: 'attached' })

test('[MED-3] [MED-5] the phone’s page by keyboard alone, on a small phone in both directions', async () => {
  await phone().goto(`${server().url}/p`)
  await phone().getByRole('textbox', { name: 'Enter the code from the dashboard' }).waitFor()
  await isSound('Enter a code · Pairlens')

  await press('Scan the code')
  await phone().getByRole('dialog').waitFor()
  await said('Point at the code on your dashboard')
  await isSound('Enter a code · Pairlens')
  await phone().keyboard.press('Escape')
  await phone().getByRole('dialog').waitFor({ state: 'detached' })

  await phone().goto('about:blank')
  await phone().goto(`${server().url}/p#AAAAAAAAAAAAAAAAAAAAAA`)
  await phone().getByRole('alert').getByRole('heading', { name: 'This code has run out' }).waitFor()
  await isSound('This code has run out')
  await press('Enter a code')
  await phone().getByRole('textbox').waitFor()
  // One step from where the button was.
  await phone().keyboard.press('Tab')
  expect(await phone().evaluate(() => document.activeElement?.id)).toBe('code')

  await phone().goto('about:blank')
  await phone().goto(await scan(dashboard()))
  await said('Ready to start the camera')
  await isSound('Start camera · My room')
  await press('Start camera')
  await tile(dashboard(), 'live').waitFor()
  await said('Live, 1 watching')
  await isSound('Live · My room')
  await press('Stop')
  await said('Camera stopped')
  await isSound('Stopped · My room')
  await press('Start camera')
  await said('Live, 1 watching')
  // The browser notes the answer for the unknown code.
  expect(handheld().faults.filter((fault) => !fault.includes('404'))).toEqual([])
})
