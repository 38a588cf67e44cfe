/** How a phone decides between sending to each watcher alone and sending through the server once. */
import { signal } from '@preact/signals'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SessionId } from '../../server/protocol/ids.ts'
import type { Member } from '../../server/protocol/models.ts'
import type { Via } from '../../web/lib/relay/reasons.ts'
import { wayAnswers } from '../../web/phone/direction/way-answers.ts'
import { createWay } from '../../web/phone/way.ts'
import { member, sessionId } from './fakes.ts'

const CAMERA = sessionId('cam')

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const setUp = (directOff?: 'chosen' | 'unsupported') => {
  const active = signal(true)
  const members = signal<ReadonlyMap<SessionId, Member>>(new Map())
  const way = createWay({ client: { active, members }, camera: CAMERA, directOff })
  /** So many watch directly, and so many for another reason through the server. */
  const watch = (direct: number, via?: Via, relayed = 0) => {
    const all = [...Array(direct + relayed).keys()].map((n) =>
      member(`w${n}`, 'viewer', {
        state: {
          watching: { [CAMERA]: 'live' },
          via: n < direct ? (via === undefined ? {} : { [CAMERA]: via }) : { [CAMERA]: 'path' },
        },
      }),
    )
    members.value = new Map([[CAMERA, member('cam')], ...all.map((one) => [one.id, one] as const)])
  }
  return { active, way, watch, why: () => way.relayOnly.value }
}

describe('[MED-6] many watchers', () => {
  it('three are served directly, the fourth has it sent through the server once', () => {
    const { watch, why } = setUp()
    watch(3)
    expect(why()).toBeUndefined()
    watch(4)
    expect(why()).toBe('many')
  })

  it('those who see it through the server for another reason are no burden', () => {
    const { watch, why } = setUp()
    watch(3, undefined, 5)
    expect(why()).toBeUndefined()
  })

  it('goes back when few have watched for 10 s, and counts those who left the direct way for it', async () => {
    const { watch, why } = setUp()
    watch(4)
    watch(4, 'many')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(why()).toBe('many')
    watch(3, 'many')
    await vi.advanceTimersByTimeAsync(9_000)
    watch(4, 'many')
    await vi.advanceTimersByTimeAsync(9_000)
    watch(3, 'many')
    await vi.advanceTimersByTimeAsync(9_900)
    expect(why()).toBe('many')
    await vi.advanceTimersByTimeAsync(200)
    expect(why()).toBeUndefined()
  })

  it('changes nothing while the server is away, and leaves no timer behind', async () => {
    const { active, way, watch, why } = setUp()
    watch(4)
    active.value = false
    watch(0)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(why()).toBe('many')
    active.value = true
    way.dispose()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the choice from a dashboard', () => {
  it('stands above the number, and is kept for the next load', async () => {
    const { way, watch, why } = setUp()
    const update = vi.fn()
    const { way: choose } = wayAnswers(way, { update })
    watch(9)
    await choose({ choice: 'direct' }, CAMERA)
    expect(why()).toBeUndefined()
    expect(update).toHaveBeenCalledWith({ notes: { way: 'direct' } })
    watch(1)
    await choose({ choice: 'relay' }, CAMERA)
    expect(why()).toBe('chosen')
    await choose({ choice: 'auto' }, CAMERA)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(why()).toBeUndefined()
  })

  it('cannot give a phone direct video that has none', async () => {
    const { way, why } = setUp('unsupported')
    const { way: choose } = wayAnswers(way, { update: vi.fn() })
    await expect(choose({ choice: 'direct' }, CAMERA)).rejects.toMatchObject({ code: 'unsupported' })
    expect(why()).toBe('unsupported')
  })
})
