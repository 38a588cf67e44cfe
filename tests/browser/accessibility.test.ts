import axe, { type AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { claimCode, issueCode } from '../support/app.ts'
import { aroundAll } from '../support/around.ts'
import {
  DESKTOP,
  freshRoom,
  hostToken,
  joinAsCamera,
  PHONE,
  scan,
  startButton,
  startDesktop,
  startPhone,
  tile,
} from '../support/pages.ts'
import { freePort, startPublicServer, startServer } from '../support/server-process.ts'
import { giveCamera } from './given-camera.ts'

/** The narrowest width that pages must work at (WCAG 2.2, 1.4.10 Reflow). */
const NARROW = { width: 320, height: 568 }

const server = aroundAll(() => startPublicServer({ ICE_SERVERS: '[]' }))
const desktop = aroundAll(() => startDesktop({ context: { reducedMotion: 'reduce' } }))
const handheld = aroundAll(() => startPhone({ devices: 3, context: { reducedMotion: 'reduce' } }))
const dashboard = aroundAll(() => freshRoom(desktop(), server().url))

interface Violation {
  rule: string
  where: string[]
}

/** What axe finds on the page as it stands. Evaluated from outside, as the page's CSP allows no foreign script. */
async function violations(page: Page): Promise<Violation[]> {
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { axe: tool } = window as unknown as {
      axe: { run: (root: Document, options: object) => Promise<AxeResults> }
    }
    const found = await tool.run(document, { resultTypes: ['violations'] })
    return found.violations.map(({ id, nodes }) => ({
      rule: id,
      where: nodes.map(({ html }) => html.slice(0, 160)),
    }))
  })
}

/** No violation in either scheme, and nothing that sticks out at 320 pixels. */
async function judge(page: Page): Promise<void> {
  const size = page.viewportSize() ?? DESKTOP
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    expect(await violations(page), colorScheme).toEqual([])
  }
  await page.setViewportSize(NARROW)
  expect(await page.evaluate(() => document.documentElement.scrollWidth), 'width at 320').toBeLessThanOrEqual(
    NARROW.width,
  )
  await page.setViewportSize(size)
}

describe('the dashboard', () => {
  test('without a camera', () => judge(dashboard()))

  test.each(['Camera', 'Viewer', 'Host'])('inviting a %s', async (role) => {
    await dashboard().getByRole('button', { name: 'Invite' }).click()
    await dashboard().getByRole('radio', { name: role }).check()
    await dashboard().locator(`dialog img.qr[data-role="${role.toLowerCase()}"]`).waitFor()
    await judge(dashboard())
    await dashboard().keyboard.press('Escape')
  })

  test('making a link for OBS or a wall', async () => {
    await dashboard().getByRole('button', { name: 'Invite' }).click()
    await dashboard().getByRole('button', { name: 'Link for OBS or a wall' }).click()
    await dashboard().getByRole('button', { name: 'Make the link' }).waitFor()
    await judge(dashboard())
    await dashboard().getByRole('button', { name: 'Make the link' }).click()
    await dashboard().getByRole('button', { name: 'Copy the link' }).waitFor()
    await judge(dashboard())
    const link = (await dashboard().locator('.wall-made .copy-text-line').textContent()) ?? ''
    await dashboard().getByRole('button', { name: 'Done' }).click()
    // Without a picture it says so, on a page of its own.
    const wall = await desktop().open(link)
    await wall.getByText('Waiting for a camera').waitFor()
    await judge(wall)
    await wall.close()
  })

  test('with its settings open', async () => {
    await dashboard().getByRole('button', { name: 'Settings' }).click()
    await dashboard().locator('dialog .person').first().waitFor()
    await judge(dashboard())
    await dashboard().getByRole('button', { name: 'Delete this room' }).click()
    await dashboard().getByRole('heading', { name: 'Delete this room?' }).waitFor()
    await judge(dashboard())
    await dashboard().keyboard.press('Escape')
    await dashboard().getByRole('heading', { name: 'Devices with access' }).waitFor()
    await dashboard().keyboard.press('Escape')
    await dashboard().locator('dialog').waitFor({ state: 'detached' })
  })

  test('with a claim that waits', async () => {
    const code = await issueCode(server().url, await hostToken(dashboard()))
    const { check } = await claimCode(server().url, { code: code.code, deviceName: 'A phone' })
    await dashboard().locator('.claim').waitFor()
    await judge(dashboard())
    await dashboard()
      .locator('.claim input')
      .fill(check === '10' ? '11' : '10')
    await dashboard().keyboard.press('Enter')
    await dashboard().getByText('Wrong number').waitFor()
    await judge(dashboard())
    await dashboard().getByRole('button', { name: 'OK' }).click()
  })
})

