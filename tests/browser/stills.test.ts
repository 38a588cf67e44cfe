/** Photos from a phone to the dashboard, in real browsers: directly, through one server, through two, and without https. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import type { Page } from 'playwright-core'
import { PNG } from 'pngjs'
import { expect, test } from 'vitest'
import { call } from '../support/app.ts'
import { aroundAll, closePagesAfterEach } from '../support/around.ts'
import { startInstances } from '../support/instances.ts'
import {
  canvasMoves,
  freshRoom,
  hostToken,
  pictureMoves,
  scan,
  startCamera,
  startDesktop,
  startPhone,
  tile,
} from '../support/pages.ts'

const instances = aroundAll(() => startInstances(2, { HOST: '0.0.0.0' }), 120_000)
const desktop = aroundAll(() => startDesktop())
const handheld = aroundAll(() => startPhone())
/** Without a camera, as far as pages can tell. */
const plain = aroundAll(() => startPhone({ camera: 'none' }))
closePagesAfterEach(plain, handheld, desktop)

const at = (index: number) => instances().at(index)
const openDashboard = (url: string) => freshRoom(desktop(), url)
/** Where a scanned code leads, on an address that browsers take for secure and that every machine has. */
const onLoopback = async (dashboard: Page): Promise<URL> => {
  const url = new URL(await scan(dashboard))
  url.hostname = '127.0.0.1'
  return url
}
/** A phone that is live on a dashboard; `prepare` has the page before it loads. */
const live = async (
  dashboard: Page,
  { port, prepare }: { port?: number; prepare?: (phone: Page) => Promise<void> } = {},
): Promise<Page> => {
  const phone = await handheld().context.newPage()
  await prepare?.(phone)
  const url = await onLoopback(dashboard)
  if (port !== undefined) url.port = String(port)
  await startCamera(phone, url.href)
  await tile(dashboard, 'live').waitFor()
  return phone
}
const shoot = async (dashboard: Page): Promise<void> => {
  await tile(dashboard).hover()
  await dashboard.getByRole('button', { name: /^Take a photo/ }).click()
}
const photos = (dashboard: Page) => dashboard.locator('[data-photo]')
const sent = (phone: Page) => phone.locator('[data-still="sent"]').waitFor({ timeout: 90_000 })

/** Saves the newest photo as a person does. */
const save = async (dashboard: Page): Promise<{ name: string; sha256: string; bytes: Buffer }> => {
  const download = dashboard.waitForEvent('download')
  await photos(dashboard).first().getByRole('link', { name: /^Save/ }).click()
  const file = await download
  const bytes = await readFile(await file.path())
  return { name: file.suggestedFilename(), sha256: createHash('sha256').update(bytes).digest('hex'), bytes }
}

/** A photo of many chunks, which no compression makes small. */
const bigPhoto = (side: number): Buffer => {
  const png = new PNG({ width: side, height: side })
  let seed = 1
  for (let index = 0; index < png.data.length; index += 1) {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff
    png.data[index] = index % 4 === 3 ? 255 : seed >> 16
  }
  return PNG.sync.write(png)
}
/** The phone's camera takes this photo. */
const takes = (photo: Buffer) => async (phone: Page) => {
  await phone.addInitScript((data) => {
    const blob = () =>
      new Blob([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))], { type: 'image/png' })
    Object.defineProperty(window, 'ImageCapture', {
      value: class {
        takePhoto = () => Promise.resolve(blob())
        getPhotoCapabilities = () => Promise.resolve({})
      },
    })
  }, photo.toString('base64'))
}

