/** What commands do with this phone's camera. */
import { CommandFault } from '../../lib/direction/commands.ts'
import type { Facing, Range } from '../../lib/direction/settings.ts'
import { adjust } from '../adjust.ts'
import type { Camera } from '../camera.ts'
import type { Which } from '../camera-track.ts'
import { abilitiesOf, settingsOf } from './abilities.ts'
import type { Answers } from './answers.ts'
import { lensesOf } from './lenses.ts'

type CameraAnswers = Pick<Answers, 'light' | 'facing' | 'lens' | 'zoom' | 'focus' | 'exposure' | 'quality'>

const lacks = (words: string) => new CommandFault('unsupported', words)

const liveTrack = (camera: Camera): MediaStreamTrack => {
  const track = camera.track.peek()
  if (!track || camera.phase.peek().status !== 'live')
    throw new CommandFault('not-now', 'The camera is not on.')
  return track
}

const within = ({ min, max }: Range, value: number): number => Math.min(max, Math.max(min, value))

/** Has the track set so, and says so where it will not. */
const attempt = async (deed: Promise<void>, words: string): Promise<void> => {
  try {
    await deed
  } catch (cause) {
    throw new CommandFault('failed', words, { cause })
  }
}

const known = async () => lensesOf(await navigator.mediaDevices.enumerateDevices())

const choose = async (camera: Camera, which: Which): Promise<void> => {
  liveTrack(camera)
  const chosen = await camera.choose(which)
  if (chosen === 'back')
    throw new CommandFault('failed', 'That camera did not start. The one before is back.')
  if (chosen === 'overtaken')
    throw new CommandFault('not-now', 'The camera was stopped or started anew meanwhile.')
}

const face = async (camera: Camera, to: Facing): Promise<void> => {
  liveTrack(camera)
  const before = camera.picture.peek().facing
  if (before === to) return
  const lenses = await known()
  // Where names and capabilities say nothing, a second camera may be the one.
  const may = before === undefined ? false : lenses.length > 1 && lenses.every(({ facing }) => !facing)
  if (!may && !lenses.some(({ facing }) => facing === to))
    throw lacks(to === 'front' ? 'It has no camera at the front.' : 'It has no camera at the back.')
  await choose(camera, { facing: to })
  const now = camera.picture.peek().facing
  if (now !== undefined && now !== to)
    throw new CommandFault('failed', 'The phone stayed with its other camera.')
}

/** `changed` is called when the track stands differently than before, which it does not say itself. */
export const cameraAnswers = (camera: Camera, changed: () => void): CameraAnswers => ({
  async light({ on }) {
    liveTrack(camera)
    if (camera.torch.peek() === undefined) throw lacks('This camera has no light.')
    await camera.setTorch(on)
    if (camera.torch.peek() !== on) throw new CommandFault('failed', 'The light could not be switched.')
  },
  facing: ({ to }) => face(camera, to),
  async lens({ id }) {
    const lens = (await known()).find((one) => one.id === id)
    if (!lens) throw lacks('The phone has no such camera any more.')
    if (liveTrack(camera).getSettings().deviceId === lens.deviceId) return
    await choose(camera, { deviceId: lens.deviceId })
  },
  async zoom({ to }) {
    const track = liveTrack(camera)
    const { zoom } = abilitiesOf(track)
    if (!zoom) throw lacks('This camera has no zoom.')
    await attempt(adjust(track, { zoom: within(zoom, to) }), 'The camera did not zoom.')
    changed()
  },
  async focus(wanted) {
    const track = liveTrack(camera)
    const { focus } = abilitiesOf(track)
    if (!focus) throw lacks('The focus of this camera cannot be set.')
    await attempt(
      adjust(
        track,
        wanted.mode === 'auto'
          ? { focusMode: 'continuous', focusDistance: undefined }
          : { focusMode: 'manual', focusDistance: within(focus, wanted.distance) },
      ),
      'The focus could not be set.',
    )
    changed()
    const { focus: now } = settingsOf(track, { focus })
    // Some drivers take the wish and keep what they have.
    if (now?.mode !== wanted.mode) throw new CommandFault('failed', 'The camera kept its focus as it was.')
  },
  async exposure(wanted) {
    const track = liveTrack(camera)
    const { time, compensation } = abilitiesOf(track).exposure ?? {}
    if (wanted.mode === 'manual') {
      if (!time) throw lacks('The exposure of this camera cannot be set by hand.')
      await attempt(
        adjust(track, {
          exposureMode: 'manual',
          exposureTime: within(time, wanted.time),
          exposureCompensation: undefined,
        }),
        'The exposure could not be set.',
      )
    } else {
      if (!time && !compensation) throw lacks('The exposure of this camera cannot be set.')
      await attempt(
        adjust(track, {
          exposureMode: time ? 'continuous' : undefined,
          exposureTime: undefined,
          exposureCompensation:
            compensation && wanted.compensation !== undefined
              ? within(compensation, wanted.compensation)
              : undefined,
        }),
        'The exposure could not be set.',
      )
    }
    changed()
    const { exposure: now } = settingsOf(track, abilitiesOf(track))
    if (time && now?.mode !== wanted.mode)
      throw new CommandFault('failed', 'The camera kept its exposure as it was.')
  },
  async quality({ size, fps }) {
    const track = liveTrack(camera)
    const { sizes, fps: rates } = abilitiesOf(track)
    if (size !== undefined && !sizes?.includes(size)) throw lacks(`This camera does not make ${size}p.`)
    if (fps !== undefined && !rates?.includes(fps))
      throw lacks(`This camera does not make ${fps} pictures a second.`)
    const now = camera.shape()
    await attempt(
      camera.reshape({ size: size ?? now.size, fps: fps ?? now.fps }),
      'The size of the picture could not be set.',
    )
    changed()
  },
})
