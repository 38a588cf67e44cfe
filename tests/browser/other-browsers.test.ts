/** The same pages in Firefox and WebKit, beside Chromium: as phone and as dashboard, on every step of the ladder. */
import type { Page } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { JPEG, readPicture, readRelayed } from '../../server/protocol/frames.ts'
import { aroundAll, closePagesAfterEach } from '../support/around.ts'
import type { Chromium } from '../support/chromium.ts'
import { appears, forget, press, says, type DrivenPage } from '../support/driven-page.ts'
import { startFirefox } from '../support/firefox.ts'
import { startInstances } from '../support/instances.ts'
import {
  blockDirect,
  canvasMoves,
  freshRoom,
  pictureMoves,
  scan,
  startCamera,
  startDesktop,
  startPhone,
} from '../support/pages.ts'
import { readQr } from '../support/qr.ts'
import { startTurn } from '../support/turn-server.ts'
import { startWebKit } from '../support/webkit.ts'

/** Opening three browsers takes its time where nothing of them is in the memory yet. */
const START_WITHIN = 180_000
/** For what is seen in one browser of several on a slow machine. */
const SEEN_WITHIN = { timeout: 45_000 }
const TURN_SECRET = 'tell-it-to-the-marines'

/** The codec of each picture that Chromium was sent, or sent, through the server. */
let codecs: Set<string>

const notesCodecs = async (starting: Promise<Chromium>): Promise<Chromium> => {
  const browser = await starting
  browser.context.on('page', (page) => {
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        const relayed = typeof payload === 'string' ? undefined : readRelayed(payload)
        if (relayed) codecs.add(relayed.picture.codec)
      })
      socket.on('framesent', ({ payload }) => {
        const picture = typeof payload === 'string' ? undefined : readPicture(payload)
        if (picture) codecs.add(picture.codec)
      })
    })
  })
  return browser
}
const turn = aroundAll(() => startTurn(TURN_SECRET), START_WITHIN)
/** Two that share their rooms. Dashboards are on the first. */
const instances = aroundAll(() => startInstances(2, { TURN_URLS: turn().url, TURN_SECRET }), START_WITHIN)
const desktop = aroundAll(() => notesCodecs(startDesktop()), START_WITHIN)
const handheld = aroundAll(() => notesCodecs(startPhone()), START_WITHIN)
const firefox = aroundAll(() => startFirefox(), START_WITHIN)
const webkit = aroundAll(() => startWebKit(), START_WITHIN)
beforeEach(() => {
  codecs = new Set()
})
afterEach(async () => {
  for (const page of [firefox(), webkit()]) await forget(page)
})
closePagesAfterEach(handheld, desktop)

const live = (transport: string) => `[data-camera][data-state="live"][data-transport="${transport}"]`
const ON_PHONE = '[data-state="live"]'
const SWITCHED_OFF = 'Direct video is switched off, so it goes through the server.'
const NO_DIRECT = 'One of the browsers has no direct video, so it goes through the server.'
const BLOCKED = 'Your network blocks direct video, so it goes through the server.'
const BROKE_OFF = 'Direct video broke off, so it goes through the server.'

/** The address of a code, on the other instance. */
const elsewhere = (url: string): string => {
  const address = new URL(url)
  address.port = String(instances().at(1).port)
  return address.href
}
/** A dashboard in Firefox or WebKit. @returns what its code says */
const openDriven = async (page: DrivenPage, search = ''): Promise<string> => {
  await page.resize(1280, 800)
  await page.goto(`${instances().at(0).url}/${search}`)
  await appears(page, 'img.qr')
  return readQr(await page.screenshot())
}
const openChromium = (search = '') => freshRoom(desktop(), `${instances().at(0).url}/${search}`)
const joinDriven = async (page: DrivenPage, url: string): Promise<void> => {
  await page.resize(390, 844)
  await page.goto(url)
  await press(page, 'Start camera')
}
const joinChromium = async (url: string): Promise<Page> => {
  const phone = await handheld().context.newPage()
  await startCamera(phone, url)
  return phone
}

