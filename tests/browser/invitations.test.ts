import type { Page } from 'playwright-core'
import { beforeEach, describe, expect, test } from 'vitest'
import { call, issueCode } from '../support/app.ts'
import { aroundAll, aroundEach, closePagesAfterEach } from '../support/around.ts'
import {
  freshRoom,
  hostToken,
  joinAsCamera,
  pictureMoves,
  scan,
  startButton,
  startDesktop,
  startPhone,
  tile,
} from '../support/pages.ts'
import { startPublicServer } from '../support/server-process.ts'

const server = aroundAll(() => startPublicServer({ ICE_SERVERS: '[]' }))
/** The host's computer, and that of who is invited. */
const desktop = aroundAll(() => startDesktop())
const other = aroundAll(() => startDesktop())
const handheld = aroundAll(() => startPhone())
closePagesAfterEach(desktop, other, handheld)
const dashboard = aroundEach(() => freshRoom(desktop(), server().url))

/** Opens the invitation of a role and reads its QR code as a camera would. */
async function invitation(role: 'Viewer' | 'Host'): Promise<string> {
  await dashboard().getByRole('button', { name: 'Invite' }).click()
  await dashboard().getByRole('radio', { name: role }).check()
  const code = dashboard().locator(`dialog img.qr[data-role="${role.toLowerCase()}"]`)
  await code.waitFor()
  return scan(dashboard(), `dialog img.qr[data-role="${role.toLowerCase()}"]`)
}

async function cleared(path: string): Promise<void> {
  const page = await other().open(server().url + path)
  await page.evaluate(() => localStorage.clear())
  await page.close()
}

async function addCamera(): Promise<Page> {
  const phone = await handheld().context.newPage()
  await joinAsCamera(dashboard(), phone)
  return phone
}

describe('a viewer', () => {
  beforeEach(() => cleared('/v'))

  test('[PAIR-3] [MED-1] sees the moving picture after one tap, and can change nothing [SESS-4]', async () => {
    await addCamera()
    const url = await invitation('Viewer')
    expect(url).toMatch(new RegExp(`^${server().url}/v#[\\w-]{22}$`))
    await dashboard().getByText('Sees every camera. Controls nothing.').waitFor()

    const viewer = await other().open(url)
    await viewer.getByRole('heading', { name: 'Watch “My room”' }).waitFor()
    // Looking uses nothing up, so a reload before the tap shows the same.
    await viewer.reload()
    await viewer.getByRole('button', { name: 'Watch' }).click()
    await tile(viewer, 'live').waitFor()
    expect(await pictureMoves(viewer)).toBe(true)
    expect(new URL(viewer.url()).hash).toBe('')
    // The dialog has done what it was opened for.
    await dashboard().locator('dialog').waitFor({ state: 'detached' })
    await dashboard().getByRole('button', { name: '3 here' }).click()
    await dashboard().getByText('Seen by you and').waitFor()

    for (const name of ['Invite', 'Settings', /Remove/, /Rename/]) {
      expect(await viewer.getByRole('button', { name }).count(), String(name)).toBe(0)
    }
    // Nor can its token, whatever a page would show.
    const token = await hostToken(viewer, 'pairlens:viewer')
    for (const [method, path] of [
      ['POST', '/api/room/pairing-codes'],
      ['GET', '/api/room/sessions'],
      ['DELETE', '/api/room'],
    ] as const) {
      expect(
        (await call(server().url, method, path, { token, ...(method === 'POST' ? { body: {} } : {}) }))
          .status,
      ).toBe(403)
    }
    expect(other().faults).toEqual([])
  })

  test('[MED-4] is back by itself after a reload, and leaves for good when it says so', async () => {
    await addCamera()
    const viewer = await other().open(await invitation('Viewer'))
    await viewer.getByRole('button', { name: 'Watch' }).click()
    await tile(viewer, 'live').waitFor()
    await viewer.reload()
    await tile(viewer, 'live').waitFor()
    expect(await pictureMoves(viewer)).toBe(true)

    await viewer.getByRole('button', { name: 'Leave' }).click()
    await viewer.locator('dialog').getByRole('button', { name: 'Leave' }).click()
    await viewer.getByLabel('Enter the viewer’s code').waitFor()
    await dashboard().getByRole('button', { name: '2 here' }).waitFor()
    await viewer.reload()
    await viewer.getByLabel('Enter the viewer’s code').waitFor()
  })

  test('[PAIR-5] [MED-2] types its code, shows the number, and waits; an unknown code is said', async () => {
    const token = await hostToken(dashboard())
    const viewer = await other().open(`${server().url}/v`)
    await viewer.getByLabel('Enter the viewer’s code').fill('BCDFGHJK')
    await viewer.getByText('That code does not work').waitFor()
    // A camera's code makes no viewer, and is not used up by trying.
    await viewer.locator('#code').fill((await issueCode(server().url, token, 'camera')).code)
    await viewer.getByText('This code is not for a viewer').waitFor()
    await viewer.locator('#code').fill((await issueCode(server().url, token, 'viewer')).code)
    await viewer.getByRole('button', { name: 'Watch' }).click()
    const check = (await viewer.locator('[data-check]').getAttribute('data-check')) ?? ''
    // The number outlives a reload of the page that shows it.
    await viewer.reload()
    expect(await viewer.locator('[data-check]').getAttribute('data-check')).toBe(check)
    await dashboard().locator('.claim').getByLabel('Number that the device shows').fill(check)
    await dashboard().keyboard.press('Enter')
    await viewer.getByText('No camera yet').waitFor()
  })

  test('[SESS-3] who is removed is told so', async () => {
    const viewer = await other().open(await invitation('Viewer'))
    await viewer.getByRole('button', { name: 'Watch' }).click()
    await viewer.getByText('No camera yet').waitFor()
    await dashboard().getByRole('button', { name: 'Settings' }).click()
    const row = dashboard().locator('dialog .person', { hasText: 'Viewer' })
    await row.getByRole('button', { name: /^Remove/ }).click()
    await row.getByRole('button', { name: /now$/ }).click()
    await viewer.getByText('You were removed').waitFor()
    await row.waitFor({ state: 'detached' })
  })
})

