import { signal } from '@preact/signals'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { SessionId } from '../../server/protocol/ids.ts'
import type { Member } from '../../server/protocol/models.ts'
import type { Peer, PeerState } from '../../web/lib/peer.ts'
import { createSound } from '../../web/phone/direction/sound.ts'
import { member, sessionId } from './fakes.ts'

const ONE = sessionId('one')
const TWO = sessionId('two')

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const settle = () => vi.advanceTimersByTimeAsync(0)

class Track extends EventTarget {
  stopped = false
  stop() {
    this.stopped = true
  }
}

const openPeer = (pc: string) => {
  const state = signal<PeerState>({ status: 'connected' })
  const sent: unknown[] = []
  const played = { pc }
  let opened = 0
  const peer = {
    pc,
    state,
    connection: {
      addTransceiver: () => {
        opened += 1
        return {
          sender: { replaceTrack: (next: unknown) => Promise.resolve(void sent.push(next)) },
          receiver: { track: played },
        }
      },
    },
  } as unknown as Peer
  return { peer, state, sent, played, opened: () => opened }
}

/** A phone that two hosts and a viewer watch directly. */
const setUp = () => {
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  vi.stubGlobal('document', page)
  const tracks: Track[] = []
  const getUserMedia = vi.fn(() => {
    const track = new Track()
    tracks.push(track)
    return Promise.resolve({ getAudioTracks: () => [track] })
  })
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } })
  const members = signal<ReadonlyMap<SessionId, Member>>(
    new Map([
      [ONE, member('one', 'host')],
      [TWO, member('two', 'host')],
      [sessionId('eyes'), member('eyes', 'viewer')],
    ]),
  )
  const one = openPeer('pc-1')
  const two = openPeer('pc-2')
  const eyes = openPeer('pc-3')
  const peers = signal<ReadonlyMap<SessionId, Peer>>(
    new Map([
      [ONE, one.peer],
      [TWO, two.peer],
      [sessionId('eyes'), eyes.peer],
    ]),
  )
  const source = signal<string | undefined>('source')
  const playing: unknown[] = []
  const refusals: ((cause: unknown) => void)[] = []
  const sound = createSound({
    client: { members },
    sending: signal({ peers }),
    source,
    play(track) {
      playing.push(track)
      return {
        started: new Promise<void>((resolve, reject) => {
          refusals.push(reject)
          setTimeout(resolve, 100)
        }),
        stop: () => void playing.splice(playing.indexOf(track), 1),
      }
    },
  })
  /** What the command came to: nothing, or why not. */
  const microphone = (on: boolean, from = ONE) =>
    sound.answers.microphone({ on }, from).catch((cause: unknown) => cause)
  const talk = (on: boolean, from = ONE) => sound.answers.talk({ on }, from).catch((cause: unknown) => cause)
  const leave = (who: SessionId) => {
    const rest = new Map(members.peek())
    rest.delete(who)
    members.value = rest
  }
  return {
    sound,
    page,
    tracks,
    getUserMedia,
    one,
    two,
    eyes,
    source,
    playing,
    refusals,
    microphone,
    talk,
    leave,
  }
}

