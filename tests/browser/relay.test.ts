/** Pictures through the server, in real browsers: when direct video is off, missing, blocked, and back again. */
import type { Page, WebSocket } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { readPicture } from '../../server/protocol/frames.ts'
import { issueCode } from '../support/app.ts'
import { aroundAll, aroundEach, closePagesAfterEach } from '../support/around.ts'
import {
  blockDirect,
  canvasMoves,
  freshRoom,
  hostToken,
  liveBy,
  pictureMoves,
  scan,
  startCamera,
  startDesktop,
  startPhone,
  tile,
} from '../support/pages.ts'
import { startServer } from '../support/server-process.ts'

const server = aroundAll(() => startServer({ ICE_SERVERS: '[]' }))
const desktop = aroundAll(() => startDesktop())
const other = aroundAll(() => startDesktop())
const handheld = aroundAll(() => startPhone())
closePagesAfterEach(handheld, other, desktop)
/** Each picture that the phone sent to the server, as `stream:number`. */
let uploaded: string[] = []
/** The codec of each. */
let codecs: string[] = []
const phone = aroundEach(async () => {
  uploaded = []
  codecs = []
  const page = await handheld().context.newPage()
  page.on('websocket', (socket: WebSocket) => {
    socket.on('framesent', ({ payload }) => {
      if (typeof payload === 'string') return
      const picture = readPicture(payload)
      if (!picture) return
      uploaded.push(`${picture.stream}:${picture.number}`)
      codecs.push(picture.codec)
    })
  })
  return page
})

const relayOnly = (url: string): string => {
  const address = new URL(url)
  address.searchParams.set('transport', 'relay')
  return address.href
}
const openDashboard = (url = server().url) => freshRoom(desktop(), url)
const join = async (dashboard: Page) => startCamera(phone(), await scan(dashboard))
const relayed = (page: Page) => liveBy(page, 'relay')

/** The stream of each picture that the phone sent. */
const streams = () => uploaded.map((picture) => picture.split(':')[0])

describe('direct video is switched off', () => {
  test('[MED-1] [MED-5] [MED-6] the picture moves through the server, and both screens say why', async () => {
    const dashboard = await openDashboard(relayOnly(server().url))
    await join(dashboard)
    await relayed(dashboard).waitFor()
    expect(await canvasMoves(dashboard)).toBe(true)
    expect(await tile(dashboard).locator('video').count()).toBe(0)
    await dashboard.getByText('Through the server', { exact: true }).waitFor()
    const why = 'Direct video is switched off, so it goes through the server.'
    await dashboard.getByText(why).waitFor()
    await phone().locator('[data-state="live"]').waitFor()
    await phone().getByText(why).waitFor()
  })

  test('[MED-6] two watchers get it from one upload, which ends with the last of them', async () => {
    const dashboard = await openDashboard(relayOnly(server().url))
    await join(dashboard)
    await relayed(dashboard).waitFor()
    const invitation = await issueCode(server().url, await hostToken(dashboard), 'viewer')
    const viewer = await other().open(relayOnly(invitation.url))
    await viewer.getByRole('button', { name: 'Watch' }).click()
    await relayed(viewer).waitFor()
    await phone().getByText('2 watching', { exact: true }).waitFor()
    expect(await canvasMoves(viewer)).toBe(true)
    expect(await canvasMoves(dashboard)).toBe(true)
    expect(new Set(uploaded).size).toBe(uploaded.length)
    expect(new Set(streams()).size).toBe(1)

    await viewer.close()
    await phone().getByText('1 watching', { exact: true }).waitFor()
    expect(await canvasMoves(dashboard)).toBe(true)
    await dashboard.close()
    await phone().locator('[data-state="waiting"]').waitFor()
    await expect.poll(() => sentIn(500), { timeout: 10_000 }).toBe(0)
  })

  test('[MED-4] it comes back by itself when the phone, then the dashboard reloads', async () => {
    const dashboard = await openDashboard(relayOnly(server().url))
    await join(dashboard)
    await relayed(dashboard).waitFor()
    const before = new Set(streams())
    await phone().reload()
    await expect.poll(() => streams().some((stream) => !before.has(stream)), { timeout: 30_000 }).toBe(true)
    await relayed(dashboard).waitFor()
    expect(await canvasMoves(dashboard)).toBe(true)
    await phone().locator('[data-state="live"]').waitFor()
    await dashboard.reload()
    await relayed(dashboard).waitFor()
    expect(await canvasMoves(dashboard)).toBe(true)
  })
})