test('[MED-7] a photo is taken from the dashboard while the video goes on, and arrives whole, directly', async () => {
  const dashboard = await openDashboard(at(0).url)
  const stills: number[] = []
  const phone = await live(dashboard, {
    prepare: async (page) => {
      page.on('websocket', (socket) =>
        socket.on('framesent', ({ payload }) => {
          if (typeof payload !== 'string' && payload[0] === 3) stills.push(payload.length)
        }),
      )
    },
  })
  await shoot(dashboard)
  await photos(dashboard).first().waitFor()
  await sent(phone)
  expect(await pictureMoves(dashboard)).toBe(true)
  const { name, sha256, bytes } = await save(dashboard)
  expect(sha256).toBe(await photos(dashboard).first().getAttribute('data-photo'))
  // Chromium's camera of the tests takes photos itself, as PNG.
  expect(await photos(dashboard).first().getAttribute('data-how')).toBe('photo')
  expect(name).toMatch(/^My room – Chrome on Android – \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.png$/)
  expect(PNG.sync.read(bytes).width).toBeGreaterThan(0)
  expect(stills).toEqual([])

  await photos(dashboard)
    .first()
    .getByRole('button', { name: /full view$/ })
    .click()
  await dashboard
    .getByRole('dialog')
    .getByRole('button', { name: /^Delete/ })
    .click()
  await photos(dashboard).first().waitFor({ state: 'detached' })
})

test('[MED-7] without the camera’s own photo it is a frame of the video, without that what is shown', async () => {
  const dashboard = await openDashboard(at(0).url)
  const phone = await live(dashboard)
  await phone.evaluate(() => {
    // One that never answers, as some do not.
    Object.assign(ImageCapture.prototype, { takePhoto: () => new Promise(() => undefined) })
  })
  await shoot(dashboard)
  await dashboard.locator('[data-how="frame"]').waitFor({ timeout: 60_000 })
  await phone.evaluate(() => Reflect.deleteProperty(window, 'ImageCapture'))
  await shoot(dashboard)
  await dashboard.locator('[data-how="picture"]').waitFor()
  const { bytes } = await save(dashboard)
  expect(bytes.subarray(0, 3).toString('hex')).toBe('ffd8ff')
  expect(await pictureMoves(dashboard)).toBe(true)
})

test('[MED-5] [MED-7] a photo that cannot be taken is said on both screens, with the stage', async () => {
  const dashboard = await openDashboard(at(0).url)
  const phone = await live(dashboard)
  await phone.evaluate(() => {
    Reflect.deleteProperty(window, 'ImageCapture')
    HTMLCanvasElement.prototype.toBlob = (done) => done(null)
  })
  await shoot(dashboard)
  await dashboard.getByText('Taking the photo failed: The phone could not take the photo.').waitFor()
  await phone.locator('[data-still="failed"]').getByText('The phone could not take the photo.').waitFor()
})

test('[MED-6] [MED-7] through the server, and through two, the photo is the same and the picture moves', async () => {
  const photo = bigPhoto(450)
  const dashboard = await openDashboard(`${at(0).url}/?transport=relay`)
  const phone = await live(dashboard, { port: at(1).port, prepare: takes(photo) })
  await shoot(dashboard)
  await photos(dashboard).first().waitFor({ timeout: 90_000 })
  await sent(phone)
  expect((await save(dashboard)).bytes.equals(photo)).toBe(true)
  expect(await canvasMoves(dashboard)).toBe(true)
}, 180_000)

/** Ends the phone's socket with the twentieth chunk of a photo, as a network that goes away does. */
const cutsOnce = async (phone: Page): Promise<void> => {
  await phone.addInitScript(() => {
    const chunks: number[] = []
    Object.assign(window, { chunks })
    const { send } = WebSocket.prototype
    WebSocket.prototype.send = function (data) {
      if (!(data instanceof Uint8Array) || data[0] !== 3) {
        send.call(this, data)
        return
      }
      // Behind the id: the packet's kind, its transfer, and the chunk's index.
      const packet = data.subarray(2 + (data[1] ?? 0))
      if (packet[0] === 2) chunks.push(((packet[7] ?? 0) << 8) | (packet[8] ?? 0))
      if (packet[0] === 2 && chunks.length === 20) this.close()
      else send.call(this, data)
    }
  })
}

test('[MED-7] a photo that is cut in the middle goes on with what is missing', async () => {
  const photo = bigPhoto(600)
  const dashboard = await openDashboard(`${at(0).url}/?transport=relay`)
  const phone = await live(dashboard, {
    prepare: async (page) => {
      await takes(photo)(page)
      await cutsOnce(page)
    },
  })
  await shoot(dashboard)
  await photos(dashboard).first().waitFor({ timeout: 90_000 })
  await sent(phone)
  expect((await save(dashboard)).bytes.equals(photo)).toBe(true)
  const chunks = await phone.evaluate(() => (window as unknown as { chunks: number[] }).chunks)
  expect(chunks.length).toBeGreaterThan(20)
  // What was on its way when it was cut, at most, went twice.
  expect(chunks.length - new Set(chunks).size).toBeLessThan(20)
}, 180_000)

