/** A browser's cameras, in place of its own. */
import { vi } from 'vitest'
import { createCamera } from '../../web/phone/camera.ts'

class FakeTrack extends EventTarget {
  readyState: MediaStreamTrackState = 'live'
  muted = false
  contentHint = ''
  readonly settings: MediaTrackSettings
  readonly capabilities: Record<string, unknown>

  constructor(settings: MediaTrackSettings, capabilities: Record<string, unknown> = {}) {
    super()
    this.settings = settings
    this.capabilities = capabilities
  }

  getSettings() {
    return this.settings
  }

  getCapabilities() {
    return this.capabilities
  }

  applyConstraints = vi.fn(() => Promise.resolve())

  stop() {
    this.readyState = 'ended'
  }

  mute(muted: boolean) {
    this.muted = muted
    this.dispatchEvent(new Event(muted ? 'mute' : 'unmute'))
  }

  end() {
    this.readyState = 'ended'
    this.dispatchEvent(new Event('ended'))
  }
}

/** An error as browsers name them. */
export const named = (name: string) => Object.assign(new Error(name), { name })
const video = (constraints: MediaStreamConstraints | undefined) => constraints?.video as MediaTrackConstraints

/** A camera over devices that start at once; with fake timers, its page's globals are stubbed. */
export const setUp = (
  devices: { facing?: string; id: string }[] = [
    { facing: 'environment', id: 'back' },
    { facing: 'user', id: 'front' },
  ],
) => {
  const tracks: FakeTrack[] = []
  const open = () => tracks.filter(({ readyState }) => readyState === 'live').length
  const mostOpen: number[] = []
  const getUserMedia = vi.fn((constraints?: MediaStreamConstraints): Promise<unknown> => {
    mostOpen.push(open())
    const wanted = video(constraints)
    const mode = (wanted.facingMode as { ideal?: string } | undefined)?.ideal
    const id = (wanted.deviceId as { exact?: string } | undefined)?.exact
    const device =
      devices.find((each) => (id === undefined ? each.facing === mode : each.id === id)) ?? devices[0]
    const track = new FakeTrack(
      {
        deviceId: device?.id ?? '',
        width: 1280,
        height: 720,
        frameRate: 29.97,
        ...(device?.facing === undefined ? {} : { facingMode: device.facing }),
      },
      device?.facing === 'environment' ? { torch: true } : {},
    )
    tracks.push(track)
    return Promise.resolve({ getVideoTracks: () => [track] })
  })
  const enumerateDevices = () =>
    Promise.resolve(devices.map(({ id }) => ({ kind: 'videoinput', deviceId: id, label: id })))
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia, enumerateDevices } })
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  vi.stubGlobal('document', page)
  vi.stubGlobal('window', new EventTarget())
  const camera = createCamera()
  const last = () => {
    const track = tracks.at(-1)
    if (!track) throw new Error('The camera was not asked for')
    return track
  }
  return { camera, getUserMedia, tracks, last, page, mostOpen, status: () => camera.phase.value.status }
}
