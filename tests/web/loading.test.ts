import { signal } from '@preact/signals'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { CommandRef, SessionId } from '../../server/protocol/ids.ts'
import type { Direction, DirectionNeeds } from '../../web/phone/direction/direction.tsx'
import { loadDirection } from '../../web/phone/direction/loading.ts'
import { clientOver } from './fake-client.ts'
import { at } from './fakes.ts'

const HOST = 'host' as SessionId

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => vi.useRealTimers())

const settle = () => vi.advanceTimersByTimeAsync(0)

/** A phone whose part for direction is loaded by hand. */
const setUp = () => {
  const { client, live, last } = clientOver()
  const dispose = vi.fn()
  const light = vi.fn(() => Promise.resolve())
  const openDirection = vi.fn(() => ({ answers: { light }, dispose }) as unknown as Direction)
  const loads: { arrive: () => void; fail: () => void }[] = []
  const bring = () =>
    new Promise<{ openDirection: typeof openDirection }>((resolve, reject) => {
      loads.push({
        arrive: () => resolve({ openDirection }),
        fail: () => reject(new TypeError('No network')),
      })
    })
  const way = vi.fn(() => Promise.resolve())
  const needs = { client, sending: signal(undefined) } as unknown as DirectionNeeds
  const loaded = loadDirection(needs, { way, photo: way }, bring)
  live()
  let count = 0
  const ask = async (name: string, args: object) => {
    const ref = `ref-${(count += 1)}` as CommandRef
    last().deliver({ type: 'command', at: at('a1'), from: HOST, ref, name, args })
    await settle()
    return ref
  }
  /** What was answered to it. */
  const resultOf = (ref: CommandRef) =>
    last()
      .ofType('result')
      .find((result) => result['ref'] === ref)
  return { loaded, loads, ask, resultOf, openDirection, dispose, light, way }
}

describe('what a dashboard directs, loaded behind the first screen', () => {
  test('a command that comes before it waits for it, and it is opened once', async () => {
    const { loads, ask, resultOf, openDirection, light } = setUp()
    const refs = [await ask('light', { on: true }), await ask('light', { on: false })]
    expect(refs.map(resultOf)).toEqual([undefined, undefined])
    expect(loads).toHaveLength(1)
    loads[0]?.arrive()
    await settle()
    for (const ref of refs) expect(resultOf(ref)).toMatchObject({ to: HOST, ok: true })
    expect(openDirection).toHaveBeenCalledTimes(1)
    expect(light).toHaveBeenCalledTimes(2)
  })

  test('what needs no loading is answered without it', async () => {
    const { ask, resultOf, way, loads } = setUp()
    expect(resultOf(await ask('way', { choice: 'relay' }))).toMatchObject({ ok: true })
    expect(way).toHaveBeenCalledTimes(1)
    expect(loads).toHaveLength(1)
  })

  test('where it does not load, who asked is told, and it is tried again by itself', async () => {
    const { loads, ask, resultOf, loaded } = setUp()
    const ref = await ask('light', { on: true })
    loads[0]?.fail()
    await settle()
    expect(resultOf(ref)).toMatchObject({
      ok: false,
      error: { code: 'failed', message: 'The phone could not load what this needs. Try again.' },
    })
    expect(loaded.direction.value).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(loads).toHaveLength(2)
    loads[1]?.arrive()
    await settle()
    expect(loaded.direction.value).toBeDefined()
    expect(resultOf(await ask('light', { on: true }))).toMatchObject({ ok: true })
  })

  test('a session that is over opens nothing any more, and lets go of what it opened', async () => {
    const { loads, loaded, openDirection, dispose } = setUp()
    loaded.dispose()
    loads[0]?.arrive()
    await settle()
    expect(openDirection).not.toHaveBeenCalled()
    const other = setUp()
    other.loads[0]?.arrive()
    await settle()
    other.loaded.dispose()
    expect(other.dispose).toHaveBeenCalledTimes(1)
    expect(dispose).not.toHaveBeenCalled()
  })
})
