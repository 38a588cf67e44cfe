/**
 * A dashboard directs a phone, in real browsers. Chromium's fake camera has focus, exposure, sizes and frame rates of
 * its own; light, zoom and directions it has not, so where they are the point the phone's page is given a camera
 * that says it has them and remembers what it was set to (`giveCamera`). The second of its fake cameras makes 16-bit
 * depth pictures, which no encoder takes: the third stands for another camera.
 */
import type { Locator } from 'playwright-core'
import { expect, test } from 'vitest'
import { issueCode } from '../support/app.ts'
import { aroundAll, aroundEach } from '../support/around.ts'
import {
  freshRoom,
  hostToken,
  joinAsCamera,
  pictureMoves,
  scan,
  startCamera,
  startDesktop,
  startPhone,
  tile,
} from '../support/pages.ts'
import { startServer } from '../support/server-process.ts'
import { giveCamera } from './given-camera.ts'

const server = aroundAll(() => startServer({ ICE_SERVERS: '[]' }))
const desktop = aroundAll(() => startDesktop())
const handheld = aroundAll(() => startPhone({ devices: 3 }))
const dashboard = aroundEach(() => freshRoom(desktop(), server().url))
const phone = aroundEach(() => handheld().context.newPage())

const join = () => joinAsCamera(dashboard(), phone())
/** The open panel of the only camera. */
const openPanel = async (desk = dashboard()): Promise<Locator> => {
  await desk.getByRole('button', { name: /^Controls:/ }).click()
  const panel = desk.getByRole('dialog')
  await panel.waitFor()
  return panel
}
/** What the camera tells in its state. */
const told = async (): Promise<Record<string, Record<string, unknown>>> => {
  const answer = await fetch(`${server().url}/api/room`, {
    headers: { authorization: `Bearer ${await hostToken(dashboard())}` },
  })
  const { members } = (await answer.json()) as {
    members: { role: string; state: { camera: Record<string, Record<string, unknown>> } }[]
  }
  return members.find(({ role }) => role === 'camera')?.state.camera ?? {}
}
const setting = (name: string) => async () => (await told())['set']?.[name]

test('what the camera has not is not offered', async () => {
  await join()
  const panel = await openPanel()
  await panel.getByLabel('Lens').waitFor()
  expect(await panel.getByLabel('Light').count()).toBe(0)
  expect(await panel.getByLabel('Zoom').count()).toBe(0)
  expect(await panel.getByRole('group', { name: 'Camera' }).count()).toBe(0)
})

test('another lens: the picture comes from it, and the panel says which', async () => {
  await join()
  const panel = await openPanel()
  const lens = panel.getByLabel('Lens')
  await expect
    .poll(() => lens.evaluate((element: HTMLSelectElement) => element.selectedOptions[0]?.text))
    .toBe('fake_device_0')
  const before = await setting('lens')()
  await lens.selectOption({ label: 'fake_device_2' })
  await expect.poll(setting('lens')).not.toBe(before)
  await tile(dashboard(), 'live').waitFor()
  expect(await pictureMoves(dashboard())).toBe(true)
  expect(await lens.evaluate((element: HTMLSelectElement) => element.selectedOptions[0]?.text)).toBe(
    'fake_device_2',
  )
})

test('front and back, light and zoom of a camera that has them', async () => {
  await phone().addInitScript(giveCamera)
  await join()
  const panel = await openPanel()
  await panel.getByLabel('Light').check()
  await expect.poll(setting('light')).toBe(true)
  await phone().getByRole('button', { name: 'Light', pressed: true }).waitFor()

  const zoom = panel.getByLabel('Zoom')
  // As a finger drags it: many values, of which the last one counts.
  await zoom.evaluate((element: HTMLInputElement) => {
    for (let value = 1; value <= 5; value += 0.1) {
      element.value = String(value)
      element.dispatchEvent(new Event('input', { bubbles: true }))
    }
    element.value = '5.5'
    element.dispatchEvent(new Event('input', { bubbles: true }))
  })
  await expect.poll(setting('zoom')).toBe(5.5)
  await panel.getByText('5.5×').waitFor()
  expect(await setting('light')()).toBe(true)

  await panel.getByRole('radio', { name: 'Front' }).check()
  await expect.poll(async () => (await told())['facing']).toBe('front')
  await tile(dashboard(), 'live').waitFor()
  expect(await pictureMoves(dashboard())).toBe(true)
  // The camera at the front has neither, and the panel offers neither any more.
  await panel.getByLabel('Light').waitFor({ state: 'detached' })
  await panel.getByLabel('Zoom').waitFor({ state: 'detached' })
  await panel.getByRole('radio', { name: 'Back' }).check()
  await panel.getByLabel('Light').waitFor()
  expect(await setting('light')()).toBeUndefined()
})

