import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { adjust } from '../../web/phone/adjust.ts'
import { cameraAnswers } from '../../web/phone/direction/camera-answers.ts'
import { lensesOf } from '../../web/phone/direction/lenses.ts'
import { named, setUp } from './fake-camera.ts'

const HOST = 'host' as never
const settle = () => vi.advanceTimersByTimeAsync(0)

/** Keeps the next question for a camera open, until it is let go. */
const hold = ({ getUserMedia }: ReturnType<typeof setUp>) => {
  const ask = getUserMedia.getMockImplementation()
  if (!ask) throw new Error('Nothing answers')
  let letGo = () => {}
  getUserMedia.mockImplementationOnce(async (constraints) => {
    await new Promise<void>((resolve) => {
      letGo = resolve
    })
    return ask(constraints)
  })
  return { letGo: () => letGo() }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('another camera is asked for', () => {
  it('stays off when the person stops it meanwhile', async () => {
    for (const change of ['choose', 'turn'] as const) {
      const all = setUp()
      const { camera, status, tracks } = all
      await camera.start()
      const { letGo } = hold(all)
      const changed = change === 'turn' ? camera.turn() : camera.choose({ deviceId: 'front' })
      await settle()
      camera.stop()
      letGo()
      expect(await changed).not.toBe('taken')
      await settle()
      expect(status()).toBe('off')
      expect(tracks.filter(({ readyState }) => readyState === 'live')).toEqual([])
    }
  })

  it('one after the other, where two ask at once: the last one counts', async () => {
    const all = setUp([{ facing: 'environment', id: 'back' }, { facing: 'user', id: 'front' }, { id: 'far' }])
    const { camera, last, mostOpen, status } = all
    await camera.start()
    const { letGo } = hold(all)
    const first = camera.choose({ deviceId: 'front' })
    const second = camera.choose({ deviceId: 'far' })
    await settle()
    letGo()
    expect(await Promise.all([first, second])).toEqual(['taken', 'taken'])
    expect(last().getSettings().deviceId).toBe('far')
    expect(status()).toBe('live')
    expect(Math.max(...mostOpen)).toBe(0)
  })

  it('goes back to the one before where it does not start, under the same source', async () => {
    for (const change of ['choose', 'turn'] as const) {
      const all = setUp()
      const { camera, getUserMedia, last, status } = all
      await camera.start()
      const source = camera.source.value
      const sources: unknown[] = []
      camera.source.subscribe((now) => sources.push(now))
      getUserMedia.mockRejectedValueOnce(named('NotReadableError'))
      const outcome = await (change === 'turn' ? camera.turn() : camera.choose({ deviceId: 'front' }))
      if (change === 'choose') expect(outcome).toBe('back')
      expect(last().getSettings().deviceId).toBe('back')
      expect(status()).toBe('live')
      // A source that ends means a new start: the picture would not be hidden any more, the microphone off.
      expect(sources).toEqual([source])
    }
  })

  it('says so to who asked: it did not start, or it was stopped meanwhile', async () => {
    const all = setUp()
    const { camera, getUserMedia } = all
    const answers = cameraAnswers(camera, () => {})
    await expect(answers.facing({ to: 'front' }, HOST)).rejects.toMatchObject({ code: 'not-now' })
    await camera.start()
    getUserMedia.mockRejectedValueOnce(named('NotReadableError'))
    const { id } = await lensOf('front')
    await expect(answers.lens({ id }, HOST)).rejects.toMatchObject({ code: 'failed' })
    const { letGo } = hold(all)
    const stopped = answers.lens({ id }, HOST).catch((cause: unknown) => cause)
    await settle()
    camera.stop()
    letGo()
    expect(await stopped).toMatchObject({ code: 'not-now' })
  })
})

/** As the dashboard was told of it. */
const lensOf = async (deviceId: string) => {
  const all = lensesOf(await navigator.mediaDevices.enumerateDevices())
  const lens = all.find((one) => one.deviceId === deviceId)
  if (!lens) throw new Error('There is no such camera')
  return lens
}

describe('a setting is out while the camera is changed', () => {
  it('the light of the new one stays offered where the old one fails', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const all = setUp([
      { facing: 'environment', id: 'back' },
      { facing: 'environment', id: 'wide' },
    ])
    const { camera, last } = all
    await camera.start()
    let refuse = (_cause: Error) => {}
    last().applyConstraints.mockImplementationOnce(
      () => new Promise<void>((_resolve, reject) => (refuse = reject)),
    )
    const lit = camera.setTorch(true)
    await camera.choose({ deviceId: 'wide' })
    refuse(named('InvalidStateError'))
    await lit
    expect(camera.torch.value).toBe(false)
  })

  it('the picture is that of the new one where the size of the old one was set', async () => {
    const all = setUp()
    const { camera, last } = all
    await camera.start()
    let done = () => {}
    last().applyConstraints.mockImplementationOnce(() => new Promise<void>((resolve) => (done = resolve)))
    const shaped = camera.reshape({ size: 1080, fps: 30 })
    const turned = camera.turn()
    await settle()
    done()
    await Promise.all([shaped, turned])
    expect(camera.picture.value.facing).toBe('front')
    expect(camera.shape()).toEqual({ size: 1080, fps: 30 })
  })
})

describe('two settings of one track at once', () => {
  it('what is refused spoils no other, and none takes another back', async () => {
    const calls: unknown[] = []
    const answers: { resolve: () => void; reject: (cause: Error) => void }[] = []
    const track = {
      applyConstraints: (wanted: unknown) => {
        calls.push(wanted)
        return new Promise<void>((resolve, reject) => answers.push({ resolve, reject }))
      },
    } as unknown as MediaStreamTrack
    const refused = adjust(track, { focusMode: 'odd' }).catch((cause: unknown) => cause)
    const zoomed = adjust(track, { zoom: 2 })
    await settle()
    answers[0]?.reject(new Error('no'))
    expect(await refused).toMatchObject({ message: 'no' })
    await settle()
    answers.at(-1)?.resolve()
    await zoomed
    const lit = adjust(track, { torch: true })
    await settle()
    answers.at(-1)?.resolve()
    await lit
    expect(calls).toEqual([
      { advanced: [{ focusMode: 'odd' }] },
      { advanced: [{ zoom: 2 }] },
      { advanced: [{ zoom: 2, torch: true }] },
    ])
  })
})
