/** What a phone sends through the server: in which form, how fast, and when not at all. */
import { signal } from '@preact/signals'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readPicture } from '../../server/protocol/frames.ts'
import { MAX_BINARY_FRAME } from '../../server/protocol/limits.ts'
import { chooseVideo, common, FAMILIES, shownHere } from '../../web/lib/relay/codecs.ts'
import { createShown } from '../../web/lib/relay/shown.ts'
import type { EncodedPicture, EncoderNeeds, StartEncoder } from '../../web/lib/relay/encoder.ts'
import { createOutlet } from '../../web/lib/relay/outlet.ts'
import { createRelaySender, type SenderNeeds } from '../../web/lib/relay/sender.ts'
import { createRelayUpload } from '../../web/lib/relay/upload.ts'
import { CAMERA, createRoom, DESK, track } from './fake-room.ts'

const HD = { width: 1280, height: 720 }

const picture = (more: Partial<EncodedPicture> = {}): EncodedPicture => ({
  isKey: true,
  rotation: 0,
  number: 0,
  stream: 1,
  takenAt: Date.now(),
  ...HD,
  codec: 'vp8',
  payload: new Uint8Array(100),
  ...more,
})

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the codec', () => {
  const of = async (
    supported: readonly string[],
    allowed = FAMILIES as readonly (typeof FAMILIES)[number][],
  ) =>
    (await chooseVideo(allowed, HD, ({ codec }) => Promise.resolve(supported.includes(codec))))?.config.codec

  it('is H.264 where the browser encodes it, else VP8, else none of video', async () => {
    expect(await of(['avc1.42e01f', 'vp8'])).toBe('avc1.42e01f')
    expect(await of(['vp8'])).toBe('vp8')
    expect(await of([])).toBeUndefined()
  })

  it('is one that all who watch can show', async () => {
    expect(await of(['avc1.42e01f', 'vp8'], common([FAMILIES, ['vp8', 'jpeg']]))).toBe('vp8')
    expect(common([FAMILIES, ['jpeg']])).toEqual(['jpeg'])
    expect(common([])).toEqual(FAMILIES)
    expect(common([['h264'], ['vp8']])).toEqual(['jpeg'])
  })

  it('is asked for with parameter sets in the stream, even sides and a level that holds the size', async () => {
    const asked: VideoEncoderConfig[] = []
    const ask = (config: VideoEncoderConfig) => {
      asked.push(config)
      return Promise.resolve(true)
    }
    await chooseVideo(FAMILIES, { width: 1921, height: 1081 }, ask)
    expect(asked).toEqual([
      {
        codec: 'avc1.42e033',
        width: 1920,
        height: 1080,
        latencyMode: 'realtime',
        avc: { format: 'annexb' },
      },
    ])
  })

  it('is JPEG alone for a page without WebCodecs', async () => {
    expect(await shownHere()).toEqual(['jpeg'])
  })

  it('is what the browser says that it decodes, and JPEG', async () => {
    const asked: string[] = []
    const shown = await shownHere(({ codec }) => {
      asked.push(codec)
      return Promise.resolve(codec === 'vp8')
    })
    expect(asked).toEqual(['avc1.42e01f', 'vp8'])
    expect(shown).toEqual(['vp8', 'jpeg'])
  })

  it('is without a form that the browser promised and does not show', async () => {
    const shown = createShown(() => Promise.resolve(FAMILIES))
    await shown.asked
    expect(shown.failed('avc1.42e01f')).toBe(true)
    expect(shown.families.value).toEqual(['vp8', 'jpeg'])
    expect(shown.failed('vp8')).toBe(true)
    expect(shown.failed('jpeg')).toBe(false)
    expect(shown.families.value).toEqual(['jpeg'])
  })
})

describe('what leaves', () => {
  const setUp = () => {
    const sent: Uint8Array[] = []
    const online = { value: true }
    const leftOut: string[] = []
    const outlet = createOutlet({
      client: {
        sendBinary: (bytes) => online.value && sent.push(bytes) > 0,
        serverNow: () => Date.now() + 5_000,
      },
      onSent: () => {},
      onLeftOut: (why) => leftOut.push(why),
    })
    const numbers = () => sent.map((bytes) => readPicture(bytes)?.number)
    return { outlet, sent, online, leftOut, numbers }
  }

  it('carries the time by the server’s clock', () => {
    const { outlet, sent } = setUp()
    const takenAt = Date.now() - 20
    outlet.offer(picture({ takenAt }))
    expect(readPicture(sent[0] ?? new Uint8Array())?.takenAt).toBe(takenAt + 5_000)
  })

  it('begins with a key picture', () => {
    const { outlet, numbers } = setUp()
    outlet.offer(picture({ isKey: false, number: 0 }))
    outlet.offer(picture({ number: 1 }))
    outlet.offer(picture({ isKey: false, number: 2 }))
    expect(numbers()).toEqual([1, 2])
  })

  it.each([
    ['late', { takenAt: -501 }],
    ['large', { payload: new Uint8Array(MAX_BINARY_FRAME) }],
  ] as const)('leaves out what is too %s, and all upon it until the next key picture', (why, bad) => {
    const { outlet, numbers, leftOut } = setUp()
    outlet.offer(picture({ number: 0 }))
    const takenAt = Date.now() + ('takenAt' in bad ? bad.takenAt : 0)
    outlet.offer(picture({ isKey: false, number: 1, ...bad, takenAt }))
    outlet.offer(picture({ isKey: false, number: 2 }))
    outlet.offer(picture({ number: 3 }))
    expect(numbers()).toEqual([0, 3])
    expect(leftOut).toEqual([why])
  })

  it('begins anew after the connection was away', () => {
    const { outlet, numbers, online } = setUp()
    outlet.offer(picture({ number: 0 }))
    online.value = false
    outlet.offer(picture({ isKey: false, number: 1 }))
    online.value = true
    outlet.offer(picture({ isKey: false, number: 2 }))
    outlet.offer(picture({ number: 3 }))
    expect(numbers()).toEqual([0, 3])
  })
})