test('size, frame rate, focus and exposure, as the fake camera has them', async () => {
  await join()
  const panel = await openPanel()
  expect((await told())['can']).toMatchObject({
    sizes: [360, 480, 720, 1080, 2160],
    fps: [15, 24, 30],
    focus: { min: 10, max: 100, step: 5 },
    exposure: { time: { min: 10, max: 100, step: 5 } },
  })
  await panel.getByLabel('Resolution').selectOption('360p')
  await expect.poll(async () => (await told())['height']).toBe(360)
  await panel.getByLabel('Frame rate').selectOption('15 fps')
  await expect.poll(async () => (await told())['fps']).toBe(15)
  expect(await told()).toMatchObject({ width: 640, height: 360 })
  await expect
    .poll(() =>
      tile(dashboard())
        .locator('video')
        .evaluate((element: HTMLVideoElement) => element.videoHeight),
    )
    .toBe(360)

  const focus = panel.getByRole('group', { name: 'Focus' })
  await panel.getByLabel('Focus distance').fill('80')
  await expect.poll(setting('focus')).toEqual({ mode: 'manual', distance: 80 })
  await panel.getByLabel('Exposure time').fill('25')
  await expect.poll(setting('exposure')).toEqual({ mode: 'manual', time: 25 })
  // It says that it can focus by itself, and does not: what it did not do is said.
  await focus.getByLabel('Automatic').click()
  await panel.getByText('The camera kept its focus as it was.').waitFor()
  await expect.poll(() => focus.getByLabel('By hand').isChecked()).toBe(true)
  // One setting does not take another back.
  expect(await setting('focus')()).toEqual({ mode: 'manual', distance: 80 })
  expect(await told()).toMatchObject({ width: 640, height: 360 })
})

test('turned and mirrored for all who watch, also after the phone reloads', async () => {
  await join()
  const viewer = await desktop().open(
    (await issueCode(server().url, await hostToken(dashboard()), 'viewer')).url,
  )
  await viewer.getByRole('button', { name: 'Watch' }).click()
  await tile(viewer, 'live').waitFor()
  const wide = await tile(dashboard()).boundingBox()
  const panel = await openPanel()
  await panel.getByRole('radio', { name: '90°' }).check()
  await panel.getByLabel('Mirror').check()
  for (const page of [dashboard(), viewer]) {
    await page.locator('.tile-look[data-turn="90"][data-mirror]').waitFor()
    await expect
      .poll(async () => {
        const box = await tile(page).boundingBox()
        return box !== null && box.height > box.width
      })
      .toBe(true)
    const matrix = await tile(page)
      .locator('video')
      .evaluate((element) => new DOMMatrix(getComputedStyle(element).transform))
    // The picture's right side points down, and its lower side to the right: turned, then mirrored.
    expect([matrix.a, matrix.b, matrix.c, matrix.d].map(Math.round)).toEqual([0, 1, 1, 0])
    const [shown, box] = [await tile(page).locator('video').boundingBox(), await tile(page).boundingBox()]
    expect(shown?.width).toBeCloseTo(box?.width ?? 0, 0)
    expect(shown?.height).toBeCloseTo(box?.height ?? 0, 0)
  }
  expect(wide && wide.width > wide.height).toBe(true)
  await phone().reload()
  await tile(dashboard(), 'live').waitFor()
  await dashboard().locator('.tile-look[data-turn="90"][data-mirror]').waitFor()
  await viewer.close()
})

