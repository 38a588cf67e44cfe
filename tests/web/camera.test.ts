import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createCamera, type Camera } from '../../web/phone/camera.ts'
import { named, setUp } from './fake-camera.ts'

const settle = () => vi.advanceTimersByTimeAsync(0)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('starting', () => {
  it('asks for nothing before it is told to', () => {
    const { getUserMedia, status } = setUp()
    expect(getUserMedia).not.toHaveBeenCalled()
    expect(status()).toBe('off')
  })

  it('asks for the back camera at 720p30, picture only, and insists on nothing', async () => {
    const { camera, getUserMedia, status } = setUp()
    const started = camera.start()
    expect(status()).toBe('asking')
    await started
    expect(getUserMedia).toHaveBeenCalledExactlyOnceWith({
      audio: false,
      video: {
        width: { ideal: 1280 },
        height: { ideal: 720 },
        frameRate: { ideal: 30, max: 30 },
        facingMode: { ideal: 'environment' },
      },
    })
    expect(status()).toBe('live')
    expect(camera.picture.value).toEqual({ facing: 'back', width: 1280, height: 720, fps: 30 })
    expect(camera.source.value).toMatch(/^.{12}$/)
  })

  it.each([
    ['NotAllowedError', 'denied'],
    ['NotFoundError', 'missing'],
    ['NotReadableError', 'in-use'],
    ['TypeError', 'error'],
  ])('says what became of it: %s', async (name, fault) => {
    const { camera, getUserMedia, status } = setUp()
    getUserMedia.mockRejectedValueOnce(named(name))
    await camera.start()
    expect(status()).toBe(fault)
    expect(camera.source.value).toBeUndefined()
    await camera.start()
    expect(status()).toBe('live')
  })

  it('says that a page without https has no camera', async () => {
    setUp()
    vi.stubGlobal('navigator', {})
    const camera = createCamera()
    await camera.start()
    expect(camera.phase.value.status).toBe('insecure')
  })

  it('waits for a tap when the browser refuses a start without one', async () => {
    const { camera, getUserMedia, status } = setUp()
    getUserMedia.mockRejectedValueOnce(named('NotAllowedError'))
    await camera.resume()
    expect(status()).toBe('needs-tap')
  })

  it('gives back a camera that comes after Stop', async () => {
    const { camera, last, status } = setUp()
    const started = camera.start()
    camera.stop()
    await started
    expect(last().readyState).toBe('ended')
    expect(status()).toBe('off')
    expect(camera.track.value).toBeUndefined()
  })

  it('names each start anew', async () => {
    const { camera } = setUp()
    await camera.start()
    const first = camera.source.value
    camera.stop()
    expect(camera.source.value).toBeUndefined()
    await camera.start()
    expect(camera.source.value).not.toBe(first)
  })
})

describe('turning round', () => {
  it('stops the old camera before it asks for the other, and keeps the source', async () => {
    const { camera, tracks, mostOpen } = setUp()
    await camera.start()
    await settle()
    expect(camera.canSwitch.value).toBe(true)
    const source = camera.source.value
    await camera.turn()
    expect(camera.picture.value.facing).toBe('front')
    expect(camera.facing()).toBe('front')
    expect(tracks.map(({ readyState }) => readyState)).toEqual(['ended', 'live'])
    expect(mostOpen).toEqual([0, 0])
    expect(camera.source.value).toBe(source)
    await camera.turn()
    expect(camera.facing()).toBe('back')
  })

  it('comes back to the first camera when the other does not start', async () => {
    const { camera, getUserMedia, status } = setUp()
    await camera.start()
    getUserMedia.mockRejectedValueOnce(named('NotReadableError'))
    await camera.turn()
    expect(status()).toBe('live')
    expect(camera.facing()).toBe('back')
  })

  it('goes from device to device where cameras name no direction', async () => {
    const { camera, last } = setUp([{ id: 'one' }, { id: 'two' }])
    await camera.start()
    await camera.turn()
    expect(last().settings.deviceId).toBe('two')
    await camera.turn()
    expect(last().settings.deviceId).toBe('one')
  })

  it('is not offered with a single camera', async () => {
    const { camera } = setUp([{ id: 'one' }])
    await camera.start()
    await settle()
    expect(camera.canSwitch.value).toBe(false)
  })
})

describe('the light', () => {
  it('is offered where the camera has one, and switched', async () => {
    const { camera, last } = setUp()
    await camera.start()
    expect(camera.torch.value).toBe(false)
    await camera.setTorch(true)
    expect(last().applyConstraints).toHaveBeenCalledWith({ advanced: [{ torch: true }] })
    expect(camera.torch.value).toBe(true)
    await camera.turn()
    expect(camera.torch.value).toBeUndefined()
  })
})

