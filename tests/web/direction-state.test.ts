import { signal } from '@preact/signals'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { coalesce } from '../../web/lib/direction/coalesce.ts'
import { COMMANDS } from '../../web/lib/direction/commands.ts'
import { readAbilities, readSettings } from '../../web/lib/direction/settings.ts'
import { encodingFor } from '../../web/lib/encoding.ts'
import { loudness } from '../../web/dashboard/direction/level.ts'
import { abilitiesOf, settingsOf } from '../../web/phone/direction/abilities.ts'
import { lensesOf } from '../../web/phone/direction/lenses.ts'
import { createMarks } from '../../web/phone/direction/marks.ts'
import { adjust, reshape } from '../../web/phone/adjust.ts'

describe('arguments of commands', () => {
  test.each([
    ['zoom', { to: 2 }, { to: 2 }],
    ['zoom', { to: Number.NaN }, undefined],
    ['facing', { to: 'front' }, { to: 'front' }],
    ['facing', { to: 'up' }, undefined],
    ['lens', { id: '' }, undefined],
    ['turn', { degrees: 90 }, { degrees: 90 }],
    ['turn', { degrees: 45 }, undefined],
    ['focus', { mode: 'auto', distance: 3 }, { mode: 'auto' }],
    ['focus', { mode: 'manual' }, undefined],
    ['focus', { mode: 'manual', distance: 3 }, { mode: 'manual', distance: 3 }],
    ['exposure', { mode: 'auto', compensation: -1 }, { mode: 'auto', compensation: -1 }],
    ['exposure', { mode: 'manual', compensation: 1 }, undefined],
    ['quality', {}, undefined],
    ['quality', { size: 720 }, { size: 720 }],
    ['show', { text: null }, { text: null }],
    ['show', { text: 'x'.repeat(200) }, { text: 'x'.repeat(200) }],
    ['show', { text: 'x'.repeat(201) }, undefined],
    ['show', { text: '' }, undefined],
    ['show', null, undefined],
    ['microphone', { on: 1 }, undefined],
  ] as const)('%s %j is read as %j', (name, args, read) => {
    expect(COMMANDS[name](args)).toEqual(read)
  })
})

describe('what a camera tells', () => {
  test('is read; what another client wrote differently is left out', () => {
    const state = {
      camera: {
        can: {
          light: true,
          zoom: { min: 1, max: 8, step: 0.1 },
          focus: { min: 3, max: 2, step: 1 },
          lenses: [{ id: 'a', label: 'Back' }, { id: 7 }, { id: 'b', label: 'Front', facing: 'front' }],
          sizes: [720, 'many'],
        },
        set: { light: true, zoom: 2, turn: 90, mirror: 'yes', focus: { mode: 'odd' }, message: { at: 5 } },
      },
    }
    expect(readAbilities(state)).toEqual({
      light: true,
      zoom: { min: 1, max: 8, step: 0.1 },
      lenses: [
        { id: 'a', label: 'Back' },
        { id: 'b', label: 'Front', facing: 'front' },
      ],
      sizes: [720],
    })
    expect(readSettings(state)).toEqual({
      light: true,
      zoom: 2,
      turn: 90,
      mirror: false,
      tally: false,
      message: { at: 5 },
    })
  })

  test('nothing is a camera without abilities that stands as at first', () => {
    for (const state of [{}, { camera: 1 }, { camera: { can: [], set: 'x' } }]) {
      expect(readAbilities(state)).toEqual({})
      expect(readSettings(state)).toEqual({ light: false, turn: 0, mirror: false, tally: false })
    }
  })

  test('cameras are named without the browser’s ids, each direction counted', () => {
    const device = (deviceId: string, label: string, mode?: string) => ({
      deviceId,
      label,
      kind: 'videoinput' as const,
      ...(mode ? { getCapabilities: () => ({ facingMode: [mode] }) } : {}),
    })
    const lenses = lensesOf([
      device('long-id-1', 'camera2 0, facing back'),
      device('long-id-2', 'camera2 2, facing back'),
      device('long-id-3', 'Frontkamera', 'user'),
      { deviceId: 'm', label: 'Microphone', kind: 'audioinput' },
    ])
    expect(lenses.map(({ label, facing }) => [label, facing])).toEqual([
      ['Back camera', 'back'],
      ['Back camera 2', 'back'],
      ['Frontkamera', 'front'],
    ])
    expect(new Set(lenses.map(({ id }) => id)).size).toBe(3)
    for (const { id } of lenses) expect(id).toMatch(/^[0-9a-z]{1,7}$/)
  })
})

class Track {
  readonly calls: unknown[] = []
  can: object = {}
  refuse = false
  getCapabilities() {
    return this.can
  }
  getSettings() {
    return { width: 720, height: 1280, frameRate: 29.97, focusMode: 'continuous', exposureTime: 40 }
  }
  applyConstraints(wanted: unknown) {
    this.calls.push(wanted)
    return this.refuse ? Promise.reject(new Error('no')) : Promise.resolve()
  }
}
const trackOf = (can: object = {}) => {
  const fake = new Track()
  fake.can = can
  return { fake, track: fake as unknown as MediaStreamTrack }
}