describe('the phone’s microphone', () => {
  test('is on after the person’s tap alone, and heard by hosts alone', async () => {
    const { sound, microphone, getUserMedia, tracks, one, two, eyes } = setUp()
    const asked = microphone(true)
    await settle()
    expect([sound.microphone.value.is, getUserMedia.mock.calls]).toEqual(['asking', []])
    await sound.allow()
    expect(await asked).toBeUndefined()
    expect(sound.microphone.value.is).toBe('on')
    for (const { sent } of [one, two]) expect(sent.at(-1)).toBe(tracks[0])
    expect(eyes.opened()).toBe(0)
    sound.mute()
    expect([sound.microphone.value.is, tracks[0]?.stopped]).toEqual(['off', true])
    expect(one.sent.at(-1)).toBeNull()
  })

  test('stays off where the person says no, says nothing, or the question is taken back', async () => {
    const ends: [(all: ReturnType<typeof setUp>) => unknown, string][] = [
      [({ sound }) => sound.refuse(), 'The person at the phone said not now.'],
      [() => vi.advanceTimersByTimeAsync(30_000), 'Nobody answered on the phone.'],
      [({ microphone }) => microphone(false, TWO), 'It was taken back.'],
      [({ source }) => (source.value = undefined), 'The camera was stopped.'],
      [
        ({ page }) => {
          page.visibilityState = 'hidden'
          page.dispatchEvent(new Event('visibilitychange'))
        },
        'The page on the phone is not in view.',
      ],
      [({ sound }) => sound.dispose(), 'The phone left the room.'],
    ]
    for (const [end, message] of ends) {
      const all = setUp()
      const asked = all.microphone(true)
      await settle()
      await end(all)
      expect(await asked).toMatchObject({ code: 'not-now', message })
      expect(all.sound.microphone.value.is).toBe('off')
      // An answer that comes too late opens nothing.
      await all.sound.allow()
      expect(all.getUserMedia).not.toHaveBeenCalled()
      expect(vi.getTimerCount()).toBe(0)
    }
  })

  test('the browser’s own question has its time, whenever the person said yes', async () => {
    const { sound, microphone, getUserMedia, tracks } = setUp()
    const asked = microphone(true)
    await vi.advanceTimersByTimeAsync(29_000)
    const ask = getUserMedia.getMockImplementation()
    getUserMedia.mockImplementationOnce(
      () => new Promise((resolve) => setTimeout(() => resolve(ask?.() as never), 5_000)),
    )
    const allowed = sound.allow()
    await vi.advanceTimersByTimeAsync(5_000)
    await allowed
    expect(await asked).toBeUndefined()
    expect(sound.microphone.value.is).toBe('on')
    expect(tracks).toHaveLength(1)
  })

  test('a second tap opens no second one, and a second host’s question waits for none', async () => {
    const { sound, microphone, getUserMedia } = setUp()
    const asked = microphone(true)
    await settle()
    expect(await microphone(true, TWO)).toMatchObject({ code: 'not-now' })
    await Promise.all([sound.allow(), sound.allow()])
    await asked
    await sound.allow()
    expect(getUserMedia).toHaveBeenCalledTimes(1)
    expect(sound.microphone.value.is).toBe('on')
    expect(await microphone(true, TWO)).toBeUndefined()
  })

  test('what was allowed after it was taken back is given back', async () => {
    const { sound, microphone, tracks } = setUp()
    const asked = microphone(true)
    await settle()
    const allowed = sound.allow()
    await microphone(false)
    await allowed
    expect(await asked).toMatchObject({ code: 'not-now' })
    expect([sound.microphone.value.is, tracks[0]?.stopped]).toEqual(['off', true])
  })
})

describe('a dashboard that talks', () => {
  test('is played until it stops, leaves, or its connection fails', async () => {
    const ends: ((all: ReturnType<typeof setUp>) => unknown)[] = [
      ({ talk }) => talk(false),
      ({ leave }) => leave(ONE),
      ({ one }) => (one.state.value = { status: 'failed', stage: 'path' }),
      ({ source }) => (source.value = undefined),
      ({ sound }) => sound.dispose(),
    ]
    for (const end of ends) {
      const all = setUp()
      const begun = all.talk(true)
      await vi.advanceTimersByTimeAsync(100)
      expect(await begun).toBeUndefined()
      expect([all.playing, all.sound.talker.value]).toEqual([[all.one.played], ONE])
      await end(all)
      expect([all.playing, all.sound.talker.value]).toEqual([[], undefined])
    }
  })

  test('one at a time: a second one is told, and its end ends nobody else’s', async () => {
    const { talk, sound, playing, leave } = setUp()
    void talk(true)
    expect(await talk(true, TWO)).toMatchObject({ code: 'not-now', message: 'Another dashboard is talking.' })
    await talk(false, TWO)
    expect([sound.talker.value, playing.length]).toEqual([ONE, 1])
    leave(ONE)
    const second = talk(true, TWO)
    await vi.advanceTimersByTimeAsync(100)
    expect(await second).toBeUndefined()
    expect(sound.talker.value).toBe(TWO)
  })

  test('needs a direct connection', async () => {
    const { talk, one } = setUp()
    one.state.value = { status: 'reconnecting' }
    expect(await talk(true)).toMatchObject({ code: 'not-now', message: 'Sound needs a direct connection.' })
  })

  test('a player that is refused says so; one that was stopped before does not silence the next', async () => {
    const { talk, sound, playing, refusals } = setUp()
    const refused = talk(true)
    refusals[0]?.(new DOMException('No tap', 'NotAllowedError'))
    expect(await refused).toMatchObject({ code: 'failed' })
    expect([playing, sound.talker.value]).toEqual([[], undefined])

    const stopped = talk(true)
    await talk(false)
    const next = talk(true)
    // As browsers do it: a player that is stopped before it began rejects.
    refusals[1]?.(new DOMException('Stopped', 'AbortError'))
    expect(await stopped).toMatchObject({ code: 'failed' })
    await vi.advanceTimersByTimeAsync(100)
    expect(await next).toBeUndefined()
    expect([playing.length, sound.talker.value]).toEqual([1, ONE])
  })
})