describe('a second host', () => {
  beforeEach(() => cleared('/'))

  test('[PAIR-5] [ROOM-1] [MED-1] is approved with two digits, and both dashboards see the same', async () => {
    const phone = await addCamera()
    const url = await invitation('Host')
    expect(url).toMatch(new RegExp(`^${server().url}/#[\\w-]{22}$`))
    await dashboard().getByText('You approve it first.').waitFor()
    const second = await other().open(url)
    await second.getByRole('heading', { name: 'Join “My room”?' }).waitFor()
    await second.getByRole('button', { name: 'Join' }).click()
    const check = (await second.locator('[data-check]').getAttribute('data-check')) ?? ''
    expect(await tile(second).count()).toBe(0)

    // The invitation is still open: the question comes in over its code.
    const claim = dashboard().locator('dialog .claim')
    await claim.getByText('wants to be a host').waitFor()
    await dashboard().keyboard.type(check)
    await dashboard().keyboard.press('Enter')
    await dashboard().locator('dialog').waitFor({ state: 'detached' })

    for (const page of [dashboard(), second]) {
      await tile(page, 'live').waitFor()
      expect(await pictureMoves(page)).toBe(true)
      await page.getByRole('button', { name: '3 here' }).waitFor()
    }
    await phone.getByText('2 watching', { exact: true }).waitFor()
    const members = (page: Page) =>
      page.evaluate(async () => {
        const { token } = JSON.parse(localStorage.getItem('pairlens:dashboard') ?? '{}') as { token: string }
        const answer = await fetch('/api/room', { headers: { authorization: `Bearer ${token}` } })
        const { members: list } = (await answer.json()) as { members: { id: string; role: string }[] }
        return list.map(({ id, role }) => `${role} ${id}`).sort()
      })
    expect(await members(second)).toEqual(await members(dashboard()))
    // As a host it may do what the first may.
    await second.getByRole('button', { name: 'Settings' }).click()
    await second.getByRole('checkbox', { name: /Lock the room/ }).check()
    await dashboard().getByText('The room is locked').waitFor()
    expect(new URL(second.url()).hash).toBe('')
  })

  test('[PAIR-5] declined, it is told, and has a room of its own one click away', async () => {
    const second = await other().open(await invitation('Host'))
    await second.getByRole('button', { name: 'Join' }).click()
    await second.locator('[data-check]').waitFor()
    await dashboard().locator('dialog .claim').getByRole('button', { name: 'Decline' }).click()
    await second.getByRole('heading', { name: 'Not approved' }).waitFor()
    await second.getByRole('button', { name: 'Start a new room' }).click()
    await second.locator('img.qr').waitFor()
  })

  test('[PAIR-4] joins by a typed code too, and says which room it leaves', async () => {
    const code = await issueCode(server().url, await hostToken(dashboard()), 'host')
    const second = await other().open(server().url)
    await second.getByRole('button', { name: 'Settings' }).click()
    await second.getByRole('button', { name: 'Join another room' }).click()
    await expect.poll(() => second.evaluate(() => document.activeElement?.id)).toBe('join-code')
    await second.keyboard.type(code.code)
    await second.getByText('This browser leaves “My room”.').waitFor()
    await second.getByRole('button', { name: 'Join' }).click()
    const check = (await second.locator('[data-check]').getAttribute('data-check')) ?? ''
    await dashboard().locator('.claim input').fill(check)
    await dashboard().keyboard.press('Enter')
    await second.getByRole('button', { name: '2 here' }).waitFor()
  })
})