test('a picture that is switched off is not sent, and both screens say so', async () => {
  await join()
  const panel = await openPanel()
  await panel.getByLabel('Hide picture').check()
  await tile(dashboard(), 'waiting').getByText('Picture is off').waitFor()
  await phone().getByText('The dashboard switched the picture off').first().waitFor()
  const opacity = () =>
    tile(dashboard())
      .locator('video')
      .evaluate((element) => getComputedStyle(element).opacity)
  await expect.poll(opacity).toBe('0')
  await panel.getByLabel('Hide picture').uncheck()
  await tile(dashboard(), 'live').waitFor()
  expect(await pictureMoves(dashboard())).toBe(true)
  await phone().locator('[data-state="live"]').waitFor()
})

test('on air is said on the phone and on the tile', async () => {
  await join()
  const panel = await openPanel()
  await panel.getByLabel('On air').check()
  await phone().locator('.on-air').getByText('On air').waitFor()
  await tile(dashboard()).getByText('On air').waitFor()
  await panel.getByLabel('On air').uncheck()
  await phone().locator('.on-air').waitFor({ state: 'detached' })
  await tile(dashboard()).getByText('On air').waitFor({ state: 'detached' })
})

test('a message stands on the phone until it is read there, or taken away', async () => {
  await join()
  const panel = await openPanel()
  const write = async (words: string) => {
    await panel.getByLabel('Message').fill(words)
    await panel.getByRole('button', { name: 'Show on the phone' }).click()
    await phone().locator('.desk-message').getByText(words).waitFor()
    await panel.getByText(/^On its screen since/).waitFor()
  }
  await write('A little to the left')
  // Its words are for the phone alone.
  expect(JSON.stringify(await told())).not.toContain('little')
  await phone().getByRole('button', { name: 'OK' }).tap()
  await panel.getByText(/^Read and put away at/).waitFor()
  expect(await phone().locator('.desk-message').count()).toBe(0)
  await write('Thank you')
  await panel.getByRole('button', { name: 'Take away' }).click()
  await phone().locator('.desk-message').waitFor({ state: 'detached' })
})

/** Energy of the sound that the phone has played so far, by the statistics of its connections. */
const heardOnPhone = () =>
  phone().evaluate(async () => {
    const { connections = [] } = window as { connections?: RTCPeerConnection[] }
    let energy = 0
    for (const connection of connections) {
      const report = await connection.getStats()
      report.forEach((entry: { type: string; kind?: string; totalAudioEnergy?: number }) => {
        if (entry.type === 'inbound-rtp' && entry.kind === 'audio') energy += entry.totalAudioEnergy ?? 0
      })
    }
    return energy
  })
const keepConnections = () => {
  const state = window as { connections?: RTCPeerConnection[] }
  state.connections = []
  const Native = window.RTCPeerConnection
  window.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      state.connections?.push(this)
    }
  }
}

test('the microphone: the person at the phone decides, the tile shows its level, and the dashboard listens when told to', async () => {
  await join()
  const panel = await openPanel()
  const microphone = panel.getByLabel('Microphone')
  await microphone.click()
  const question = phone().getByRole('alertdialog', { name: 'The dashboard asks for the microphone' })
  await question.waitFor()
  await tile(dashboard()).getByText('Asks for the microphone').waitFor()
  await question.getByRole('button', { name: 'Not now' }).tap()
  await panel.getByText('The person at the phone said not now.').waitFor()
  await expect.poll(() => microphone.isChecked()).toBe(false)

  await microphone.click()
  await question.getByRole('button', { name: 'Allow' }).tap()
  await phone().getByRole('button', { name: 'Microphone on' }).waitFor()
  // The fake microphone beeps once a second.
  const level = tile(dashboard()).getByRole('meter')
  // What stands in a button has no role of its own for those who do not see it.
  expect(await dashboard().locator('button [role="meter"]').count()).toBe(0)
  await expect
    .poll(async () => Number(await level.getAttribute('aria-valuenow')), { timeout: 15_000 })
    .toBeGreaterThan(20)
  const listen = tile(dashboard()).getByRole('button', { name: /^Listen(ing)? to/ })
  expect(await listen.getAttribute('aria-pressed')).toBe('false')
  await listen.click()
  await expect.poll(() => listen.getAttribute('aria-pressed')).toBe('true')
  expect(await pictureMoves(dashboard())).toBe(true)

  await phone().getByRole('button', { name: 'Microphone on' }).tap()
  await expect.poll(setting('microphone')).toBeUndefined()
  await expect.poll(() => microphone.isChecked()).toBe(false)
  await tile(dashboard()).getByRole('meter').waitFor({ state: 'detached' })
})

