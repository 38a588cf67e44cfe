/** How fast a phone sends through the server, and by whose clock. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createServerClock } from '../../web/lib/clock.ts'
import { isDue } from '../../web/lib/relay/encoder.ts'
import { createPace } from '../../web/lib/relay/pace.ts'
import { createProbe } from '../../web/lib/relay/probe.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the pace', () => {
  it('begins at 1.5 Mbit/s and rises slowly to 2.5', () => {
    const pace = createPace()
    expect(pace.look(0)).toEqual({ bitrate: 1_500_000, fps: 30, hold: false })
    vi.advanceTimersByTime(2_000)
    expect(pace.look(0).bitrate).toBe(1_650_000)
    expect(pace.look(0).bitrate).toBe(1_650_000)
    for (let step = 0; step < 20; step += 1) {
      vi.advanceTimersByTime(2_000)
      pace.look(0)
    }
    expect(pace.look(0).bitrate).toBe(2_500_000)
  })

  it('falls at once, once a second, not below 150 kbit/s, and rests before it rises', () => {
    const pace = createPace()
    pace.trouble()
    pace.trouble()
    expect(pace.look(0).bitrate).toBe(1_050_000)
    vi.advanceTimersByTime(3_900)
    expect(pace.look(0).bitrate).toBe(1_050_000)
    vi.advanceTimersByTime(200)
    expect(pace.look(0).bitrate).toBe(1_155_000)
    for (let step = 0; step < 20; step += 1) {
      vi.advanceTimersByTime(1_000)
      pace.trouble()
    }
    expect(pace.look(0)).toMatchObject({ bitrate: 150_000, fps: 15 })
  })

  it('holds pictures back while one waits longer than 150 ms, and goes on when it left', () => {
    const pace = createPace()
    pace.sent(10_000, Date.now())
    expect(pace.look(10_000).hold).toBe(false)
    vi.advanceTimersByTime(160)
    expect(pace.look(10_000)).toMatchObject({ hold: true, bitrate: 1_050_000 })
    expect(pace.look(0).hold).toBe(false)
  })

  it('holds back at much that is unsent, but a key picture alone is no trouble', () => {
    const pace = createPace()
    pace.sent(60_000, Date.now())
    expect(pace.look(60_000)).toMatchObject({ hold: true, bitrate: 1_500_000 })
    expect(pace.look(30_000).hold).toBe(false)
  })

  it('takes a picture that is a little early, and half of them at half the rate', () => {
    const at30 = { bitrate: 1, fps: 30, hold: false }
    expect(isDue(at30, 1_033, 1_000)).toBe(true)
    expect(isDue(at30, 1_010, 1_000)).toBe(false)
    expect(isDue({ ...at30, fps: 15 }, 1_033, 1_000)).toBe(false)
    expect(isDue({ ...at30, hold: true }, 2_000, 1_000)).toBe(false)
  })
})

describe('how far the way is behind', () => {
  it('is told by an answer that takes longer than the quickest one', () => {
    let asked = 0
    const probe = createProbe(
      () => (asked += 1),
      () => 0,
    )
    const answer = (ms: number) => {
      probe.tick()
      vi.advanceTimersByTime(ms)
      probe.answered()
      vi.advanceTimersByTime(200)
    }
    answer(80)
    answer(30)
    expect([asked, probe.behind()]).toEqual([2, 0])
    probe.tick()
    probe.tick()
    vi.advanceTimersByTime(230)
    expect([asked, probe.behind()]).toEqual([3, 200])
    const pace = createPace()
    expect(pace.look(0, probe.behind())).toMatchObject({ hold: true, bitrate: 1_050_000 })
    probe.answered()
    expect(probe.behind()).toBe(0)
    expect(pace.look(0, probe.behind()).hold).toBe(false)
  })

  it('says what a full way carries, which the pace then stays below', () => {
    let sent = 0
    const probe = createProbe(
      () => {},
      () => sent,
    )
    const round = (bytes: number, ms: number) => {
      sent += bytes
      probe.tick()
      vi.advanceTimersByTime(ms)
      const carried = probe.answered()
      vi.advanceTimersByTime(200)
      return carried
    }
    expect(round(10_000, 50)).toBeUndefined()
    expect(round(20_000, 60)).toBeUndefined()
    // 30 kB in the 200 ms between and the 800 of the answer.
    const carried = round(30_000, 800)
    expect(carried).toBe(240_000)
    const pace = createPace()
    pace.carries(carried ?? 0)
    expect(pace.look(0)).toMatchObject({ bitrate: 204_000, fps: 15 })
    pace.carries(3_000_000)
    expect(pace.look(0).bitrate).toBe(204_000)
    pace.carries(1_000)
    expect(pace.look(0).bitrate).toBe(150_000)
  })

  it('is asked five times a second at most', () => {
    let asked = 0
    const probe = createProbe(
      () => (asked += 1),
      () => 0,
    )
    probe.tick()
    probe.answered()
    vi.advanceTimersByTime(199)
    probe.tick()
    expect(asked).toBe(1)
    vi.advanceTimersByTime(1)
    probe.tick()
    expect(asked).toBe(2)
  })
})

describe('the server’s clock', () => {
  it('is believed by the shortest round trip', () => {
    let own = 1_000
    const clock = createServerClock(() => own)
    expect(clock.now()).toBe(1_000)
    const ask = (trip: number, theirs: number) => {
      clock.asked()
      own += trip
      clock.answered(new Date(theirs).toISOString())
    }
    ask(100, 11_050)
    expect(clock.now()).toBe(11_100)
    // Half a second on the way there: it would shift the time by 200 ms.
    ask(500, 11_600)
    expect(clock.now()).toBe(11_600)
    ask(20, 11_610)
    expect(clock.now()).toBe(11_620)
  })
})
