/** The controls panel beside what else a dashboard shows, and its use without a pointer, in real browsers. */
import { beforeEach, expect, test } from 'vitest'
import { claimCode, issueCode } from '../support/app.ts'
import { aroundAll, aroundEach } from '../support/around.ts'
import {
  DESKTOP,
  freshRoom,
  hostToken,
  joinAsCamera,
  startDesktop,
  startPhone,
  tile,
} from '../support/pages.ts'
import { startServer } from '../support/server-process.ts'
import { giveCamera } from './given-camera.ts'

const SMALL = { width: 320, height: 568 }
const LONG_NAME = 'A phone on the left side of the stage, '.repeat(2).slice(0, 80)

const server = aroundAll(() => startServer({ ICE_SERVERS: '[]', RESUME_WINDOW_SECONDS: '3' }))
const desktop = aroundAll(() => startDesktop({ context: { reducedMotion: 'reduce' } }))
const handheld = aroundAll(() => startPhone({ devices: 3 }))
const dashboard = aroundEach(() => freshRoom(desktop(), server().url))
const phone = aroundEach(async () => {
  const page = await handheld().context.newPage()
  await page.addInitScript(giveCamera)
  // As long as names may be: they are cut, and push nothing aside.
  await page.route('**/api/pairings', (route) => {
    const claim = JSON.parse(route.request().postData() ?? '{}') as object
    return route.continue({ postData: JSON.stringify({ ...claim, deviceName: LONG_NAME }) })
  })
  return page
})
beforeEach(() => joinAsCamera(dashboard(), phone()))

const panel = () => dashboard().getByRole('dialog')
const controls = () => dashboard().getByRole('button', { name: /^Controls:/ })
const openPanel = async (): Promise<void> => {
  await controls().click()
  await panel().getByLabel('Zoom').waitFor()
}

/** What has the focus: its name, and whether it is in view, in front, and marked. */
const focused = () =>
  dashboard().evaluate(() => {
    const element = document.activeElement
    if (!(element instanceof HTMLElement)) return undefined
    const { left, top, width, height } = element.getBoundingClientRect()
    const front = document.elementFromPoint(left + width / 2, top + height / 2)
    // A radio button lies unseen over its words, whose frame shows the focus.
    const marked = [element, element.closest('label')].some(
      (part) => part && getComputedStyle(part).outlineStyle !== 'none',
    )
    const words = element.getAttribute('aria-label') ?? element.closest('label')?.textContent
    const field = element.id && document.querySelector(`label[for="${CSS.escape(element.id)}"]`)
    return {
      name: (words ?? (field ? field.textContent : element.textContent) ?? '').trim(),
      inPanel: element.closest('[role="dialog"]') !== null,
      isSeen: marked && front !== null && (element.contains(front) || front.contains(element)),
    }
  })

test.for([DESKTOP, SMALL])('every control is reached by Tab, in view and marked, at $width', async (size) => {
  await dashboard().setViewportSize(size)
  await controls().focus()
  await dashboard().keyboard.press('Enter')
  await panel().getByLabel('Zoom').waitFor()
  await panel().getByLabel('Message').fill('Hello')
  await panel().getByRole('heading', { level: 2 }).focus()
  await dashboard().keyboard.press('Tab')
  const reached: string[] = []
  for (let step = 0; step < 40; step += 1) {
    const at = await focused()
    if (!at?.inPanel) break
    expect(at.isSeen, at.name).toBe(true)
    reached.push(at.name)
    await dashboard().keyboard.press('Tab')
  }
  const wanted = [
    'Close',
    'Back',
    'Light',
    'Zoom',
    'By hand',
    'Focus distance',
    'Exposure time',
    'Resolution',
    'Frame rate',
    '0°',
    'Mirror',
    'Hide picture',
    'Way',
    'Microphone',
    'Hold to talk',
    'On air',
    'Message',
    'Show on the phone',
  ]
  for (const name of wanted)
    expect(
      reached.some((one) => one.startsWith(name)),
      name,
    ).toBe(true)
  await panel().getByRole('button', { name: 'Close' }).focus()
  await dashboard().keyboard.press('Escape')
  await panel().waitFor({ state: 'detached' })
  expect((await focused())?.name).toMatch(/^Controls:/)
})

test('words for the phone that are half typed stay, when the window changes and when the panel is closed', async () => {
  await openPanel()
  const words = panel().getByLabel('Message')
  await words.fill('Half a')
  await dashboard().setViewportSize(SMALL)
  await expect.poll(() => words.inputValue()).toBe('Half a')
  await panel().getByRole('button', { name: 'Close' }).click()
  await panel().waitFor({ state: 'detached' })
  await openPanel()
  expect(await words.inputValue()).toBe('Half a')
})

test.for([DESKTOP, SMALL])('a claim that waits is in front of it, at $width', async (size) => {
  await dashboard().setViewportSize(size)
  await openPanel()
  const code = await issueCode(server().url, await hostToken(dashboard()))
  const { check } = await claimCode(server().url, { code: code.code, deviceName: 'A phone' })
  const digits = dashboard().locator('.claim input')
  await digits.focus()
  expect(await focused()).toMatchObject({ isSeen: true })
  // Pressed as a hand does it, which what covers it would prevent.
  await digits.click()
  await dashboard().keyboard.type(check ?? '')
  await dashboard().getByRole('button', { name: 'Approve' }).click()
  await dashboard().locator('.claim').waitFor({ state: 'detached' })
  expect(await panel().isVisible()).toBe(true)
})

test('on a narrow window the picture is brought above it', async () => {
  await dashboard().setViewportSize(SMALL)
  await openPanel()
  const bottom = async () => {
    const box = await tile(dashboard()).boundingBox()
    return box === null ? Infinity : box.y + box.height
  }
  const top = (await panel().boundingBox())?.y ?? 0
  expect(top).toBeGreaterThan(0)
  await expect.poll(bottom).toBeLessThanOrEqual(top)
})

test('it closes with its camera, and stays closed when that comes back', async () => {
  await openPanel()
  await phone().getByRole('button', { name: 'Stop' }).tap()
  await panel().getByText('The camera is not on.').waitFor()
  await phone().goto('about:blank')
  await tile(dashboard()).waitFor({ state: 'detached' })
  expect(await panel().count()).toBe(0)
  expect(await dashboard().evaluate(() => document.activeElement?.localName)).toBe('main')
  await phone().goto(`${server().url}/p`)
  await tile(dashboard()).waitFor()
  expect(await panel().count()).toBe(0)
})
