import { describe, expect, test } from 'vitest'
import type { SessionList } from '../../server/protocol/api.ts'
import { call, claimCode, issueCode } from '../support/app.ts'
import { aroundAll, aroundEach } from '../support/around.ts'
import {
  freshRoom,
  hostToken,
  pictureMoves,
  startButton,
  startDesktop,
  startPhone,
  tile,
} from '../support/pages.ts'
import { startServer } from '../support/server-process.ts'

const server = aroundAll(() => startServer({ ICE_SERVERS: '[]' }))
const desktop = aroundAll(() => startDesktop())
const handheld = aroundAll(() => startPhone())
const dashboard = aroundEach(() => freshRoom(desktop(), server().url))
const phone = aroundEach(async () => {
  const page = await handheld().open(`${server().url}/p`)
  await page.evaluate(() => localStorage.clear())
  await page.reload()
  return page
})

const claim = () => dashboard().locator('.claim')
const focused = () => dashboard().evaluate(() => document.activeElement?.id ?? '')

/** Types the code that the dashboard shows into the phone, and gives the number that the phone shows then. */
async function typeCode(): Promise<string> {
  const code = (await dashboard().locator('.pairing-code').textContent()) ?? ''
  // As somebody may well type it: small, with a space.
  await phone().locator('#code').fill(code.toLowerCase().replace('-', ' '))
  await startButton(phone()).tap()
  await phone().locator('[data-state="check"]').waitFor()
  const check = (await phone().locator('[data-check]').getAttribute('data-check')) ?? ''
  expect(check).toMatch(/^[1-9]\d$/)
  return check
}

/** A number that is not the one on the phone. */
const wrong = (check: string) => (check === '10' ? '11' : '10')

/** A pending claim without a browser behind it. */
async function claimFromElsewhere(deviceName: string): Promise<string> {
  const code = await issueCode(server().url, await hostToken(dashboard()))
  const { check } = await claimCode(server().url, { code: code.code, deviceName })
  return check ?? ''
}

/** Of every session of the room, whether it is there or not. */
async function statuses(): Promise<string[]> {
  const { body } = await call<SessionList>(server().url, 'GET', '/api/room/sessions', {
    token: await hostToken(dashboard()),
  })
  return body.sessions.map(({ status }) => status)
}

describe('a typed code waits for the host [PAIR-5]', () => {
  test('[PAIR-4] [PAIR-5] [MED-1] the right number, by keyboard alone, and the picture moves', async () => {
    const check = await typeCode()
    await claim().waitFor()
    await claim().getByText('It typed the code.').waitFor()
    expect(await claim().textContent()).not.toContain(check)
    expect(await tile(dashboard()).count()).toBe(0)
    await expect.poll(focused).toMatch(/^check-/)
    expect(await dashboard().title()).toContain('1 to approve')
    await dashboard().keyboard.type(check)
    await dashboard().keyboard.press('Enter')
    await claim().waitFor({ state: 'detached' })
    await tile(dashboard(), 'live').waitFor()
    expect(await pictureMoves(dashboard())).toBe(true)
    await phone().locator('[data-state="live"]').waitFor()
    expect(await dashboard().title()).toContain('1 live')
  })

  test('[PAIR-5] [MED-5] a wrong number turns the phone away, and both say so', async () => {
    const check = await typeCode()
    await claim().waitFor()
    await claim().getByLabel('Number that the device shows').fill(wrong(check))
    await claim().getByRole('button', { name: 'Approve' }).click()
    await dashboard().getByText('Wrong number').waitFor()
    await phone().getByText('The dashboard declined').waitFor()
    expect(await claim().count()).toBe(0)
    expect(await tile(dashboard()).count()).toBe(0)
    await dashboard().getByRole('button', { name: 'OK' }).click()
    await dashboard().getByText('Wrong number').waitFor({ state: 'detached' })
  })

  test('[PAIR-5] declined by keyboard alone', async () => {
    await typeCode()
    await expect.poll(focused).toMatch(/^check-/)
    // Approve is off without a number, so the next stop is Decline.
    await dashboard().keyboard.press('Tab')
    await dashboard().keyboard.press('Enter')
    await phone().getByText('The dashboard declined').waitFor()
    await claim().waitFor({ state: 'detached' })
    // Whoever uses the keyboard goes on in the page, not at its top.
    expect(await dashboard().evaluate(() => document.activeElement?.tagName)).toBe('MAIN')
  })

  test('several are asked about one after the other, the oldest first', async () => {
    const first = await claimFromElsewhere('First phone')
    await claim().getByText('First phone wants to').waitFor()
    const second = await claimFromElsewhere('Second phone')
    await claim().getByText('1 more waits').waitFor()
    expect(await claim().count()).toBe(1)
    await dashboard().keyboard.type(first)
    await dashboard().keyboard.press('Enter')
    await claim().getByText('Second phone wants to').waitFor()
    await expect.poll(focused).toBe(await claim().locator('input').getAttribute('id'))
    await dashboard().keyboard.type(second)
    await dashboard().keyboard.press('Enter')
    await claim().waitFor({ state: 'detached' })
    expect(await statuses()).toEqual(['active', 'active', 'active'])
  })

  test('who types elsewhere is not interrupted', async () => {
    await dashboard().getByRole('button', { name: 'My room' }).click()
    const name = dashboard().getByLabel('Name of the room')
    await name.fill('Kit')
    await claimFromElsewhere('A phone')
    await claim().waitFor()
    await dashboard().keyboard.type('chen')
    expect(await name.inputValue()).toBe('Kitchen')
    await dashboard().keyboard.press('Enter')
    await dashboard().getByRole('button', { name: 'Kitchen' }).waitFor()
  })

  test('[PAIR-5] a claim that waits is still asked about after a reload of the dashboard', async () => {
    const check = await claimFromElsewhere('A phone')
    await claim().waitFor()
    await dashboard().reload()
    await claim().getByText('A phone').waitFor()
    await dashboard().keyboard.type(check)
    await dashboard().keyboard.press('Enter')
    await claim().waitFor({ state: 'detached' })
    expect(await statuses()).toEqual(['active', 'active'])
  })

  test('[PAIR-7] somebody who tries a used code is mentioned', async () => {
    const code = await issueCode(server().url, await hostToken(dashboard()))
    await claimCode(server().url, { code: code.code })
    await claim().waitFor()
    await expect(claimCode(server().url, { code: code.code })).rejects.toThrow('pairing_code_used')
    await dashboard().getByText('Somebody tried a code that was already used').waitFor()
    // The claim that used it still waits.
    expect(await claim().count()).toBe(1)
  })
})

test('[PAIR-5] a claim that nobody answers ends with its code, and the dashboard says so', async () => {
  const short = await startServer({ ICE_SERVERS: '[]', PAIRING_TTL_SECONDS: '3' })
  const page = await freshRoom(desktop(), short.url)
  try {
    const code = await issueCode(short.url, await hostToken(page))
    await claimCode(short.url, { code: code.code, deviceName: 'Slow phone' })
    await page.locator('.claim').waitFor()
    await page.getByText('Out of time').waitFor()
    expect(await page.locator('.claim').count()).toBe(0)
  } finally {
    await page.close()
    await short.stop()
  }
})