describe('[MED-4] coming back', () => {
  const phase = (camera: Camera) => camera.phase.value

  it('says at once that the page is hidden, whatever the camera does, and goes on when it is shown', async () => {
    const { camera, last, page, tracks } = setUp()
    await camera.start()
    page.visibilityState = 'hidden'
    page.dispatchEvent(new Event('visibilitychange'))
    expect(phase(camera)).toEqual({ status: 'paused', why: 'hidden' })
    for (const muted of [true, false]) {
      last().mute(muted)
      expect(phase(camera)).toEqual({ status: 'paused', why: 'hidden' })
    }
    page.visibilityState = 'visible'
    await camera.revive()
    expect(phase(camera)).toEqual({ status: 'live' })
    expect(tracks).toHaveLength(1)
  })

  it.each(['pagehide', 'freeze'])('takes %s for a page that is hidden', async (event) => {
    const { camera, page } = setUp()
    await camera.start()
    ;(event === 'pagehide' ? window : page).dispatchEvent(new Event(event))
    expect(phase(camera)).toEqual({ status: 'paused', why: 'hidden' })
  })

  it('does not ask for the camera behind the person’s back, whatever else wakes the page', async () => {
    const { camera, last, page, tracks } = setUp()
    await camera.start()
    page.visibilityState = 'hidden'
    last().end()
    await expect(camera.revive()).resolves.toBe(false)
    expect(tracks).toHaveLength(1)
  })

  it('looks again and again whether another app has given the camera back, without a question', async () => {
    const { camera, last, getUserMedia, status } = setUp()
    await camera.start()
    const source = camera.source.value
    for (let time = 0; time < 3; time += 1) getUserMedia.mockRejectedValueOnce(named('NotReadableError'))
    last().end()
    const seen = new Set<string>()
    for (let time = 0; time < 120 && status() !== 'live'; time += 1) {
      seen.add(status())
      await vi.advanceTimersByTimeAsync(100)
    }
    expect([...seen]).toEqual(['paused'])
    expect(phase(camera)).toEqual({ status: 'live' })
    expect(camera.source.value).toBe(source)
    expect(getUserMedia).toHaveBeenCalledTimes(5)
  })

  it('looks no more once it is stopped', async () => {
    const { camera, last, getUserMedia, status } = setUp()
    await camera.start()
    getUserMedia.mockRejectedValue(named('NotReadableError'))
    last().end()
    await settle()
    expect(phase(camera)).toEqual({ status: 'paused', why: 'interrupted' })
    camera.stop()
    const before = getUserMedia.mock.calls.length
    await vi.advanceTimersByTimeAsync(60_000)
    expect(getUserMedia).toHaveBeenCalledTimes(before)
    expect(status()).toBe('off')
  })

  it('tries a busy camera again when the person comes back from the app that had it', async () => {
    const { camera, getUserMedia, status } = setUp()
    getUserMedia.mockRejectedValueOnce(named('NotReadableError'))
    await camera.start()
    expect(status()).toBe('in-use')
    await camera.revive()
    expect(status()).toBe('live')
    expect(camera.source.value).toBeDefined()
  })

  it('pauses while another app holds the camera, and goes on by itself', async () => {
    const { camera, last, status, tracks } = setUp()
    await camera.start()
    last().mute(true)
    expect(phase(camera)).toEqual({ status: 'paused', why: 'interrupted' })
    last().mute(false)
    expect(status()).toBe('live')
    expect(tracks).toHaveLength(1)
  })

  it('leaves a healthy camera alone', async () => {
    const { camera, tracks } = setUp()
    await camera.start()
    await expect(camera.revive()).resolves.toBe(false)
    expect(tracks).toHaveLength(1)
  })

  it('waits a moment for a muted camera before it asks again', async () => {
    const { camera, last, status, tracks } = setUp()
    await camera.start()
    last().mute(true)
    const soon = camera.revive()
    await vi.advanceTimersByTimeAsync(300)
    last().mute(false)
    await expect(soon).resolves.toBe(false)
    last().mute(true)
    const never = camera.revive()
    await vi.advanceTimersByTimeAsync(700)
    await expect(never).resolves.toBe(true)
    expect(tracks).toHaveLength(2)
    expect(status()).toBe('live')
  })

  it('stays off when it is stopped while it waits for a muted camera', async () => {
    const { camera, last, status, tracks } = setUp()
    await camera.start()
    last().mute(true)
    const soon = camera.revive()
    await vi.advanceTimersByTimeAsync(300)
    camera.stop()
    await vi.advanceTimersByTimeAsync(700)
    await expect(soon).resolves.toBe(false)
    expect(tracks).toHaveLength(1)
    expect(status()).toBe('off')
  })

  it('replaces a camera that died while the page was hidden, with the same source and once', async () => {
    const { camera, last, page, status, tracks } = setUp()
    await camera.start()
    const source = camera.source.value
    page.visibilityState = 'hidden'
    last().end()
    await settle()
    expect(status()).toBe('paused')
    expect(tracks).toHaveLength(1)
    page.visibilityState = 'visible'
    await expect(Promise.all([camera.revive(), camera.revive()])).resolves.toEqual([true, true])
    expect(tracks).toHaveLength(2)
    expect(camera.track.value).toBe(last())
    expect(camera.source.value).toBe(source)
  })

  it("asks again at once when the camera dies before the person's eyes", async () => {
    const { camera, last, status, tracks } = setUp()
    await camera.start()
    last().end()
    await settle()
    expect(tracks).toHaveLength(2)
    expect(status()).toBe('live')
  })

  it('waits for a tap where the browser wants one, and keeps the source', async () => {
    const { camera, last, page, getUserMedia, status } = setUp()
    await camera.start()
    const source = camera.source.value
    page.visibilityState = 'hidden'
    last().end()
    page.visibilityState = 'visible'
    getUserMedia.mockRejectedValueOnce(named('NotAllowedError'))
    await camera.revive()
    expect(status()).toBe('needs-tap')
    expect(camera.source.value).toBe(source)
    await camera.start()
    expect(status()).toBe('live')
  })

  it('does nothing for a camera that is off', async () => {
    const { camera, getUserMedia } = setUp()
    await expect(camera.revive()).resolves.toBe(false)
    expect(getUserMedia).not.toHaveBeenCalled()
  })

  it('has every watcher ask anew when it is renewed', async () => {
    const { camera, tracks } = setUp()
    camera.renew()
    expect(camera.source.value).toBeUndefined()
    await camera.start()
    const source = camera.source.value
    camera.renew()
    expect(camera.source.value).not.toBe(source)
    expect(tracks).toHaveLength(1)
  })
})
