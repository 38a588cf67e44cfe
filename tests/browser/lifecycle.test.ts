import { describe, expect, onTestFinished, test } from 'vitest'
import { aroundAll, aroundEach } from '../support/around.ts'
import {
  freshRoom,
  joinAsCamera,
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
const handheld = aroundAll(() => startPhone())
const dashboard = aroundEach(() => freshRoom(desktop(), server().url))
const phone = aroundEach(async () => {
  const page = await handheld().context.newPage()
  await page.addInitScript(() => {
    // Locks as the browser gives them, and takes them back.
    const seen = window as unknown as { locks: Lock[]; asked: number }
    class Lock extends EventTarget {
      released = false
      release(): Promise<void> {
        this.released = true
        this.dispatchEvent(new Event('release'))
        return Promise.resolve()
      }
    }
    seen.locks = []
    seen.asked = 0
    navigator.wakeLock.request = () => {
      const lock = new Lock()
      seen.locks.push(lock)
      return Promise.resolve(lock as unknown as WakeLockSentinel)
    }
    const { mediaDevices } = navigator
    const ask = mediaDevices.getUserMedia.bind(mediaDevices)
    mediaDevices.getUserMedia = (constraints) => {
      seen.asked += 1
      return ask(constraints)
    }
  })
  return page
})

async function goLive(): Promise<void> {
  await joinAsCamera(dashboard(), phone())
  await phone().locator('[data-state="live"]').waitFor()
}

/** Measures the longest pause between two frames of the dashboard's picture from now on. */
const watchGaps = () =>
  dashboard().evaluate(() => {
    const probe = window as unknown as { longestGap: () => number }
    const video = document.querySelector<HTMLVideoElement>('[data-camera] video')
    if (!video) throw new Error('There is no picture to watch')
    let longest = 0
    let last = performance.now()
    const step = () => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
      video.requestVideoFrameCallback(step)
    }
    video.requestVideoFrameCallback(step)
    // A pause that has not ended counts too.
    probe.longestGap = () => Math.max(longest, performance.now() - last)
  })
const longestGap = () =>
  dashboard().evaluate(() => (window as unknown as { longestGap: () => number }).longestGap())

describe('the phone’s page goes to the background and comes back', () => {
  const show = (visibility: 'hidden' | 'visible') =>
    phone().evaluate((state) => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state })
      document.dispatchEvent(new Event('visibilitychange'))
    }, visibility)
  /** As iOS does it: the wake lock goes and the track dies, which it tells only where it has the time. */
  const takeAway = (tell: boolean) =>
    phone().evaluate((told) => {
      const { locks } = window as unknown as { locks: WakeLockSentinel[] }
      for (const lock of locks) void lock.release()
      const stream = document.querySelector<HTMLVideoElement>('video.preview')?.srcObject
      if (!(stream instanceof MediaStream)) throw new Error('There is no camera to take')
      for (const track of stream.getTracks()) {
        track.stop()
        if (told) track.dispatchEvent(new Event('ended'))
      }
    }, tell)
  const counts = () =>
    phone().evaluate(() => {
      const { locks, asked } = window as unknown as { locks: WakeLockSentinel[]; asked: number }
      return { awake: locks.filter(({ released }) => !released).length, asked }
    })

  test.for([
    ['the browser tells that the camera ended', true],
    ['the camera is found dead on return', false],
  ] as const)('[MED-4] %s: live again by itself, the screen kept awake', async ([, tell]) => {
    await goLive()
    expect(await counts()).toEqual({ awake: 1, asked: 1 })
    const id = await tile(dashboard()).getAttribute('data-camera')
    await show('hidden')
    await takeAway(tell)
    // Nothing is asked for behind the person's back, and the dashboard stops saying live.
    await dashboard().locator('[data-camera]:not([data-state="live"])').waitFor()
    expect(await counts()).toEqual({ awake: 0, asked: 1 })

    await show('visible')
    await phone().locator('[data-state="live"]').waitFor()
    await tile(dashboard(), 'live', id ?? '').waitFor()
    expect(await pictureMoves(dashboard())).toBe(true)
    expect(await counts()).toEqual({ awake: 1, asked: 2 })
    expect(await tile(dashboard()).count()).toBe(1)
  })

  /** Waits for these words in the tile; milliseconds from now, on the page's own clock. */
  const saidAfter = (words: string, began: number) =>
    dashboard().evaluate(
      ([wanted, since]) =>
        new Promise<number>((resolve) => {
          const look = () => {
            if (document.querySelector('[data-camera]')?.textContent?.includes(wanted))
              resolve(Date.now() - since)
            else requestAnimationFrame(look)
          }
          look()
        }),
      [words, began] as const,
    )
  const now = () => phone().evaluate(() => Date.now())

  test('[MED-5] the dashboard says within a second that the phone is in the background or locked', async () => {
    await goLive()
    const took: number[] = []
    // The best of three, since a busy machine is slow for other reasons.
    for (let round = 0; round < 3; round += 1) {
      const began = await now()
      await show('hidden')
      await takeAway(false)
      took.push(await saidAfter('is in the background or locked', began))
      await tile(dashboard(), 'waiting').getByText('Paused', { exact: true }).waitFor()
      await show('visible')
      await tile(dashboard(), 'live').waitFor()
    }
    expect(Math.min(...took)).toBeLessThan(1_000)
  })

  test('[MED-4] [MED-5] another app takes the camera: both pages say so, and it is live again when it is free', async () => {
    await goLive()
    // Held elsewhere: the track has ended, and who asks is told that the camera is in use.
    await phone().evaluate(() => {
      const { mediaDevices } = navigator
      const ask = mediaDevices.getUserMedia.bind(mediaDevices)
      const taken = window as unknown as { free?: boolean }
      mediaDevices.getUserMedia = (constraints) =>
        taken.free ? ask(constraints) : Promise.reject(new DOMException('In use', 'NotReadableError'))
    })
    await takeAway(true)
    await saidAfter('Another app, or a call, uses the camera', await now())
    await phone().getByText('Another app, or a call, uses the camera').first().waitFor()
    await phone().evaluate(() => Object.assign(window, { free: true }))
    await tile(dashboard(), 'live').waitFor()
    expect(await pictureMoves(dashboard())).toBe(true)
    await phone().locator('[data-state="live"]').waitFor()
  })

  test('[MED-4] [MED-5] a call mutes the camera while its page is in view', async () => {
    await goLive()
    // What the browser does for a call: no more pictures, and the track says that it is muted.
    const mute = (muted: boolean) =>
      phone().evaluate((on) => {
        const stream = document.querySelector<HTMLVideoElement>('video.preview')?.srcObject
        const track = stream instanceof MediaStream ? stream.getVideoTracks()[0] : undefined
        if (!track) throw new Error('There is no camera to mute')
        track.enabled = !on
        Object.defineProperty(track, 'muted', { configurable: true, get: () => on })
        track.dispatchEvent(new Event(on ? 'mute' : 'unmute'))
      }, muted)
    const took: number[] = []
    for (let round = 0; round < 3; round += 1) {
      const began = await now()
      await mute(true)
      took.push(await saidAfter('Another app, or a call, uses the camera', began))
      await mute(false)
      await tile(dashboard(), 'live').waitFor()
    }
    expect(Math.min(...took)).toBeLessThan(1_000)
    expect(await pictureMoves(dashboard())).toBe(true)
    expect((await counts()).asked).toBe(1)
  })

  test('[MED-5] a hidden page is told of before the browser freezes it, and [MED-4] comes back from a freeze', async () => {
    await goLive()
    // Nothing that the page says behind the event leaves it: as a frozen page, whose timers and answers wait.
    await phone().evaluate(() => {
      document.dispatchEvent(new Event('freeze'))
      const send = WebSocket.prototype.send
      const page = window as unknown as { thaw: () => void }
      WebSocket.prototype.send = () => {}
      page.thaw = () => {
        WebSocket.prototype.send = send
      }
      const stream = document.querySelector<HTMLVideoElement>('video.preview')?.srcObject
      if (stream instanceof MediaStream) for (const track of stream.getTracks()) track.stop()
    })
    await dashboard().getByText('is in the background or locked').waitFor()
    await phone().evaluate(() => {
      ;(window as unknown as { thaw: () => void }).thaw()
      document.dispatchEvent(new Event('resume'))
    })
    await tile(dashboard(), 'live').waitFor()
    expect(await pictureMoves(dashboard())).toBe(true)
    expect((await counts()).asked).toBe(2)
  })

  test('[MED-4] hidden for a moment with the camera alive: nothing is asked again and the picture plays on', async () => {
    await goLive()
    await watchGaps()
    await show('hidden')
    await show('visible')
    expect(await pictureMoves(dashboard())).toBe(true)
    expect((await counts()).asked).toBe(1)
    expect(await longestGap()).toBeLessThan(1_000)
  })
})

