// @vitest-environment happy-dom
import { signal } from '@preact/signals'
import { h, render } from 'preact'
import { act } from 'preact/test-utils'
import { afterEach, expect, test, vi } from 'vitest'
import type { Feed } from '../../web/lib/receiving.ts'
import { PictureInPictureButton } from '../../web/lib/room/picture-in-picture-button.tsx'

const settle = () => new Promise<void>((resolve) => queueMicrotask(resolve))

/** The browser's one window; `shown` is the video in it. */
const browser = () => {
  let shown: Element | null = null
  const requests = vi.fn()
  const leave = () => {
    const was = shown
    shown = null
    was?.dispatchEvent(new Event('leavepictureinpicture'))
    return Promise.resolve()
  }
  const open = (video: Element) => {
    requests()
    shown = video
    return Promise.resolve()
  }
  Object.assign(HTMLVideoElement.prototype, {
    play: () => Promise.resolve(),
    requestPictureInPicture(this: HTMLVideoElement) {
      return open(this)
    },
  })
  Object.defineProperty(document, 'pictureInPictureEnabled', { configurable: true, value: true })
  Object.defineProperty(document, 'pictureInPictureElement', { configurable: true, get: () => shown })
  Object.assign(document, { exitPictureInPicture: leave })
  return { requests, shown: () => shown, leave }
}
const feed = () =>
  ({
    stream: signal(new MediaStream()),
    canvas: signal(undefined),
  }) as unknown as Feed

const button = () => document.querySelector('button')
const press = () => act(() => button()?.click())
/** The picture of the window that opens is there. */
const arrive = () =>
  act(async () => {
    document.querySelector('video.off-stage')?.dispatchEvent(new Event('loadedmetadata'))
    for (let step = 0; step < 5; step += 1) await settle()
  })
const show = () => act(() => render(h(PictureInPictureButton, { feed: feed(), name: 'Anna' }), document.body))

afterEach(() => {
  render(null, document.body)
  document.body.replaceChildren()
})

test('one window for a picture: opened by a press, closed by the next, or in the window itself', async () => {
  const { requests, shown, leave } = browser()
  await show()
  await press()
  // Once more before it is open.
  await press()
  expect(document.querySelectorAll('video.off-stage')).toHaveLength(1)
  await arrive()
  expect(requests).toHaveBeenCalledTimes(1)
  expect(button()?.getAttribute('aria-label')).toBe('Close the window of the picture')
  await press()
  expect([shown(), document.querySelectorAll('video').length]).toEqual([null, 0])
  expect(button()?.getAttribute('aria-label')).toBe('Picture in picture: Anna')

  await press()
  await arrive()
  await act(leave)
  expect(button()?.getAttribute('aria-label')).toBe('Picture in picture: Anna')
  expect(document.querySelectorAll('video')).toHaveLength(0)
})

test('a camera that leaves while its window opens, or behind it, leaves no window', async () => {
  const { shown } = browser()
  for (const when of ['before', 'after'] as const) {
    await show()
    await press()
    if (when === 'after') await arrive()
    await act(() => render(null, document.body))
    if (when === 'before') await arrive()
    expect([shown(), document.querySelectorAll('video').length]).toEqual([null, 0])
  }
})
