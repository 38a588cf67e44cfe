/** A phone's page is loaded anew, in a browser that wants to be asked for the camera again. */
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { aroundAll, aroundEach } from '../support/around.ts'
import { freshRoom, joinAsCamera, pictureMoves, startDesktop, startPhone, tile } from '../support/pages.ts'
import { startServer } from '../support/server-process.ts'

const server = aroundAll(() => startServer({ ICE_SERVERS: '[]' }))
const desktop = aroundAll(() => startDesktop())
const dashboard = aroundEach(() => freshRoom(desktop(), server().url))
const handheld = aroundEach(() => startPhone())

/** Chromium's own answer is `prompt`, as after "only this time". */
const forget = async (phone: Page): Promise<void> => {
  const devtools = await handheld().context.newCDPSession(phone)
  await devtools.send('Browser.setPermission', {
    permission: { name: 'camera' },
    setting: 'prompt',
    origin: server().url,
  })
}
/** As Safari before 16 and Firefox before 131. */
const knowNothing = (phone: Page): Promise<unknown> =>
  phone.addInitScript(() => {
    navigator.permissions.query = () => Promise.reject(new TypeError('No such name'))
  })
/** As browsers that say it is allowed, and start it by a tap alone. */
const wantTap = (phone: Page): Promise<unknown> =>
  phone.addInitScript(() => {
    const { mediaDevices } = navigator
    const ask = mediaDevices.getUserMedia.bind(mediaDevices)
    mediaDevices.getUserMedia = (wanted) =>
      navigator.userActivation.isActive
        ? ask(wanted)
        : Promise.reject(new DOMException('No', 'NotAllowedError'))
  })

test.for([
  ['would ask for the camera again', forget, 0],
  ['does not tell whether it is allowed', knowNothing, 0],
  ['starts a camera by a tap alone', wantTap, 1],
] as const)(
  '[MED-4] a browser that %s: one tap after a reload, and no scan',
  async ([, prepare, asksFirst]) => {
    const phone = await handheld().context.newPage()
    await joinAsCamera(dashboard(), phone)
    const id = (await tile(dashboard()).getAttribute('data-camera')) ?? ''

    await prepare(phone)
    await phone.addInitScript(() => {
      const seen = window as unknown as { asked: number }
      seen.asked = 0
      const { mediaDevices } = navigator
      const ask = mediaDevices.getUserMedia.bind(mediaDevices)
      mediaDevices.getUserMedia = (wanted) => {
        seen.asked += 1
        return ask(wanted)
      }
    })
    await phone.reload()
    await phone.locator('[data-view="resume"]').waitFor()
    await phone.getByText('One tap and it is live again.').waitFor()
    // No question stands there before a person has done something.
    expect(await phone.evaluate(() => (window as unknown as { asked: number }).asked)).toBe(asksFirst)
    await tile(dashboard(), 'waiting', id).waitFor()

    await phone.getByRole('button', { name: 'Resume camera' }).tap()
    await tile(dashboard(), 'live', id).waitFor()
    await phone.locator('[data-state="live"]').waitFor()
    expect(await pictureMoves(dashboard(), id)).toBe(true)
    expect(await tile(dashboard()).count()).toBe(1)
  },
)