describe('a locked room', () => {
  test('shows no code and lets nobody in, until it is unlocked', async () => {
    const phone = await handheld().open(await scan(dashboard()))
    await startButton(phone).waitFor()
    await dashboard().getByRole('button', { name: 'Settings' }).click()
    await dashboard()
      .getByRole('checkbox', { name: /Lock the room/ })
      .check()
    await dashboard().keyboard.press('Escape')
    await dashboard().getByText('No code lets anybody in.').waitFor()
    await startButton(phone).tap()
    await phone.getByText('The room is locked').waitFor()
    await dashboard().getByRole('button', { name: 'Unlock' }).click()
    await dashboard().locator('img.qr').waitFor()
    await phone.getByRole('button', { name: 'Try again' }).tap()
    await tile(dashboard(), 'live').waitFor()
  })
})

describe('one session in two windows [SESS-2]', () => {
  test('[SESS-2] the later one has it, and "Use it here" takes it back, both ways', async () => {
    await addCamera()
    const second = await desktop().open(server().url)
    await tile(second, 'live').waitFor()
    // A window in the background draws no picture.
    await dashboard().bringToFront()
    await dashboard().getByRole('heading', { name: 'Open in another window' }).waitFor()
    await dashboard().getByRole('button', { name: 'Use it here' }).click()
    await tile(dashboard(), 'live').waitFor()
    expect(await pictureMoves(dashboard())).toBe(true)
    await second.bringToFront()
    await second.getByRole('heading', { name: 'Open in another window' }).waitFor()
    await second.getByRole('button', { name: 'Use it here' }).click()
    await tile(second, 'live').waitFor()
    await dashboard().getByRole('heading', { name: 'Open in another window' }).waitFor()
  })
})

describe('a tile', () => {
  test('[MED-1] fills the screen by keyboard, and gives it back', async () => {
    await addCamera()
    const button = dashboard().getByRole('button', { name: /^Full screen/ })
    await button.focus()
    await dashboard().keyboard.press('Enter')
    const full = () =>
      dashboard().evaluate(() => document.fullscreenElement?.hasAttribute('data-camera') ?? false)
    await expect.poll(full).toBe(true)
    await dashboard().getByRole('button', { name: 'Leave full screen' }).waitFor()
    await dashboard().keyboard.press('Enter')
    await expect.poll(full).toBe(false)
    await button.waitFor()
  })
})