describe('a claim whose answer is lost', () => {
  test('[MED-4] after a reload the phone has its session, without a second scan or tap', async () => {
    const claims: (string | null)[] = []
    await phone().route('**/api/pairings', async (route) => {
      claims.push(route.request().postData())
      if (claims.length > 1) return route.continue()
      // The server has answered, and the answer never arrives.
      await route.fetch()
      return undefined
    })
    await startCamera(phone(), await scan(dashboard()))
    await expect.poll(() => claims.length).toBe(1)
    await phone().reload()
    await phone().locator('[data-state="live"]').waitFor()
    await tile(dashboard(), 'live').waitFor()
    expect(claims).toHaveLength(2)
    expect(claims[1]).toBe(claims[0])
    expect(new URL(phone().url()).hash).toBe('')
    expect(await phone().evaluate(() => sessionStorage.length)).toBe(0)
  })
})

describe('the server restarts under live video', () => {
  test('[MED-4] [MED-5] the picture plays on, both pages say what happened, and one tap each pairs anew', async () => {
    await goLive()
    await watchGaps()
    const stopped = server().stop()
    await phone().locator('.lost').waitFor()
    expect(await phone().locator('.lost').textContent()).toMatch(/^Reconnecting to the server · \d+ s$/)
    await dashboard()
      .getByText(/server unreachable|reconnecting/i)
      .first()
      .waitFor()
    await stopped
    // A hundred frames without a server: over three seconds.
    for (let round = 0; round < 5; round += 1) expect(await pictureMoves(dashboard())).toBe(true)
    expect(await phone().locator('[data-state="live"]').count()).toBe(1)
    expect(await longestGap()).toBeLessThan(1_000)

    // Its memory is gone, and the session with it.
    const next = await startServer({ ICE_SERVERS: '[]', PORT: String(server().port) })
    onTestFinished(async () => void (await next.stop()))
    await phone().getByRole('heading', { name: 'This pairing has ended' }).waitFor()
    await phone().getByText('Scan the code on the dashboard').waitFor()
    await dashboard()
      .getByRole('heading', { name: /session has ended/i })
      .waitFor()

    await dashboard().getByRole('button', { name: 'Start a new room' }).click()
    const url = await scan(dashboard())
    await phone().getByRole('button', { name: 'Scan the code' }).tap()
    await phone().getByRole('dialog', { name: 'Scan the code' }).waitFor()
    await startCamera(phone(), url)
    await tile(dashboard(), 'live').waitFor()
    expect(await pictureMoves(dashboard())).toBe(true)
  }, 120_000)
})