/** What the browser keeps for reloads. */
const kept = (dashboard: Page) =>
  dashboard.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open('pairlens-photos')
        opening.onerror = () => reject(opening.error ?? new Error('no database'))
        opening.onsuccess = () => {
          const counting = opening.result.transaction('photos').objectStore('photos').count()
          counting.onsuccess = () => {
            opening.result.close()
            resolve(counting.result)
          }
        }
      }),
  )
const tray = (dashboard: Page) => dashboard.getByRole('region', { name: 'Photos' })
const counted = (dashboard: Page, words: string) =>
  tray(dashboard).getByRole('heading', { name: words, exact: true }).waitFor()

test('[MED-7] photos are there after a reload, until they are deleted, old, or the room is left', async () => {
  const dashboard = await openDashboard(at(0).url)
  await live(dashboard, { prepare: takes(bigPhoto(60)) })
  for (const words of ['1 photo', '2 photos', '3 photos']) {
    await shoot(dashboard)
    await counted(dashboard, words)
  }
  await tray(dashboard).getByText('Kept in this browser for 24 hours').waitFor()
  await dashboard.reload()
  await counted(dashboard, '3 photos')
  expect((await save(dashboard)).bytes.equals(bigPhoto(60))).toBe(true)

  await photos(dashboard)
    .first()
    .getByRole('button', { name: /^Delete/ })
    .click()
  await counted(dashboard, '2 photos')
  await expect.poll(() => kept(dashboard)).toBe(2)
  await dashboard.reload()
  await counted(dashboard, '2 photos')

  await dashboard.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const opening = indexedDB.open('pairlens-photos')
        opening.onsuccess = () => {
          const transaction = opening.result.transaction('photos', 'readwrite')
          const store = transaction.objectStore('photos')
          const reading = store.getAll()
          reading.onsuccess = () => {
            const [one] = reading.result as { arrivedAt: number }[]
            store.put({ ...one, arrivedAt: Date.now() - 24 * 60 * 60_000 })
          }
          transaction.oncomplete = () => {
            opening.result.close()
            resolve()
          }
        }
      }),
  )
  await dashboard.reload()
  await counted(dashboard, '1 photo')
  expect(await kept(dashboard)).toBe(1)

  await dashboard.getByRole('button', { name: 'Settings' }).click()
  await dashboard.getByRole('button', { name: 'Leave and start a new room' }).click()
  await dashboard.getByText('The photo here is deleted too.').waitFor()
  await dashboard.getByRole('button', { name: 'Start a new room' }).click()
  await photos(dashboard).first().waitFor({ state: 'detached' })
  await expect.poll(() => kept(dashboard)).toBe(0)
})

test.each([
  ['while the dashboard is open', false],
  ['while it is closed', true],
])('[MED-7] a room that ends %s leaves its photos in view', async (_when, isClosed) => {
  const dashboard = await openDashboard(at(0).url)
  await live(dashboard, { prepare: takes(bigPhoto(60)) })
  await shoot(dashboard)
  await tray(dashboard).getByText('Kept in this browser for 24 hours').waitFor()
  await expect.poll(() => kept(dashboard)).toBe(1)
  const token = await hostToken(dashboard)
  if (isClosed) await dashboard.goto('about:blank')
  expect((await call(at(0).url, 'DELETE', '/api/room', { token })).status).toBe(204)
  if (isClosed) await dashboard.goto(at(0).url)
  await dashboard.getByRole('heading', { name: /The room was deleted|The session has ended/ }).waitFor()
  await counted(dashboard, '1 photo')
  await tray(dashboard).getByText('starting a new room deletes its photos').waitFor()
  expect((await save(dashboard)).bytes.equals(bigPhoto(60))).toBe(true)
  await dashboard.getByRole('button', { name: 'Start a new room' }).click()
  await dashboard.locator('img.qr').first().waitFor()
  expect(await photos(dashboard).count()).toBe(0)
  await expect.poll(() => kept(dashboard)).toBe(0)
})