test('a viewer is sent no sound, and offered no control', async () => {
  await join()
  const viewer = await desktop().context.newPage()
  await viewer.addInitScript(keepConnections)
  await viewer.goto((await issueCode(server().url, await hostToken(dashboard()), 'viewer')).url)
  await viewer.getByRole('button', { name: 'Watch' }).click()
  await tile(viewer, 'live').waitFor()
  const panel = await openPanel()
  await panel.getByLabel('Microphone').click()
  await phone().getByRole('button', { name: 'Allow' }).tap()
  await tile(dashboard()).getByRole('meter').waitFor()
  const kinds = await viewer.evaluate(() =>
    ((window as { connections?: RTCPeerConnection[] }).connections ?? []).flatMap((connection) =>
      connection.getReceivers().map(({ track }) => track.kind),
    ),
  )
  expect(kinds).toEqual(['video'])
  // Nor is anything offered that would be `forbidden`.
  for (const name of [/^Controls:/, /^Take a photo:/, /^Remove/, /^Listen/])
    expect(await viewer.getByRole('button', { name }).count()).toBe(0)
  await viewer.close()
})

test('hold to talk: the phone plays it, says so, and is silent when the button is let go', async () => {
  const speaking = await startDesktop({ camera: 'allowed' })
  try {
    const desk = await freshRoom(speaking, server().url)
    await phone().addInitScript(keepConnections)
    await joinAsCamera(desk, phone())
    const panel = await openPanel(desk)
    const hold = panel.getByRole('button', { name: 'Hold to talk' })
    await hold.focus()
    await desk.keyboard.down('Space')
    await panel.getByRole('button', { name: 'Talking', pressed: true }).waitFor()
    await phone().getByText('The dashboard is talking').waitFor()
    const before = await heardOnPhone()
    await expect.poll(heardOnPhone, { timeout: 15_000 }).toBeGreaterThan(before)
    await desk.keyboard.up('Space')
    await phone().getByText('The dashboard is talking').waitFor({ state: 'detached' })
    await hold.waitFor()
    // By hand as well.
    const box = await hold.boundingBox()
    await desk.mouse.move((box?.x ?? 0) + 10, (box?.y ?? 0) + 10)
    await desk.mouse.down()
    await phone().getByText('The dashboard is talking').waitFor()
    await desk.mouse.up()
    await phone().getByText('The dashboard is talking').waitFor({ state: 'detached' })
  } finally {
    await speaking.close()
  }
})

test('sound needs a direct connection, and the panel says so', async () => {
  await dashboard().goto(`${server().url}/?transport=relay`)
  await startCamera(phone(), await scan(dashboard()))
  await tile(dashboard(), 'live').waitFor()
  const panel = await openPanel()
  await panel.getByText('Sound needs a direct connection to the phone.').waitFor()
  // The picture stops here as well: nothing is uploaded while it is hidden.
  await panel.getByLabel('Hide picture').check()
  await tile(dashboard(), 'waiting').getByText('Picture is off').waitFor()
  await panel.getByLabel('Hide picture').uncheck()
  await tile(dashboard(), 'live').waitFor()
})

test('the panel is opened, used and left by keyboard', async () => {
  await join()
  await dashboard()
    .getByRole('button', { name: /^Controls:/ })
    .focus()
  await dashboard().keyboard.press('Enter')
  const panel = dashboard().getByRole('dialog')
  await panel.waitFor()
  await panel.getByLabel('Mirror').focus()
  await dashboard().keyboard.press('Space')
  await expect.poll(setting('mirror')).toBe(true)
  await dashboard().keyboard.press('Escape')
  await panel.waitFor({ state: 'detached' })
  expect(await dashboard().evaluate(() => document.activeElement?.getAttribute('aria-label'))).toMatch(
    /^Controls:/,
  )
})

test('a phone that is away says so at the control', async () => {
  await join()
  const panel = await openPanel()
  await phone().goto('about:blank')
  await panel.getByLabel('Mirror').check()
  await panel
    .getByRole('alert')
    .filter({ hasText: /did not answer|not here|not reached/ })
    .waitFor({ timeout: 15_000 })
})
