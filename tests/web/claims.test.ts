import { describe, expect, test } from 'vitest'
import type { CodeId, CursorText } from '../../server/protocol/ids.ts'
import type { PairingOutcome } from '../../server/protocol/messages.ts'
import { keepClaims } from '../../web/dashboard/claims.ts'
import { clientOver } from './fake-client.ts'
import { welcome } from './fakes.ts'

const AT = 'o~1' as CursorText
const FIRST = 'code-1' as CodeId
const SECOND = 'code-2' as CodeId
const device = { kind: 'phone', browser: 'Safari', os: 'iOS' } as const

function open() {
  const { client, live, last } = clientOver()
  const claims = keepClaims(client)
  live()
  const pending = (id: CodeId, name: string) =>
    last().deliver({
      type: 'pairing-pending',
      at: AT,
      pairing: { id, device, name, role: id === SECOND ? 'host' : 'camera', presented: 'typed' },
    })
  const done = (pairing: CodeId, outcome: PairingOutcome) =>
    last().deliver({ type: 'pairing-done', at: AT, pairing, outcome })
  const names = () => claims.waiting.value.map(({ name }) => name)
  /** Answers the last request of the page. */
  const reply = (
    answer: { ok: true; at: CursorText } | { ok: false; code: 'check_wrong' | 'not_found'; message: string },
  ) => {
    const { id } = last().sent.at(-1) as { id: string }
    last().deliver({ type: 'reply', id, ...answer })
  }
  return { claims, last, pending, done, names, reply }
}

describe('[PAIR-5] claims that wait for a host', () => {
  test('stand in the order they came, each with what its code makes of it', () => {
    const { claims, pending, names } = open()
    pending(FIRST, 'One')
    pending(SECOND, 'Two')
    pending(FIRST, 'One')
    expect(names()).toEqual(['Two', 'One'])
    expect(claims.waiting.value.map(({ role }) => role)).toEqual(['host', 'camera'])
  })

  test.each([
    ['expired', 'expired'],
    ['denied', 'elsewhere'],
    ['paired', 'elsewhere'],
  ] as const)('one that ends as %s without an answer from here is said to be %s', (outcome, kind) => {
    const { claims, pending, done, names } = open()
    pending(FIRST, 'One')
    done(FIRST, outcome)
    expect(names()).toEqual([])
    expect(claims.end.value).toEqual({ kind, name: 'One' })
  })

  test('one that this page makes and answers itself is not asked about', () => {
    const { claims, pending, done, names } = open()
    claims.answeredHere(FIRST)
    pending(FIRST, 'OBS')
    pending(SECOND, 'Two')
    expect(names()).toEqual(['Two'])
    done(FIRST, 'paired')
    expect(claims.end.value).toBeUndefined()
  })

  test('[PAIR-7] a further try of its code does not end it', () => {
    const { claims, pending, done, names } = open()
    pending(FIRST, 'One')
    done(FIRST, 'reused')
    expect(names()).toEqual(['One'])
    expect(claims.end.value).toBeUndefined()
  })

  test('an approved one is no news, whichever of reply and event comes first', async () => {
    const { claims, pending, done, names, reply } = open()
    pending(FIRST, 'One')
    const [claim] = claims.waiting.value
    if (!claim) throw new Error('no claim')
    const approved = claims.approve(claim, '42')
    done(FIRST, 'paired')
    reply({ ok: true, at: AT })
    await approved
    expect(names()).toEqual([])
    expect(claims.end.value).toBeUndefined()
  })

  test('a wrong number is said, and so is one that somebody else answered', async () => {
    const { claims, pending, reply } = open()
    pending(FIRST, 'One')
    pending(SECOND, 'Two')
    const [one, two] = claims.waiting.value
    if (!one || !two) throw new Error('no claims')
    const first = claims.approve(one, '10')
    reply({ ok: false, code: 'check_wrong', message: '' })
    await first
    expect(claims.end.value).toEqual({ kind: 'check_wrong', name: 'One' })
    const second = claims.decline(two)
    reply({ ok: false, code: 'not_found', message: '' })
    await second
    expect(claims.end.value).toEqual({ kind: 'elsewhere', name: 'Two' })
    claims.understood()
    expect(claims.end.value).toBeUndefined()
  })

  test('after a welcome that does not resume, only those told again wait', () => {
    const { last, pending, names } = open()
    pending(FIRST, 'One')
    pending(SECOND, 'Two')
    last().deliver(welcome())
    pending(SECOND, 'Two')
    expect(names()).toEqual(['Two'])
  })
})
