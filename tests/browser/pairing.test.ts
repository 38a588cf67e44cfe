import { describe, expect, test } from 'vitest'
import { aroundAll, aroundEach } from '../support/around.ts'
import { startCutProxy } from '../support/cut-proxy.ts'
import {
  freshRoom,
  joinAsCamera,
  pictureMoves,
  scan,
  startButton,
  startCamera,
  startDesktop,
  startPhone,
  tile,
} from '../support/pages.ts'
import { startServer, type ServerProcess } from '../support/server-process.ts'

const proxy = aroundAll(() => startCutProxy(() => server().port))
const server: () => ServerProcess = aroundAll(() =>
  startServer({ PUBLIC_URL: proxy().url, ICE_SERVERS: '[]' }),
)
const desktop = aroundAll(() => startDesktop())
const dashboard = aroundEach(() => freshRoom(desktop(), proxy().url))

describe('a phone that allows its camera', () => {
  const handheld = aroundAll(() => startPhone())
  const phone = aroundEach(async () => {
    const page = await handheld().context.newPage()
    // Counts questions for the camera, to prove that there is none before the tap.
    await page.addInitScript(() => {
      const counter = window as unknown as { asked: number }
      counter.asked = 0
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
      navigator.mediaDevices.getUserMedia = (constraints) => {
        counter.asked += 1
        return ask(constraints)
      }
    })
    return page
  })

  const timesAsked = () => phone().evaluate(() => (window as unknown as { asked: number }).asked)

  const goLive = () => joinAsCamera(dashboard(), phone())

  test('[MED-2] [MED-3] [MED-1] scan, one tap, and the picture moves on the dashboard', async () => {
    const url = await scan(dashboard())
    expect(url).toMatch(new RegExp(`^${proxy().url}/p#[\\w-]{22}$`))
    await phone().goto(url)
    await startButton(phone()).waitFor()
    await phone().getByText('My room').waitFor()
    expect(await timesAsked()).toBe(0)
    expect(await tile(dashboard()).count()).toBe(0)

    await startButton(phone()).tap()
    await tile(dashboard(), 'live').waitFor()
    expect(await tile(dashboard()).getAttribute('data-transport')).toBe('p2p')
    expect(await pictureMoves(dashboard())).toBe(true)
    await phone().locator('[data-state="live"]').waitFor()
    expect(await timesAsked()).toBe(1)
    // The secret is gone from the address bar once the claim was answered.
    expect(new URL(phone().url()).hash).toBe('')
    expect(handheld().faults).toEqual([])
    expect(desktop().faults).toEqual([])
  })

  test('[MED-2] with a camera in, a new code stands beside the picture, and the old one is used up', async () => {
    const first = await scan(dashboard())
    await startCamera(phone(), first)
    await tile(dashboard(), 'live').waitFor()
    await dashboard().waitForFunction((old) => {
      const shown = document.querySelector('img.qr')?.getAttribute('data-pairing-url')
      return shown !== null && shown !== undefined && shown !== old
    }, first)
    expect(await scan(dashboard())).not.toBe(first)

    await phone().goto('about:blank')
    await phone().goto(first)
    await phone()
      .getByText(/used already/i)
      .first()
      .waitFor()
  })

  test('[MED-4] [SESS-1] after a reload of the phone it is live again without a scan, as the same member', async () => {
    await goLive()
    const who = async () => [
      await tile(dashboard()).getAttribute('data-camera'),
      await tile(dashboard()).getAttribute('aria-label'),
    ]
    const before = await who()
    await phone().reload()
    await phone().locator('[data-state="live"]').waitFor()
    await tile(dashboard(), 'live').waitFor()
    expect(await pictureMoves(dashboard())).toBe(true)
    expect(await tile(dashboard()).count()).toBe(1)
    expect(await who()).toEqual(before)
  })

  test('[MED-4] [SESS-1] after a reload of the dashboard it is host of the same room, and the picture is back', async () => {
    await goLive()
    const room = async () =>
      dashboard().evaluate(async () => {
        const { token } = JSON.parse(localStorage.getItem('pairlens:dashboard') ?? '{}') as { token: string }
        const answer = await fetch('/api/session', { headers: { authorization: `Bearer ${token}` } })
        const view = (await answer.json()) as {
          room: { id: string }
          session: { id: string; role: string; name: string }
        }
        return [view.room.id, view.session.id, view.session.role, view.session.name]
      })
    const before = await room()
    expect(before[2]).toBe('host')
    await dashboard().reload()
    await tile(dashboard(), 'live').waitFor()
    expect(await pictureMoves(dashboard())).toBe(true)
    expect(await room()).toEqual(before)
  })

  test('[MED-4] when every socket is cut, the video plays on and both pages come back by themselves', async () => {
    await goLive()
    // From here on no frame may be lost for longer than a second.
    await dashboard().evaluate(() => {
      const probe = window as unknown as { longestGap: number }
      probe.longestGap = 0
      const video = document.querySelector('video')
      let last = performance.now()
      const step = () => {
        probe.longestGap = Math.max(probe.longestGap, performance.now() - last)
        last = performance.now()
        video?.requestVideoFrameCallback(step)
      }
      video?.requestVideoFrameCallback(step)
    })
    proxy().refusing = true
    proxy().cut()
    await dashboard()
      .getByText(/reconnecting|server unreachable|not reachable/i)
      .first()
      .waitFor()
    expect(await pictureMoves(dashboard())).toBe(true)
    proxy().refusing = false
    await phone().locator('[data-state="live"]').waitFor()
    await dashboard()
      .getByText(/on this server only/i)
      .first()
      .waitFor()
    expect(await tile(dashboard(), 'live').count()).toBe(1)
    expect(await pictureMoves(dashboard())).toBe(true)
    expect(
      await dashboard().evaluate(() => (window as unknown as { longestGap: number }).longestGap),
    ).toBeLessThan(1_000)
  })

  test('[MED-1] stop ends the picture within 3 s, and the same phone starts again without a scan', async () => {
    await goLive()
    await phone().getByRole('button', { name: 'Stop' }).tap()
    await dashboard().waitForFunction(
      () => document.querySelector('[data-camera]')?.getAttribute('data-state') !== 'live',
      undefined,
      { timeout: 3_000 },
    )
    await startButton(phone()).tap()
    await tile(dashboard(), 'live').waitFor()
    expect(await pictureMoves(dashboard())).toBe(true)
  })

  test('[MED-1] a removed camera leaves the dashboard, and its page says so', async () => {
    await goLive()
    const id = await tile(dashboard()).getAttribute('data-camera')
    await dashboard().evaluate(async (member) => {
      const seat = JSON.parse(localStorage.getItem('pairlens:dashboard') ?? '{}') as { token: string }
      await fetch(`/api/room/members/${member}`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${seat.token}` },
      })
    }, id)
    await tile(dashboard()).waitFor({ state: 'detached', timeout: 5_000 })
    await phone()
      .getByText(/removed/i)
      .first()
      .waitFor()
  })

  test('two phones are two tiles', async () => {
    await goLive()
    const second = await startPhone()
    try {
      await startCamera(await second.context.newPage(), await scan(dashboard()))
      await dashboard().waitForFunction(
        () => document.querySelectorAll('[data-camera][data-state="live"]').length === 2,
      )
      for (const element of await tile(dashboard()).all()) {
        expect(await pictureMoves(dashboard(), (await element.getAttribute('data-camera')) ?? '')).toBe(true)
      }
    } finally {
      await second.close()
    }
  })
})

describe('failures are said on both screens [MED-5]', () => {
  test('[MED-5] [MED-3] a refused permission', async () => {
    const handheld = await startPhone({ camera: 'denied' })
    try {
      const phone = await handheld.context.newPage()
      await startCamera(phone, await scan(dashboard()))
      await phone.locator('[data-state="failed"]').waitFor()
      await phone
        .getByText(/camera/i)
        .first()
        .waitFor()
      await tile(dashboard()).waitFor()
      await tile(dashboard())
        .getByText(/permission|allow|refused|denied|blocked/i)
        .first()
        .waitFor()
    } finally {
      await handheld.close()
    }
  })

  test('[MED-5] no camera at all', async () => {
    const handheld = await startPhone({ camera: 'none' })
    try {
      const phone = await handheld.context.newPage()
      await startCamera(phone, await scan(dashboard()))
      await phone.locator('[data-state="failed"]').waitFor()
      await tile(dashboard())
        .getByText(/no camera/i)
        .first()
        .waitFor()
    } finally {
      await handheld.close()
    }
  })
})
