/** Photos from a phone to the dashboard, in real browsers. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Chromium } from '../support/chromium.ts'
import {
  freshRoom,
  pictureMoves,
  scan,
  startButton,
  startDesktop,
  startPhone,
  tile,
} from '../support/pages.ts'
import { startServer, type ServerProcess } from '../support/server-process.ts'

let server: ServerProcess
let desktop: Chromium
let handheld: Chromium
const pages: Page[] = []

beforeAll(async () => {
  server = await startServer({ ICE_SERVERS: '[]' })
  desktop = await startDesktop()
  handheld = await startPhone()
})
afterAll(async () => {
  for (const browser of [handheld, desktop]) await browser.close()
  await server.stop()
})
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close()
})

const newPhone = async (): Promise<Page> => {
  const phone = await handheld.context.newPage()
  pages.push(phone)
  return phone
}
const live = async (url = server.url): Promise<{ dashboard: Page; phone: Page }> => {
  const dashboard = await freshRoom(desktop, url)
  const phone = await newPhone()
  pages.push(dashboard)
  await phone.goto(await scan(dashboard))
  await startButton(phone).tap()
  await tile(dashboard, 'live').waitFor()
  return { dashboard, phone }
}
const shutter = (dashboard: Page) => dashboard.getByRole('button', { name: /^Take a photo/ })
const photos = (dashboard: Page) => dashboard.locator('[data-photo]')

/** Saves the newest photo as a person does. */
const save = async (dashboard: Page): Promise<{ name: string; sha256: string; bytes: Buffer }> => {
  const download = dashboard.waitForEvent('download')
  await photos(dashboard).first().getByRole('link', { name: /^Save/ }).click()
  const file = await download
  const bytes = await readFile(await file.path())
  return { name: file.suggestedFilename(), sha256: createHash('sha256').update(bytes).digest('hex'), bytes }
}

describe('direct', () => {
  test('[MED-7] a photo is taken from the dashboard, arrives whole and is saved under its name', async () => {
    const { dashboard, phone } = await live()
    await tile(dashboard).hover()
    await shutter(dashboard).click()
    await photos(dashboard).first().waitFor()
    await phone.getByText('Photo sent').first().waitFor()
    expect(await pictureMoves(dashboard)).toBe(true)
    const saved = await save(dashboard)
    expect(saved.sha256).toBe(await photos(dashboard).first().getAttribute('data-photo'))
  })
})