describe('Firefox', () => {
  test('[MED-1] [MED-4] as phone: directly to a dashboard in Chromium, after a reload again by one tap', async () => {
    const dashboard = await openChromium()
    await joinDriven(firefox(), await scan(dashboard))
    await dashboard.locator(live('p2p')).waitFor(SEEN_WITHIN)
    expect(await pictureMoves(dashboard)).toBe(true)
    await says(firefox(), '1 watching')
    await firefox().reload()
    await press(firefox(), 'Resume camera')
    await appears(firefox(), ON_PHONE)
    await dashboard.locator(live('p2p')).waitFor(SEEN_WITHIN)
    expect(await pictureMoves(dashboard)).toBe(true)
  }, 120_000)

  test('[MED-1] as dashboard: directly from a phone with Chromium on another instance', async () => {
    const phone = await joinChromium(elsewhere(await openDriven(firefox())))
    await appears(firefox(), live('p2p'))
    expect(await pictureMoves(firefox())).toBe(true)
    await phone.locator(ON_PHONE).waitFor(SEEN_WITHIN)
  }, 120_000)

  test('[MED-5] [MED-6] as phone: through two instances to a dashboard in Chromium', async () => {
    const dashboard = await openChromium('?transport=relay')
    await joinDriven(firefox(), elsewhere(await scan(dashboard)))
    await dashboard.locator(live('relay')).waitFor(SEEN_WITHIN)
    expect(await canvasMoves(dashboard)).toBe(true)
    expect(codecs).not.toContain(JPEG)
    await dashboard.getByText(SWITCHED_OFF).waitFor(SEEN_WITHIN)
    await says(firefox(), SWITCHED_OFF)
  }, 120_000)

  test('[MED-5] [MED-6] as dashboard: through the server from a phone with Chromium', async () => {
    const phone = await joinChromium(await openDriven(firefox(), '?transport=relay'))
    await appears(firefox(), live('relay'))
    expect(await canvasMoves(firefox())).toBe(true)
    await says(firefox(), SWITCHED_OFF)
    await phone.getByText(SWITCHED_OFF).waitFor(SEEN_WITHIN)
  }, 120_000)

  test('[MED-1] [MED-5] [MED-6] as dashboard: through TURN, and through the server when that is away', async () => {
    const takeBack = await firefox().addScript(blockDirect)
    try {
      const phone = await joinChromium(await openDriven(firefox()))
      await appears(firefox(), live('turn'))
      expect(await pictureMoves(firefox())).toBe(true)
      await says(firefox(), BLOCKED)
      await phone.getByText(BLOCKED).waitFor(SEEN_WITHIN)
      await turn().kill()
      await appears(firefox(), live('relay'))
      expect(await canvasMoves(firefox())).toBe(true)
      await says(firefox(), BROKE_OFF)
      await phone.getByText(BROKE_OFF).waitFor(SEEN_WITHIN)
    } finally {
      await takeBack()
    }
  }, 180_000)
})

describe('WebKit without WebRTC', () => {
  test('[MED-4] [MED-5] [MED-6] as phone: through the server to a dashboard in Chromium, after a reload again by one tap', async () => {
    const dashboard = await openChromium()
    await joinDriven(webkit(), await scan(dashboard))
    await dashboard.locator(live('relay')).waitFor(SEEN_WITHIN)
    expect(await canvasMoves(dashboard)).toBe(true)
    expect(codecs).not.toContain(JPEG)
    await dashboard.getByText(NO_DIRECT).waitFor(SEEN_WITHIN)
    await says(webkit(), NO_DIRECT)
    await webkit().reload()
    await press(webkit(), 'Resume camera')
    await appears(webkit(), ON_PHONE)
    await dashboard.locator(live('relay')).waitFor(SEEN_WITHIN)
    expect(await canvasMoves(dashboard)).toBe(true)
  }, 120_000)

  test('[MED-6] as phone that reads tracks in workers alone, as Safari does: to a dashboard in Chromium', async () => {
    const dashboard = await openChromium()
    await webkit().resize(390, 844)
    await webkit().goto(await scan(dashboard))
    await webkit().evaluate(() => {
      delete (window as { MediaStreamTrackProcessor?: unknown }).MediaStreamTrackProcessor
    })
    await press(webkit(), 'Start camera')
    await dashboard.locator(live('relay')).waitFor(SEEN_WITHIN)
    expect(await canvasMoves(dashboard)).toBe(true)
    expect(codecs).not.toContain(JPEG)
  }, 120_000)

  test('[MED-5] [MED-6] as dashboard: through two instances from a phone with Chromium', async () => {
    const phone = await joinChromium(elsewhere(await openDriven(webkit())))
    await appears(webkit(), live('relay'))
    expect(await canvasMoves(webkit())).toBe(true)
    expect(codecs).not.toContain(JPEG)
    await says(webkit(), NO_DIRECT)
    await phone.getByText(NO_DIRECT).waitFor(SEEN_WITHIN)
  }, 120_000)

  test('[MED-6] as phone: through two instances to a dashboard in Firefox', async () => {
    await joinDriven(webkit(), elsewhere(await openDriven(firefox())))
    await appears(firefox(), live('relay'))
    expect(await canvasMoves(firefox())).toBe(true)
    await says(firefox(), NO_DIRECT)
  }, 120_000)

  test('[MED-6] as dashboard: through the server from a phone with Firefox', async () => {
    await joinDriven(firefox(), await openDriven(webkit()))
    await appears(webkit(), live('relay'))
    expect(await canvasMoves(webkit())).toBe(true)
    await says(firefox(), NO_DIRECT)
  }, 120_000)

  test('[MED-6] as dashboard: JPEG from a phone with a Firefox that has no WebCodecs', async () => {
    const takeBack = await firefox().addScript(() => {
      delete (window as { VideoEncoder?: unknown }).VideoEncoder
    })
    try {
      await joinDriven(firefox(), await openDriven(webkit()))
      await appears(webkit(), live('relay'))
      expect(await canvasMoves(webkit())).toBe(true)
    } finally {
      await takeBack()
    }
  }, 120_000)
})

test('no page has thrown or logged an error in Firefox', () => {
  // What it says itself when the TURN server is gone.
  expect(firefox().faults.filter((text) => !text.startsWith('WebRTC: ICE failed'))).toEqual([])
})
