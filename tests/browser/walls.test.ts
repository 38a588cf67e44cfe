/** OBS and walls: links with a session of their own, the page without chrome, layouts, details, picture in picture. */
import type { Locator, Page } from 'playwright-core'
import { PNG } from 'pngjs'
import { describe, expect, test } from 'vitest'
import { call, issueCode } from '../support/app.ts'
import { aroundAll, aroundEach, closePagesAfterEach } from '../support/around.ts'
import { startCutProxy } from '../support/cut-proxy.ts'
import {
  canvasMoves,
  freshRoom,
  hostToken,
  pictureMoves,
  startButton,
  startDesktop,
  startPhone,
  tile,
} from '../support/pages.ts'
import { startPublicServer, type ServerProcess } from '../support/server-process.ts'

/** Between the server and a wall, whose network a test may cut. */
const proxy = aroundAll(() => startCutProxy(() => server().port))
const server: () => ServerProcess = aroundAll(() =>
  startPublicServer({ ICE_SERVERS: '[]', ALLOWED_ORIGINS: proxy().url }),
)
const desktop = aroundAll(() => startDesktop())
/** OBS, or the computer at a wall. */
const obs = aroundAll(() => startDesktop())
const phones = [aroundAll(() => startPhone()), aroundAll(() => startPhone())] as const
closePagesAfterEach(desktop, obs, ...phones)
const dashboard = aroundEach(() => {
  proxy().refusing = false
  return freshRoom(desktop(), server().url)
})

/** A phone that is live on the dashboard. */
async function addCamera(which: 0 | 1 = 0): Promise<{ id: string; phone: Page }> {
  const code = await issueCode(server().url, await hostToken(dashboard()))
  const before = await dashboard().locator('[data-camera]').count()
  const phone = await phones[which]().open(code.url)
  await startButton(phone).tap()
  const tiles = dashboard().locator('[data-camera][data-state="live"]')
  await tiles.nth(before).waitFor()
  return { id: (await tiles.nth(before).getAttribute('data-camera')) ?? '', phone }
}

/** Makes a link in the dialog, with these switches and choices in it. */
async function makeLink(name: string, choose?: (dialog: Page) => Promise<unknown>): Promise<string> {
  await dashboard().getByRole('button', { name: 'Invite' }).click()
  await dashboard().getByRole('button', { name: 'Link for OBS or a wall' }).click()
  await dashboard().getByLabel('Name, to find it').fill(name)
  await choose?.(dashboard())
  await dashboard().getByRole('button', { name: 'Make the link' }).click()
  const link = await dashboard().locator('.wall-made .copy-text-line').textContent()
  await dashboard().getByRole('button', { name: 'Done' }).click()
  return link ?? ''
}

const withLook = (link: string, look: string) => link.replace('#', `&${look}#`)

/** Opacity of a pixel, 0 to 255, of what the page alone paints. */
async function opacity(page: Page, x: number, y: number): Promise<number> {
  const { data, width } = PNG.sync.read(await page.screenshot({ omitBackground: true }))
  return data[(y * width + x) * 4 + 3] ?? -1
}

/** The row of whom is called so. Others may be seen by them, and name them too. */
const person = (name: string) =>
  dashboard()
    .locator('.person')
    .filter({ has: dashboard().getByText(name, { exact: true }) })

/** Removes one of the list of devices. */
async function remove(row: Locator): Promise<void> {
  await dashboard().getByRole('button', { name: 'Settings' }).click()
  await row.getByRole('button', { name: /^Remove/ }).click()
  await row.getByRole('button', { name: /now$/ }).click()
  await row.waitFor({ state: 'detached' })
  await dashboard().keyboard.press('Escape')
}

