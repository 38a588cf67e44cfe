// @vitest-environment happy-dom
import { signal } from '@preact/signals'
import { h, render } from 'preact'
import { act } from 'preact/test-utils'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CommandFault } from '../../web/lib/direction/commands.ts'
import type { Settings } from '../../web/lib/direction/settings.ts'
import type { Feed } from '../../web/lib/receiving.ts'
import type { Ask } from '../../web/dashboard/direction/ask.ts'
import { CameraControls } from '../../web/dashboard/direction/camera-controls.tsx'
import { SoundControls } from '../../web/dashboard/direction/sound-controls.tsx'

const AS_AT_FIRST: Settings = { light: false, turn: 0, mirror: false, tally: false }

beforeEach(() => vi.useFakeTimers())
afterEach(() => {
  render(null, document.body)
  vi.useRealTimers()
})

/** A camera that answers when told to. */
const setUp = () => {
  const asked: { name: string; args: unknown; done: (fault?: CommandFault) => Promise<void> }[] = []
  const ask: Ask = (name, args) =>
    new Promise((resolve, reject) => {
      const done = (fault?: CommandFault) =>
        act(async () => {
          if (fault) reject(fault)
          else resolve(undefined)
          await vi.advanceTimersByTimeAsync(0)
        })
      asked.push({ name, args, done })
    })
  return { ask, asked }
}
const find = <E extends Element = HTMLInputElement>(selector: string): E => {
  const found = document.querySelector<E>(selector)
  if (!found) throw new Error(`The page has no ${selector}: ${document.body.innerHTML}`)
  return found
}
const alertWords = () => find('[role="alert"]').textContent
const feedOf = (transport: Feed['transport']['value']) =>
  ({ transport: signal(transport), voice: signal(undefined) }) as unknown as Feed
const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms).then(() => undefined))

describe('a control whose command is refused', () => {
  const show = (ask: Ask, set: Partial<Settings> = {}) =>
    act(() =>
      render(
        h(CameraControls, {
          can: { light: true },
          set: { ...AS_AT_FIRST, ...set },
          ask,
          facing: undefined,
        }),
        document.body,
      ),
    )

  test('says what its camera has not, stands as the camera does, and forgets it at the next try', async () => {
    const { ask, asked } = setUp()
    await show(ask)
    const box = find('input[type="checkbox"]')
    expect(box.checked).toBe(false)
    await act(() => box.click())
    expect(asked).toMatchObject([{ name: 'light', args: { on: true } }])
    expect([box.checked, find('.control').getAttribute('aria-busy')]).toEqual([true, 'true'])
    await asked[0]?.done(new CommandFault('unsupported', 'This camera has no light.'))
    expect([box.checked, alertWords()]).toEqual([false, 'This camera has no light.'])
    expect(find('.control').getAttribute('aria-busy')).toBe('false')

    await pass(200)
    await act(() => box.click())
    expect(alertWords()).toBe('')
    await asked[1]?.done()
    // Until the state that follows says the same.
    expect(box.checked).toBe(true)
    await show(ask, { light: true })
    await pass(1_000)
    expect(box.checked).toBe(true)
  })

  test('goes back to what the camera says where no state follows', async () => {
    const { ask, asked } = setUp()
    await show(ask)
    const box = find('input[type="checkbox"]')
    await act(() => box.click())
    await asked[0]?.done()
    await pass(1_000)
    expect([box.checked, alertWords()]).toEqual([false, ''])
  })

  test('leaves no timer behind when it goes while its command is out', async () => {
    const { ask, asked } = setUp()
    await show(ask)
    await act(() => find('input[type="checkbox"]').click())
    await act(() => render(null, document.body))
    await asked[0]?.done()
    await pass(200)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the microphone’s control', () => {
  const show = (ask: Ask, microphone?: 'asking' | 'on') =>
    act(() =>
      render(
        h(SoundControls, {
          feed: feedOf('p2p'),
          there: signal(true),
          set: { ...AS_AT_FIRST, ...(microphone ? { microphone } : {}) },
          ask,
        }),
        document.body,
      ),
    )
  const box = () => find('input[type="checkbox"]')

  test('takes the question back while the person has not answered', async () => {
    const { ask, asked } = setUp()
    await show(ask)
    await act(() => box().click())
    await show(ask, 'asking')
    await act(() => box().click())
    expect(asked.map(({ args }) => args)).toEqual([{ on: true }, { on: false }])
    await asked[1]?.done()
    await asked[0]?.done(new CommandFault('not-now', 'It was taken back.'))
    await show(ask)
    await pass(1_000)
    expect([box().checked, alertWords()]).toEqual([false, ''])
  })

  test('says what the person answered', async () => {
    const { ask, asked } = setUp()
    await show(ask)
    await act(() => box().click())
    await show(ask, 'asking')
    await show(ask)
    await asked[0]?.done(new CommandFault('not-now', 'The person at the phone said not now.'))
    await pass(5_000)
    expect([box().checked, alertWords()]).toEqual([false, 'The person at the phone said not now.'])
  })

  test('waits no more for a phone that was loaded anew, and can ask it again', async () => {
    const { ask, asked } = setUp()
    await show(ask)
    await act(() => box().click())
    await show(ask, 'asking')
    await show(ask)
    expect(box().checked).toBe(true)
    await pass(2_000)
    expect([box().checked, alertWords()]).toEqual([false, 'The phone does not ask any more. Try again.'])
    await act(() => box().click())
    expect(asked).toHaveLength(2)
    await asked[1]?.done()
    await show(ask, 'on')
    expect([box().checked, alertWords()]).toEqual([true, ''])
  })
})

test('a key that is held down is one press of hold to talk, and a right button is none', async () => {
  const open = vi.fn(() => Promise.reject(new DOMException('No', 'NotAllowedError')))
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: open } })
  const { ask } = setUp()
  await act(() =>
    render(
      h(SoundControls, { feed: feedOf('p2p'), there: signal(true), set: AS_AT_FIRST, ask }),
      document.body,
    ),
  )
  const hold = find<HTMLButtonElement>('.hold-to-talk')
  const key = (repeat: boolean) =>
    act(async () => {
      hold.dispatchEvent(new KeyboardEvent('keydown', { key: ' ', repeat, cancelable: true }))
      await vi.advanceTimersByTimeAsync(0)
    })
  await key(false)
  for (let count = 0; count < 5; count += 1) await key(true)
  expect(open).toHaveBeenCalledTimes(1)
  await act(() => void hold.dispatchEvent(new PointerEvent('pointerdown', { button: 2 })))
  expect(open).toHaveBeenCalledTimes(1)
})