/** Pictures that the phone sends in so many milliseconds. */
const sentIn = async (ms: number): Promise<number> => {
  const before = uploaded.length
  await phone().waitForTimeout(ms)
  return uploaded.length - before
}

test('[MED-6] a phone without WebRTC is live through the server at once', async () => {
  await phone().addInitScript(() => {
    delete (window as { RTCPeerConnection?: unknown }).RTCPeerConnection
  })
  const dashboard = await openDashboard()
  await join(dashboard)
  await relayed(dashboard).waitFor({ timeout: 6_000 })
  expect(await canvasMoves(dashboard)).toBe(true)
  await phone().getByText('One of the browsers has no direct video').waitFor()
})

test('[MED-6] a phone without WebCodecs sends JPEG', async () => {
  await phone().addInitScript(() => {
    delete (window as { VideoEncoder?: unknown }).VideoEncoder
  })
  const dashboard = await openDashboard(relayOnly(server().url))
  await join(dashboard)
  await relayed(dashboard).waitFor()
  expect(await canvasMoves(dashboard)).toBe(true)
})

test('[MED-6] a dashboard without WebCodecs is sent JPEG', async () => {
  const dashboard = await openDashboard()
  await dashboard.addInitScript(() => {
    delete (window as { VideoDecoder?: unknown }).VideoDecoder
  })
  await dashboard.goto(relayOnly(server().url))
  await join(dashboard)
  await relayed(dashboard).waitFor()
  expect(await canvasMoves(dashboard)).toBe(true)
})

test('[MED-6] a dashboard that does not show a form which its browser promised is sent another', async () => {
  const dashboard = await openDashboard()
  await dashboard.addInitScript(() => {
    const Native = window.VideoDecoder
    window.VideoDecoder = class extends Native {
      override configure(config: VideoDecoderConfig) {
        if (config.codec.startsWith('avc1')) throw new DOMException('Not this one', 'NotSupportedError')
        super.configure(config)
      }
    }
  })
  await dashboard.goto(relayOnly(server().url))
  await join(dashboard)
  await relayed(dashboard).waitFor({ timeout: 45_000 })
  expect(await canvasMoves(dashboard)).toBe(true)
  expect(new Set(codecs.map((codec) => codec.slice(0, 4)))).toEqual(new Set(['avc1', 'vp8']))
}, 120_000)

test('[MED-1] [MED-6] a blocked network: through the server after 6 s, and back to direct video when that works', async () => {
  const dashboard = await openDashboard()
  await dashboard.addInitScript(blockDirect)
  await dashboard.reload()
  await join(dashboard)
  await relayed(dashboard).waitFor()
  await dashboard.getByText('Your network blocks direct video, so it goes through the server.').waitFor()
  expect(await canvasMoves(dashboard)).toBe(true)

  await dashboard.evaluate(() => {
    ;(window as unknown as { allowDirect?: boolean }).allowDirect = true
  })
  await liveBy(dashboard, 'p2p').waitFor({ timeout: 60_000 })
  expect(await pictureMoves(dashboard)).toBe(true)
  expect(await tile(dashboard).locator('canvas').count()).toBe(0)
  await phone().locator('[data-state="live"]').waitFor()
  await expect.poll(() => sentIn(500), { timeout: 10_000 }).toBe(0)
}, 120_000)