describe('a camera’s track', () => {
  test('offers what it says of itself, and nothing else', () => {
    expect(abilitiesOf(trackOf().track)).toEqual({})
    const { track } = trackOf({
      torch: true,
      zoom: { min: 1, max: 8, step: 0.1 },
      focusMode: ['continuous', 'manual'],
      focusDistance: { min: 0, max: 1 },
      exposureMode: ['continuous'],
      exposureTime: { min: 1, max: 9, step: 1 },
      width: { max: 1080 },
      height: { max: 1920 },
      frameRate: { max: 29.97 },
    })
    const can = abilitiesOf(track)
    expect(can).toEqual({
      light: true,
      zoom: { min: 1, max: 8, step: 0.1 },
      focus: { min: 0, max: 1, step: 0.01 },
      sizes: [360, 480, 720, 1080],
      fps: [15, 24, 30],
    })
    expect(settingsOf(track, can)).toEqual({ focus: { mode: 'auto' }, size: 720, fps: 30 })
  })

  test('is set with all that was set before, also after its size changed', async () => {
    const { fake, track } = trackOf()
    await adjust(track, { torch: true })
    await adjust(track, { zoom: 2 })
    fake.refuse = true
    await expect(adjust(track, { focusMode: 'odd' })).rejects.toThrow('no')
    fake.refuse = false
    await reshape(track, { size: 1080, fps: 24 })
    expect(fake.calls.slice(1)).toEqual([
      { advanced: [{ torch: true, zoom: 2 }] },
      { advanced: [{ torch: true, zoom: 2, focusMode: 'odd' }] },
      { width: { ideal: 1920 }, height: { ideal: 1080 }, frameRate: { ideal: 24, max: 24 } },
      { advanced: [{ torch: true, zoom: 2 }] },
    ])
  })

  test('takes more bits for a larger picture, and never fewer than 720p30', () => {
    const sized = (width: number, height: number, frameRate: number) =>
      encodingFor({ getSettings: () => ({ width, height, frameRate }) })
    expect(encodingFor(undefined)).toEqual({ maxBitrate: 2_500_000, maxFramerate: 30 })
    expect(sized(640, 360, 15)).toEqual({ maxBitrate: 2_500_000, maxFramerate: 30 })
    expect(sized(1920, 1080, 30).maxBitrate).toBeGreaterThan(4_000_000)
    expect(sized(1280, 720, 60).maxFramerate).toBe(60)
    expect(sized(3840, 2160, 60).maxBitrate).toBe(12_000_000)
  })
})

test('turn and mirror outlive a reload, on air and a message do not', async () => {
  let notes: Record<string, unknown> = {}
  const seat = {
    read: () => ({ notes }) as never,
    update: (change: { notes?: Record<string, unknown> }) => {
      notes = { ...notes, ...change.notes }
    },
  }
  const open = () =>
    createMarks({
      client: { serverNow: () => 1_000.4 },
      seat,
      covered: signal(false),
      source: signal('source'),
    })
  const from = 'host' as never
  const marks = open()
  await marks.answers.turn({ degrees: 270 }, from)
  await marks.answers.mirror({ on: true }, from)
  await marks.answers.tally({ on: true }, from)
  await marks.answers.show({ text: 'Hello' }, from)
  expect(marks.message.value).toEqual({ text: 'Hello', at: 1_000 })
  marks.dismiss()
  expect(marks.message.value).toEqual({ text: 'Hello', at: 1_000, dismissed: 1_000 })
  const again = open()
  expect([again.turn.value, again.mirror.value]).toEqual([270, true])
  expect([again.tally.value, again.message.value]).toEqual([false, undefined])
})

test('a picture can be hidden while the camera is on, so that the next start shows it', async () => {
  const covered = signal(false)
  const source = signal<string | undefined>('source')
  const seat = { read: () => undefined, update: () => {} } as never
  const { answers } = createMarks({ client: { serverNow: () => 0 }, seat, covered, source })
  const from = 'host' as never
  await answers.picture({ on: false }, from)
  expect(covered.value).toBe(true)
  await answers.picture({ on: true }, from)
  source.value = undefined
  await expect(answers.picture({ on: false }, from)).rejects.toMatchObject({
    code: 'not-now',
    message: 'The camera is not on.',
  })
  expect(covered.value).toBe(false)
})

test('loudness is nothing in a silent room, and all at the loudest', () => {
  expect([loudness(0), loudness(1), loudness(1e-9)]).toEqual([0, 1, 0])
  expect(loudness(10 ** -1.5)).toBeCloseTo(0.5)
})

describe('[SEC-3] a slider that is dragged', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  test('is passed on a few times a second, one at a time, and the last value always', async () => {
    const passed: number[] = []
    let inside = 0
    const slider = coalesce(async (value: number) => {
      inside += 1
      expect(inside).toBe(1)
      passed.push(value)
      await new Promise((resolve) => setTimeout(resolve, 50))
      inside -= 1
    })
    for (let value = 0; value <= 100; value += 1) {
      slider.put(value)
      await vi.advanceTimersByTimeAsync(10)
    }
    await vi.advanceTimersByTimeAsync(1_000)
    expect(passed[0]).toBe(0)
    expect(passed.at(-1)).toBe(100)
    expect(passed.length).toBeGreaterThan(6)
    expect(passed.length).toBeLessThanOrEqual(10)
    slider.put(1)
    slider.put(2)
    slider.dispose()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(passed.at(-1)).toBe(1)
  })
})