test('[MED-5] [MED-7] a browser without room for photos says so, and shows them', async () => {
  // An origin of its own: for half a minute Chromium goes by the room that there was before.
  const dashboard = await openDashboard(at(1).url)
  const cdp = await dashboard.context().newCDPSession(dashboard)
  const { origin } = new URL(dashboard.url())
  await live(dashboard, { prepare: takes(bigPhoto(200)) })
  await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 20_000 })
  await shoot(dashboard)
  await counted(dashboard, '1 photo')
  await expect
    .poll(() => tray(dashboard).locator('.tray-head').textContent())
    .toContain('A reload loses them: this browser has no more room. Save what you need.')
  expect((await save(dashboard)).bytes.equals(bigPhoto(200))).toBe(true)
  await cdp.send('Storage.overrideQuotaForOrigin', { origin })
})

test('[MED-7] a dashboard that is loaded anew in the middle gets the photo, once', async () => {
  const photo = bigPhoto(900)
  const dashboard = await openDashboard(`${at(0).url}/?transport=relay`)
  const phone = await live(dashboard, { prepare: takes(photo) })
  await shoot(dashboard)
  await dashboard
    .locator('.still-progress[data-stage="sending"]')
    .getByText(/, [1-9]\d?%/)
    .waitFor()
  await dashboard.reload()
  await sent(phone)
  await counted(dashboard, '1 photo')
  expect((await save(dashboard)).bytes.equals(photo)).toBe(true)
  expect(await kept(dashboard)).toBe(1)
}, 180_000)

/** This machine's address on its network, which no browser takes for secure. */
const lanAddress = (): string => {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const found = all.find(({ family, internal }) => family === 'IPv4' && !internal)
  if (found === undefined) throw new Error('this machine has no address but loopback')
  return found.address
}

test('[MED-4] [MED-7] a page without https sends photos of the camera app, also after a reload', async () => {
  const dashboard = await openDashboard(at(0).url)
  const phone = await plain().context.newPage()
  const url = new URL(await scan(dashboard))
  url.hostname = lanAddress()
  await phone.goto(url.href)
  expect(await phone.evaluate(() => [isSecureContext, 'subtle' in crypto])).toEqual([false, false])
  await phone.getByRole('button', { name: 'Send photos instead' }).tap()
  await tile(dashboard, 'waiting').getByText('Photos only').first().waitFor()

  const send = async (photo: Buffer) => {
    const chooser = phone.waitForEvent('filechooser')
    await phone.getByRole('button', { name: /photo from this phone|another photo/ }).tap()
    await (await chooser).setFiles({ name: 'photo.png', mimeType: 'image/png', buffer: photo })
    await sent(phone)
  }
  const first = bigPhoto(400)
  await send(first)
  await photos(dashboard).first().waitFor()
  expect((await save(dashboard)).bytes.equals(first)).toBe(true)

  await phone.reload()
  const second = bigPhoto(300)
  await send(second)
  await expect.poll(() => photos(dashboard).count()).toBe(2)
  expect((await save(dashboard)).bytes.equals(second)).toBe(true)
}, 180_000)

test('[MED-5] [MED-7] a phone without a camera for the page can send photos all the same', async () => {
  const dashboard = await openDashboard(at(0).url)
  const phone = await plain().context.newPage()
  await startCamera(phone, (await onLoopback(dashboard)).href)
  await phone.getByRole('heading', { name: 'No camera found' }).waitFor()
  const chooser = phone.waitForEvent('filechooser')
  await phone.getByRole('button', { name: 'Send a photo from this phone' }).tap()
  await (
    await chooser
  ).setFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no photo') })
  await phone.getByText('This file is no photo.').waitFor()
  const again = phone.waitForEvent('filechooser')
  await phone.getByRole('button', { name: 'Send a photo from this phone' }).tap()
  await (await again).setFiles({ name: 'photo.png', mimeType: 'image/png', buffer: bigPhoto(100) })
  await sent(phone)
  await photos(dashboard).first().waitFor()
})
