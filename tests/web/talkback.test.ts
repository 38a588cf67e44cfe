import { signal } from '@preact/signals'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createTalkback } from '../../web/dashboard/direction/talkback.ts'
import { CommandFault } from '../../web/lib/direction/commands.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const settle = () => vi.advanceTimersByTimeAsync(0)

class Track extends EventTarget {
  stopped = false
  stop() {
    this.stopped = true
  }
}

const openTransceiver = () => {
  const sent: unknown[] = []
  const sender = {
    track: null as unknown,
    replaceTrack(next: unknown) {
      this.track = next
      sent.push(next)
      return Promise.resolve()
    },
  }
  return { sent, sender, way: { sender } as unknown as RTCRtpTransceiver }
}

/** A dashboard with a microphone, and a phone that answers when told to. */
const setUp = ({ answers = true }: { answers?: boolean } = {}) => {
  const { sent, sender, way } = openTransceiver()
  const voice = signal<RTCRtpTransceiver | undefined>(way)
  const there = signal(true)
  const tracks: Track[] = []
  const asked: boolean[] = []
  const waiting: { resolve: () => void; reject: (cause: unknown) => void }[] = []
  const open = vi.fn(() => {
    const track = new Track()
    tracks.push(track)
    return Promise.resolve(track as unknown as MediaStreamTrack)
  })
  const talkback = createTalkback({
    ask: (_name, args) => {
      asked.push((args as { on: boolean }).on)
      if (answers) return Promise.resolve(undefined)
      return new Promise((resolve, reject) => waiting.push({ resolve: () => resolve(undefined), reject }))
    },
    voice,
    there,
    open,
  })
  return { talkback, voice, there, tracks, asked, waiting, open, sent, sender, way }
}

describe('hold to talk', () => {
  test('opens the microphone, tells the phone, and takes both back', async () => {
    const { talkback, asked, tracks, sent } = setUp()
    talkback.press()
    expect(talkback.state.value).toEqual({ is: 'opening' })
    await settle()
    expect(talkback.state.value).toEqual({ is: 'talking' })
    expect([asked, sent]).toEqual([[true], [tracks[0]]])
    talkback.release()
    await settle()
    expect(talkback.state.value).toEqual({ is: 'silent' })
    expect([asked, sent, tracks[0]?.stopped]).toEqual([[true, false], [tracks[0], null], true])
    talkback.release()
    await settle()
    expect(asked).toEqual([true, false])
  })

  test('a press that ended before the microphone opened asks the phone for nothing', async () => {
    const { talkback, asked, tracks } = setUp()
    talkback.press()
    talkback.release()
    await settle()
    expect([asked, tracks[0]?.stopped, talkback.state.value.is]).toEqual([[], true, 'silent'])
  })

  test('pressed again while the phone has not answered: it is told to listen last', async () => {
    const { talkback, asked, waiting, tracks, sender } = setUp({ answers: false })
    talkback.press()
    await settle()
    talkback.release()
    talkback.press()
    await settle()
    for (const { resolve } of waiting) resolve()
    await settle()
    expect(asked).toEqual([true, false, true])
    expect(talkback.state.value).toEqual({ is: 'talking' })
    expect(tracks.map(({ stopped }) => stopped)).toEqual([true, false])
    expect(sender.track).toBe(tracks[1])
  })

  test('why it does not work is said until the next try', async () => {
    const { talkback, asked, waiting, tracks, open } = setUp({ answers: false })
    open.mockRejectedValueOnce(new CommandFault('failed', 'No microphone.'))
    talkback.press()
    await settle()
    expect(talkback.state.value).toEqual({ is: 'silent', fault: 'No microphone.' })
    expect(asked).toEqual([])
    talkback.press()
    await settle()
    waiting[0]?.reject(new CommandFault('not-now', 'Another dashboard is talking.'))
    await settle()
    expect(talkback.state.value).toEqual({ is: 'silent', fault: 'Another dashboard is talking.' })
    expect(tracks[0]?.stopped).toBe(true)
    talkback.press()
    expect(talkback.state.value).toEqual({ is: 'opening' })
    talkback.release()
  })

  test('a way that does not open in 5 s, or breaks as it is taken, is said, and nothing stays open', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const { talkback, asked, tracks, voice, sender, way } = setUp()
    voice.value = undefined
    talkback.press()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(talkback.state.value).toEqual({ is: 'silent', fault: 'The sound did not reach the phone.' })
    sender.replaceTrack = () => Promise.reject(new DOMException('Closed', 'InvalidStateError'))
    voice.value = way
    talkback.press()
    await settle()
    expect(talkback.state.value).toEqual({ is: 'silent', fault: 'The sound did not reach the phone.' })
    expect(tracks.every(({ stopped }) => stopped)).toBe(true)
    expect(asked).toEqual([true, false, true, false])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('ends, and says so, where the phone no longer plays it', async () => {
    const ends: ((all: ReturnType<typeof setUp>) => void)[] = [
      // The phone was reloaded or reconnected: the way of before carries nothing.
      ({ voice }) => (voice.value = openTransceiver().way),
      ({ voice }) => (voice.value = undefined),
      // It hushes by itself where a page has lost the server.
      ({ there }) => (there.value = false),
    ]
    for (const end of ends) {
      const all = setUp()
      all.talkback.press()
      await settle()
      expect(all.talkback.state.value).toEqual({ is: 'talking' })
      end(all)
      await settle()
      expect(all.talkback.state.value).toEqual({
        is: 'silent',
        fault: 'The connection to the phone was interrupted. Hold again to go on.',
      })
      expect([all.asked, all.tracks[0]?.stopped]).toEqual([[true, false], true])
    }
  })

  test('ends when the microphone is unplugged', async () => {
    const { talkback, tracks } = setUp()
    talkback.press()
    await settle()
    tracks[0]?.dispatchEvent(new Event('ended'))
    expect(talkback.state.value).toEqual({ is: 'silent', fault: 'The microphone of this computer is gone.' })
  })
})