describe('the phone, the dashboard and the viewer together', () => {
  test('asking for a code, ready, live, and watched', async () => {
    const phone = await handheld().open(`${server().url}/p`)
    await phone.locator('#code').waitFor()
    await judge(phone)
    await phone.goto(await scan(dashboard()))
    await startButton(phone).waitFor()
    await judge(phone)
    await startButton(phone).tap()
    await tile(dashboard(), 'live').waitFor()
    await phone.locator('[data-state="live"]').waitFor()
    await judge(phone)
    await judge(dashboard())
    await dashboard().getByRole('button', { name: '2 here' }).click()
    await judge(dashboard())
    await dashboard().keyboard.press('Escape')

    const invitation = await issueCode(server().url, await hostToken(dashboard()), 'viewer')
    const viewer = await desktop().open(`${server().url}/v`)
    await viewer.locator('#code').waitFor()
    await judge(viewer)
    await viewer.goto('about:blank')
    await viewer.goto(invitation.url)
    await viewer.getByRole('button', { name: 'Watch' }).waitFor()
    await judge(viewer)
    await viewer.getByRole('button', { name: 'Watch' }).click()
    await tile(viewer, 'live').waitFor()
    await judge(viewer)
    await viewer.getByRole('button', { name: 'View', exact: true }).click()
    await viewer.getByRole('radio', { name: 'Spotlight' }).check()
    await viewer.getByRole('checkbox', { name: /Details/ }).check()
    await viewer.locator('.tile-stats').waitFor()
    await judge(viewer)
    await viewer.keyboard.press('Escape')
    await judge(viewer)
  })

  test('a host that waits for approval', async () => {
    const other = await startDesktop({ context: { viewport: PHONE, reducedMotion: 'reduce' } })
    try {
      const second = await other.open(
        (await issueCode(server().url, await hostToken(dashboard()), 'host')).url,
      )
      await second.getByRole('button', { name: 'Join' }).waitFor()
      await judge(second)
      await second.getByRole('button', { name: 'Join' }).click()
      await second.locator('[data-check]').waitFor()
      await judge(second)
    } finally {
      await other.close()
    }
  })
})

describe('directing a camera', () => {
  const room = aroundAll(() => freshRoom(desktop(), server().url))
  const phone = aroundAll(async () => {
    const page = await handheld().context.newPage()
    await page.addInitScript(giveCamera)
    await joinAsCamera(room(), page)
    return page
  })

  test('with every control, and what they put on the phone', async () => {
    await room()
      .getByRole('button', { name: /^Controls:/ })
      .click()
    const panel = room().getByRole('dialog')
    await panel.getByLabel('Zoom').waitFor()
    await judge(room())
    await panel.getByLabel('On air').check()
    await panel.getByLabel('Message').fill('A little to the left')
    await panel.getByRole('button', { name: 'Show on the phone' }).click()
    await panel.getByRole('button', { name: 'Take away' }).waitFor()
    await panel.getByLabel('Microphone').click()
    await phone().getByRole('alertdialog').waitFor()
    await judge(phone())
    await judge(room())
    await phone().getByRole('button', { name: 'Allow' }).tap()
    await tile(room())
      .getByRole('button', { name: /^Listen to/ })
      .click()
    await judge(phone())
    await judge(room())
    await panel.getByRole('button', { name: 'Close' }).click()
  })

  test('with photos', async () => {
    await room()
      .getByRole('button', { name: /^Take a photo:/ })
      .click()
    await room().locator('.photo').waitFor()
    await judge(room())
    await room()
      .getByRole('button', { name: /full view$/ })
      .click()
    await room().locator('dialog img').waitFor()
    await judge(room())
    await room().keyboard.press('Escape')
    await room().locator('dialog').waitFor({ state: 'detached' })
    const focused = () =>
      room().evaluate(() => document.activeElement?.className || document.activeElement?.localName)
    expect(await focused()).toBe('photo-thumb')
    // What has the focus goes: the next photo has it, behind the last one the room.
    await room()
      .getByRole('button', { name: /^Take a photo:/ })
      .click()
    await expect.poll(() => room().locator('.photo').count()).toBe(2)
    for (const next of ['photo-thumb', 'room']) {
      await room()
        .getByRole('button', { name: /^Delete the photo/ })
        .first()
        .focus()
      await room().keyboard.press('Enter')
      await expect.poll(focused).toBe(next)
    }
  })
})

test('the phone’s checks, with and without a problem', async () => {
  const url = await scan(await freshRoom(desktop(), server().url))
  for (const allowed of [true, false]) {
    const phone = await handheld().context.newPage()
    if (!allowed) {
      await phone.addInitScript(() => {
        navigator.mediaDevices.enumerateDevices = () => Promise.resolve([])
      })
    }
    await phone.goto(url)
    await phone.getByText('Check this phone').click()
    await phone.locator(`[data-check="camera"][data-verdict="${allowed ? 'good' : 'bad'}"]`).waitFor()
    await phone.locator('[data-check="direct"]:not([data-verdict="running"])').waitFor()
    await judge(phone)
    await phone.close()
  }
})

test('what helps with certificate warnings: the dialog of the dashboard, and the page for phones', async () => {
  // Without a public URL the server vouches for itself on the LAN.
  const lan = await startServer({
    ICE_SERVERS: '[]',
    HOST: '0.0.0.0',
    LAN_HTTPS_PORT: String(await freePort()),
  })
  try {
    const page = await freshRoom(desktop(), lan.url)
    await page.getByRole('button', { name: 'Phone shows a warning?' }).click()
    await page
      .locator('dialog')
      .getByText(/^[0-9A-F:]{95}$/)
      .waitFor()
    await judge(page)
    await page.goto(`${lan.url}/trust`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await judge(page)
    await page.close()
  } finally {
    await lan.stop()
  }
})