describe('a link for OBS or a wall', () => {
  test('[MED-1] [MED-4] shows the picture and nothing else, over nothing, whenever it is opened', async () => {
    await addCamera()
    const link = await makeLink('OBS')
    expect(link).toMatch(
      new RegExp(`^${server().url}/v\\?clean&background=transparent#t=[\\w-]+(\\.[\\w-]+){2}$`),
    )

    const wall = await obs().open(link)
    await wall.setViewportSize({ width: 1280, height: 800 })
    await tile(wall, 'live').waitFor()
    expect(await pictureMoves(wall)).toBe(true)
    // A picture of 16:9 leaves 40 pixels above and below.
    await expect.poll(() => opacity(wall, 640, 400)).toBe(255)
    expect(await opacity(wall, 640, 10)).toBe(0)
    expect(await opacity(wall, 640, 790)).toBe(0)
    expect(await wall.getByRole('button').count()).toBe(0)
    expect((await wall.locator('body').innerText()).trim()).toBe('')
    // The host finds it by its name.
    await dashboard().getByRole('button', { name: '3 here' }).click()
    await person('OBS').getByText('Viewer').waitFor()
    await dashboard().keyboard.press('Escape')

    // [PAIR-8] The address keeps no secret, and still opens in this browser.
    const kept = new URL(wall.url())
    expect(kept.hash).toMatch(/^#s=[\w-]+$/)
    await wall.reload()
    await tile(wall, 'live').waitFor()
    // OBS opens its own copy of the link again and again, and may have lost all it stored.
    for (const forget of [false, true]) {
      if (forget) await wall.evaluate(() => localStorage.clear())
      await wall.goto('about:blank')
      await wall.goto(link)
      await tile(wall, 'live').waitFor()
      expect(await pictureMoves(wall)).toBe(true)
    }
    expect(obs().faults).toEqual([])
  })

  test('[SESS-3] [SESS-4] a host ends it: it says so and stays quiet, and the link opens nothing any more', async () => {
    await addCamera()
    const link = await makeLink('Hall')
    const wall = await obs().open(link)
    await tile(wall, 'live').waitFor()
    const token = link.slice(link.indexOf('#t=') + 3)
    expect((await call(server().url, 'POST', '/api/room/pairing-codes', { token, body: {} })).status).toBe(
      403,
    )
    await remove(person('Hall'))
    await wall.getByText('A host removed this screen').waitFor()
    expect(await tile(wall).count()).toBe(0)
    await wall.goto('about:blank')
    await wall.goto(link)
    await wall.getByText('This link has ended').waitFor()
    expect((await call(server().url, 'GET', '/api/session', { token })).status).toBe(401)
  })

  test('[PAIR-5] in a room that approves everybody the host’s own wish is the approval', async () => {
    const token = await hostToken(dashboard())
    await call(server().url, 'PATCH', '/api/room', { token, body: { approval: 'always' } })
    await addCameraApproved()
    const link = await makeLink('Stage')
    expect(await dashboard().locator('.claim').count()).toBe(0)
    const wall = await obs().open(link)
    await tile(wall, 'live').waitFor()
  })

  test('[MED-4] comes back by itself when its network was away', async () => {
    await addCamera()
    const link = await makeLink('OBS')
    const wall = await obs().open(link.replace(server().url, proxy().url))
    await tile(wall, 'live').waitFor()
    proxy().refusing = true
    proxy().cut()
    await dashboard().getByRole('button', { name: '3 here' }).click()
    const row = person('OBS')
    await row.getByText('away').waitFor()
    // Direct video needs no server, and no word lies over it.
    expect(await pictureMoves(wall)).toBe(true)
    expect((await wall.locator('body').innerText()).trim()).toBe('')
    proxy().refusing = false
    await row.getByText('here', { exact: true }).waitFor()
    expect(await pictureMoves(wall)).toBe(true)
  })

  test('[SESS-2] of two places the later one has it; the other waits, and takes it when it is free', async () => {
    await addCamera()
    const link = await makeLink('OBS')
    const first = await obs().open(link)
    await tile(first, 'live').waitFor()
    const second = await desktop().open(link)
    await tile(second, 'live').waitFor()
    await first.getByText('Open in another place').waitFor()
    expect(await pictureMoves(second)).toBe(true)
    await second.close()
    await first.bringToFront()
    await tile(first, 'live').waitFor({ timeout: 50_000 })
    expect(await pictureMoves(first)).toBe(true)
  }, 90_000)

  test('shows the one camera it names, and says whom it waits for', async () => {
    const { id, phone } = await addCamera(0)
    const alone = await addCamera(1)
    const link = await makeLink('One', async (dialog) => {
      // Both phones have the same name, so they are numbered.
      await dialog.getByLabel('Shows').selectOption({ label: 'Chrome on Android, 1 of 2' })
      await dialog.getByRole('checkbox', { name: 'Names of the cameras' }).check()
    })
    const wall = await obs().open(link)
    await tile(wall, 'live', id).waitFor()
    expect(await tile(wall).count()).toBe(1)
    await wall.getByText('Chrome on Android').waitFor()
    // It asks for no picture of the other.
    await phone.getByText('2 watching', { exact: true }).waitFor()
    expect(await alone.phone.getByText('2 watching', { exact: true }).count()).toBe(0)
    await alone.phone.getByText('1 watching', { exact: true }).waitFor()
    await remove(dashboard().locator(`dialog [data-session="${id}"]`))
    await wall.getByText(`Waiting for “${id}”`).waitFor()
  })

  test('a viewer’s code that was used here before opens the room again, with its session', async () => {
    await addCamera()
    const code = await issueCode(server().url, await hostToken(dashboard()), 'viewer')
    const wall = await obs().open(withLook(code.url.replace('/v', '/v?'), 'clean'))
    await wall.getByRole('button', { name: 'Watch' }).click()
    await tile(wall, 'live').waitFor()
    await wall.goto('about:blank')
    await wall.goto(withLook(code.url.replace('/v', '/v?'), 'clean'))
    await tile(wall, 'live').waitFor()
    expect(await pictureMoves(wall)).toBe(true)
  })
})

/** The same where each claim waits for its number. */
async function addCameraApproved(): Promise<void> {
  const code = await issueCode(server().url, await hostToken(dashboard()))
  const phone = await phones[0]().open(code.url)
  await startButton(phone).tap()
  const check = (await phone.locator('[data-check]').getAttribute('data-check')) ?? ''
  await dashboard().locator('.claim input').fill(check)
  await dashboard().keyboard.press('Enter')
  await tile(dashboard(), 'live').waitFor()
}

/** Widths of the two tiles, by the cameras' ids. */
const widths = (page: Page, ids: readonly string[]) =>
  Promise.all(ids.map(async (id) => (await tile(page, undefined, id).boundingBox())?.width ?? 0))

const choose = async (page: Page, layout: string) => {
  await page.getByRole('button', { name: 'View', exact: true }).click()
  await page.getByRole('radio', { name: layout }).check()
  await page.keyboard.press('Escape')
}

describe('layouts', () => {
  test('spotlight: a press or Enter brings a camera to the front, and one that leaves hands over', async () => {
    const first = await addCamera(0)
    const second = await addCamera(1)
    const ids = [first.id, second.id]
    await choose(dashboard(), 'Spotlight')
    const isLarge = async (which: 0 | 1) => {
      const [one = 0, other = 0] = await widths(dashboard(), ids)
      return which === 0 ? one > 2 * other : other > 2 * one
    }
    await expect.poll(() => isLarge(0)).toBe(true)
    await dashboard()
      .getByRole('button', { name: /^Show .* large$/ })
      .click()
    await expect.poll(() => isLarge(1)).toBe(true)
    // The picture played on through the change of places.
    expect(await pictureMoves(dashboard(), second.id)).toBe(true)
    await dashboard()
      .getByRole('button', { name: /^Show .* large$/ })
      .focus()
    await dashboard().keyboard.press('Enter')
    await expect.poll(() => isLarge(0)).toBe(true)
    // It is how this browser sees rooms from now on.
    await dashboard().reload()
    await tile(dashboard(), 'live', second.id).waitFor()
    await expect.poll(() => isLarge(0)).toBe(true)
    await first.phone.close()
    await tile(dashboard(), undefined, first.id).waitFor({ state: 'detached', timeout: 50_000 })
    await expect.poll(async () => (await widths(dashboard(), [second.id]))[0]).toBeGreaterThan(600)
  }, 90_000)

  test('side by side: equal columns, in rows on a narrow wall', async () => {
    await addCamera(0)
    await addCamera(1)
    const wall = await obs().open(withLook(await makeLink('Wall'), 'layout=side&fit=cover'))
    await tile(wall, 'live').nth(1).waitFor()
    const boxes = async () => {
      const found = await Promise.all([0, 1].map((index) => tile(wall).nth(index).boundingBox()))
      return found.map((box) => [box?.x, box?.y, box?.width, box?.height].map(Math.round as never))
    }
    await wall.setViewportSize({ width: 1008, height: 600 })
    await expect.poll(boxes).toEqual([
      [0, 0, 500, 600],
      [508, 0, 500, 600],
    ])
    // Cut to its place, not squeezed.
    await expect.poll(() => opacity(wall, 250, 5)).toBe(255)
    await wall.setViewportSize({ width: 400, height: 808 })
    await expect.poll(boxes).toEqual([
      [0, 0, 400, 400],
      [0, 408, 400, 400],
    ])
  })
})

describe('details', () => {
  /** The overlay as it stands, by its names. */
  const told = async (page: Page): Promise<Record<string, string>> => {
    const texts = await page.locator('.tile-stats > div > *').allTextContents()
    return Object.fromEntries(
      texts.flatMap((name, index) => (index % 2 === 0 ? [[name, texts[index + 1] ?? ''] as const] : [])),
    )
  }

  test('[MED-5] a tile tells the numbers of direct video, by the menu and by a key', async () => {
    await addCamera()
    await dashboard().getByRole('button', { name: 'View', exact: true }).click()
    await dashboard()
      .getByRole('checkbox', { name: /Details/ })
      .check()
    await dashboard().keyboard.press('Escape')
    await expect
      .poll(() => told(dashboard()), { timeout: 15_000 })
      .toEqual({
        Picture: expect.stringMatching(/^1280 × 720, [1-9]\d? fps$/),
        Bitrate: expect.stringMatching(/^([1-9]\d+ kbit|\d+\.\d Mbit)\/s$/),
        'Camera to screen': expect.stringMatching(/^about [1-9]\d{1,2} ms$/),
        'Round trip': expect.stringMatching(/^\d+ ms$/),
        Loss: expect.stringMatching(/^\d+(\.\d)? %$/),
        Codec: expect.stringMatching(/^(VP8|VP9|H\.264|AV1)$/),
        Way: 'direct',
      })
    await dashboard()
      .getByRole('button', { name: /^Full screen/ })
      .focus()
    await dashboard().keyboard.press('i')
    await dashboard().locator('.tile-stats').waitFor({ state: 'detached' })
    await dashboard().keyboard.press('i')
    await dashboard().locator('.tile-stats').waitFor()
    // Elsewhere a letter is a letter.
    await dashboard().getByRole('button', { name: 'Settings' }).focus()
    await dashboard().keyboard.press('i')
    expect(await dashboard().locator('.tile-stats').count()).toBe(1)
  })

  test('[MED-5] [MED-6] a wall tells those of a picture through the server', async () => {
    await addCamera()
    const wall = await obs().open(withLook(await makeLink('Wall'), 'stats&transport=relay'))
    await tile(wall, 'live').waitFor()
    expect(await canvasMoves(wall)).toBe(true)
    await expect
      .poll(() => told(wall), { timeout: 15_000 })
      .toEqual({
        Picture: expect.stringMatching(/^\d+ × \d+, [1-9]\d? fps$/),
        Bitrate: expect.stringMatching(/^([1-9]\d+ kbit|\d+\.\d Mbit)\/s$/),
        'Camera to screen': expect.stringMatching(/^about [1-9]\d{1,2} ms$/),
        'Server and back': expect.stringMatching(/^\d+ ms$/),
        Loss: expect.stringMatching(/^\d+(\.\d)? %$/),
        Codec: expect.stringMatching(/^(VP8|H\.264|JPEG)$/),
        Way: 'through the server',
      })
  })
})

describe('picture in picture', () => {
  test.each([
    ['directly', ''],
    ['through the server', '?transport=relay'],
  ])('a picture that comes %s has a window of its own, and comes back from it', async (_, query) => {
    await dashboard().goto(`${server().url}/${query}`)
    await addCamera()
    const button = dashboard().getByRole('button', { name: /^Picture in picture/ })
    await button.focus()
    await dashboard().keyboard.press('Enter')
    const frames = () =>
      dashboard().evaluate(() => {
        const shown = document.pictureInPictureElement
        return shown instanceof HTMLVideoElement ? shown.getVideoPlaybackQuality().totalVideoFrames : -1
      })
    await expect.poll(frames, { timeout: 20_000 }).toBeGreaterThan(10)
    await dashboard().getByRole('button', { name: 'Close the window of the picture' }).click()
    await expect.poll(frames).toBe(-1)
    await button.waitFor()
    expect(await dashboard().locator('.off-stage').count()).toBe(0)
  })
})
