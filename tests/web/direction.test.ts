import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { CommandRef, CursorText, SessionId } from '../../server/protocol/ids.ts'
import { createDirector } from '../../web/lib/direction/director.ts'
import { answerCommands } from '../../web/phone/direction/answers.ts'
import { clientOver } from './fake-client.ts'

const AT = 'o~1' as CursorText
const CAMERA = 'camera' as SessionId
const HOST = 'host' as SessionId
const REF = 'ref-1' as CommandRef

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const openDirector = () => {
  const { client, live, last } = clientOver()
  const director = createDirector(client)
  live()
  const reply = () => {
    const { id } = last().sent.at(-1) as { id: string }
    last().deliver({ type: 'reply', id, ok: true, at: AT, data: { ref: REF } })
  }
  const result = (outcome: { ok: boolean; data?: unknown; error?: unknown }) =>
    last().deliver({ type: 'result', at: AT, from: CAMERA, ref: REF, ...outcome })
  return { director, last, reply, result }
}

describe('a dashboard that asks a camera', () => {
  test('gets what the camera answers, whichever of reply and result comes first', async () => {
    for (const first of ['reply', 'result'] as const) {
      const { director, reply, result, last } = openDirector()
      const answer = director.ask(CAMERA, 'light', { on: true })
      expect(last().sent.at(-1)).toMatchObject({
        type: 'command',
        to: CAMERA,
        name: 'light',
        args: { on: true },
      })
      if (first === 'result') result({ ok: true, data: 7 })
      reply()
      await vi.advanceTimersByTimeAsync(0)
      if (first === 'reply') result({ ok: true, data: 7 })
      await expect(answer).resolves.toBe(7)
      director.dispose()
    }
  })

  test('hears why it was not done, and a fault it does not know as a plain one', async () => {
    const { director, reply, result } = openDirector()
    const refused = director.ask(CAMERA, 'light', { on: true })
    reply()
    result({ ok: false, error: { code: 'unsupported', message: 'This camera has no light.' } })
    await expect(refused).rejects.toMatchObject({ code: 'unsupported', message: 'This camera has no light.' })
    const odd = director.ask(CAMERA, 'light', { on: true })
    reply()
    result({ ok: false, error: ['?'] })
    await expect(odd).rejects.toMatchObject({ code: 'failed' })
  })

  test('waits no longer than it says, nor for a camera that left', async () => {
    const { director, reply, last } = openDirector()
    const ask = () => director.ask(CAMERA, 'light', { on: true }, 500).catch((cause: unknown) => cause)
    const silent = ask()
    reply()
    await vi.advanceTimersByTimeAsync(500)
    expect(await silent).toMatchObject({ code: 'silent' })
    const gone = ask()
    reply()
    await vi.advanceTimersByTimeAsync(0)
    last().deliver({ type: 'member-left', at: AT, memberId: CAMERA, reason: 'left' })
    expect(await gone).toMatchObject({ code: 'away' })
  })

  test('does not wait for a camera that left before the server answered', async () => {
    const { director, reply, last } = openDirector()
    const gone = director.ask(CAMERA, 'microphone', { on: true }, 60_000).catch((cause: unknown) => cause)
    last().deliver({ type: 'member-left', at: AT, memberId: CAMERA, reason: 'lost' })
    reply()
    await vi.advanceTimersByTimeAsync(0)
    expect(await gone).toMatchObject({ code: 'away' })
  })

  test('hears in words what the server refuses', async () => {
    const { director, last } = openDirector()
    const words = {
      not_found: ['away', 'This camera is not here any more.'],
      rate_limited: ['not-now', 'Too many commands at once. Try again in a moment.'],
      forbidden: ['failed', 'This page may not direct cameras.'],
      store_unavailable: ['away', 'The camera was not reached. Try again when the connection is back.'],
    } as const
    for (const [code, [fault, message]] of Object.entries(words)) {
      const asked = director.ask(CAMERA, 'light', { on: true }).catch((cause: unknown) => cause)
      const { id } = last().sent.at(-1) as { id: string }
      last().deliver({ type: 'reply', id, ok: false, code: code as keyof typeof words, message: 'no' })
      expect(await asked).toMatchObject({ code: fault, message })
    }
  })
})

describe('a camera that is asked', () => {
  const openCamera = (light: () => Promise<unknown>) => {
    const { client, live, last } = clientOver()
    const answers = { light, way: light, photo: light }
    answerCommands(client, () => Promise.resolve(answers))
    live()
    const ask = async (name: string, args: unknown) => {
      last().deliver({ type: 'command', at: AT, from: HOST, ref: REF, name, args })
      await vi.advanceTimersByTimeAsync(0)
      return last().sent.at(-1)
    }
    return { ask }
  }

  test('answers the one who asked under the same ref', async () => {
    const { ask } = openCamera(() => Promise.resolve({ level: 1 }))
    expect(await ask('light', { on: true })).toMatchObject({
      type: 'result',
      to: HOST,
      ref: REF,
      ok: true,
      data: { level: 1 },
    })
  })

  test('says so of what it does not know, does not understand, or fails at', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const { ask } = openCamera(() => Promise.reject(new Error('broken')))
    expect(await ask('dance', {})).toMatchObject({ ok: false, error: { code: 'unknown' } })
    expect(await ask('toString', {})).toMatchObject({ ok: false, error: { code: 'unknown' } })
    expect(await ask('light', { on: 'yes' })).toMatchObject({ ok: false, error: { code: 'invalid' } })
    expect(await ask('light', { on: true })).toMatchObject({ ok: false, error: { code: 'failed' } })
    vi.restoreAllMocks()
  })
})