/** An encoder that says what it was told. */
const fakeEncoder = () => {
  const log: string[] = []
  let needs: EncoderNeeds | undefined
  const start =
    (name: string): StartEncoder =>
    (mine) => {
      needs = mine
      log.push(`${name} ${mine.track.id} ${mine.allowed.join()}`)
      return {
        set() {},
        keyPicture: () => log.push('key'),
        dispose: () => log.push(`${name} ends`),
      }
    }
  return {
    log,
    start,
    fail: () => needs?.onFault(new Error('none works')),
    give: (more: Partial<EncodedPicture> = {}) => needs?.onPicture(picture(more)),
  }
}

describe('the sender', () => {
  const setUp = () => {
    const encoder = fakeEncoder()
    const live = signal<MediaStreamTrack | undefined>(track('one'))
    const sent: Uint8Array[] = []
    const sender = createRelaySender({
      client: {
        sendBinary: (bytes) => sent.push(bytes) > 0,
        serverNow: () => Date.now(),
        unsent: () => 0,
        askClock: () => {},
        on: () => () => {},
      },
      track: live,
      allowed: signal(FAMILIES),
      onSent: () => {},
      startVideo: encoder.start('video'),
      startJpeg: encoder.start('jpeg'),
    })
    return { encoder, live, sent, sender }
  }

  it('makes key pictures when the server asks, and others when the camera is turned round', () => {
    const { encoder, live, sender } = setUp()
    sender.told({ keyFrame: true, slow: false })
    live.value = track('two')
    live.value = undefined
    expect(encoder.log).toEqual([
      'video one h264,vp8,jpeg',
      'key',
      'video ends',
      'video two h264,vp8,jpeg',
      'video ends',
    ])
    sender.dispose()
  })

  it('sends JPEG where no video codec works', () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { encoder, sent, sender } = setUp()
    encoder.fail()
    expect(encoder.log.at(-1)).toBe('jpeg one h264,vp8,jpeg')
    encoder.give({ codec: 'jpeg' })
    expect(sent).toHaveLength(1)
    expect(warned).toHaveBeenCalledOnce()
    sender.dispose()
    expect(encoder.log.at(-1)).toBe('jpeg ends')
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('who is sent for', () => {
  const setUp = (load?: () => Promise<never>) => {
    const room = createRoom()
    const started: SenderNeeds[] = []
    let ended = 0
    const told: unknown[] = []
    const upload = createRelayUpload({
      client: room.clientOf(CAMERA),
      camera: CAMERA,
      track: signal<MediaStreamTrack | undefined>(track('one')),
      load:
        load ??
        (() =>
          Promise.resolve({
            createRelaySender(needs) {
              started.push(needs)
              return { told: (message) => told.push(message), dispose: () => void (ended += 1) }
            },
          })),
    })
    const say = (watchers: number, keyFrame = false) =>
      room.emit(CAMERA, { type: 'relay', watchers, keyFrame, slow: false })
    return { room, upload, started, told, ended: () => ended, say }
  }
  const settle = () => vi.advanceTimersByTimeAsync(0)

  it('nobody, until somebody watches: nothing is loaded or encoded before', async () => {
    const { upload, started, say, ended } = setUp()
    await settle()
    expect(started).toHaveLength(0)
    say(1)
    say(2)
    await settle()
    expect(started).toHaveLength(1)
    expect(upload.sending.value).toBe(false)
    started[0]?.onSent()
    expect(upload.sending.value).toBe(true)
    say(0)
    expect(ended()).toBe(1)
    expect(upload.sending.value).toBe(false)
  })

  it('ends with the connection, and begins when the server says so on the next', async () => {
    const { room, started, say, ended } = setUp()
    say(1)
    await settle()
    room.active.value = false
    expect(ended()).toBe(1)
    room.active.value = true
    await settle()
    expect(started).toHaveLength(1)
    say(1)
    await settle()
    expect(started).toHaveLength(2)
  })

  it('hands on what the server says of the way', async () => {
    const { say, told } = setUp()
    say(1)
    await settle()
    say(1, true)
    expect(told).toMatchObject([{ keyFrame: true, slow: false }])
  })

  it('takes forms that those show who watch through the server, and no others into account', async () => {
    const { room, started, say } = setUp()
    say(1)
    await settle()
    const desk = room.clientOf(DESK)
    desk.setState({ shows: ['jpeg'] })
    expect(started[0]?.allowed.value).toEqual(FAMILIES)
    desk.setState({ watching: { [CAMERA]: 'connecting' }, via: { [CAMERA]: 'path' } })
    expect(started[0]?.allowed.value).toEqual(['jpeg'])
    room.change(DESK, { connected: false })
    expect(started[0]?.allowed.value).toEqual(FAMILIES)
  })

  it('loads again what the network kept away', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const load = vi.fn((): Promise<never> => Promise.reject(new Error('away')))
    const { say, upload } = setUp(load)
    say(1)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(load.mock.calls.length).toBeGreaterThan(1)
    upload.dispose()
    expect(vi.getTimerCount()).toBe(0)
  })
})
