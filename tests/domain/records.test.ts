import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCode, readRoom, readSession } from '../../server/domain/records.ts'
import type { SessionId } from '../../server/protocol/ids.ts'
import {
  createDomain,
  DAY,
  issueCode,
  LAPTOP,
  refusalOf,
  roomy,
  scanned,
  somebody,
  typed,
  type Domain,
} from './support.ts'

const ONE_YEAR = 365 * DAY

/** The three kinds of stored values, each as it is written. */
async function written(domain: Domain) {
  const { room, host, code } = await issueCode(domain)
  const { session } = await domain.pairing.claim(
    typed(await domain.pairing.issue(room.id, 'camera', LAPTOP)),
    somebody,
    roomy,
  )
  return { room, host, code, session }
}

/** Values that no instance of this version wrote. */
const damaged = (text: string): [what: string, text: string][] => [
  ['nothing at all', ''],
  ['no JSON', text.slice(0, -1)],
  ['null', 'null'],
  ['a list', '[]'],
  ['a number', '123456'],
  ['an empty object', '{}'],
  ['a later version', text.replace('"v":1', '"v":2')],
  ['no version', text.replace('"v":1,', '')],
  ['a version that is a text', text.replace('"v":1', '"v":"1"')],
  ['a field of another type', text.replace(/"(expiresAt|createdAt)":\d+/, '"$1":"soon"')],
  ['an unknown word', text.replace(/"(status|approval)":"\w+"/, '"$1":"perhaps"')],
]
const KINDS = Array.from({ length: 11 }, (_, index) => index)

describe('[STORE-6] what cannot be read is treated as absent, with a warning', () => {
  test.each(KINDS)('a room, damage %i', async (index) => {
    const domain = createDomain()
    const { room, code } = await written(domain)
    const text = (await domain.store.get(`room:${room.id}`)) ?? ''
    const [what, broken] = damaged(text)[index] ?? ['', '']
    expect(broken, what).not.toBe(text)
    await domain.store.exchange(`room:${room.id}`, broken)
    expect(await domain.rooms.find(room.id), what).toBeUndefined()
    expect(domain.warnings).toHaveLength(1)
    expect(domain.warnings[0]).toMatch(/^a stored room .* treated as absent$/)
    expect(await domain.rooms.update(room.id, { name: 'b' })).toBeUndefined()
    expect(await domain.store.get(`room:${room.id}`)).toBe(broken)
    expect(await refusalOf(domain.pairing.claim(scanned(code), somebody, roomy))).toBe('pairing_code_invalid')
  })

  test.each(KINDS)('a session, damage %i', async (index) => {
    const domain = createDomain()
    const { room, host, session } = await written(domain)
    const table = `room:${room.id}:sessions`
    for (const { id, token } of [host, session]) {
      const text = (await domain.store.row(table, id)) ?? ''
      const [what, broken] = damaged(text)[index] ?? ['', '']
      expect(broken, what).not.toBe(text)
      await domain.store.putRow(table, id, broken, ONE_YEAR)
      domain.warnings.length = 0
      expect(await domain.sessions.authenticate(token), what).toBeUndefined()
      expect(domain.warnings).toHaveLength(1)
      expect(domain.warnings[0]).toMatch(/^a stored session .* treated as absent$/)
      expect(await domain.sessions.approve(room.id, id, '10')).toEqual({ kind: 'gone' })
      expect(await domain.sessions.find(room.id, id)).toBeUndefined()
    }
    expect(await domain.sessions.list(room.id)).toEqual([])
  })

  test.each(KINDS)('a code, damage %i', async (index) => {
    const domain = createDomain()
    const { room, code } = await written(domain)
    const text = (await domain.store.get(`code:${code.id}`)) ?? ''
    const [what, broken] = damaged(text)[index] ?? ['', '']
    expect(broken, what).not.toBe(text)
    await domain.store.exchange(`code:${code.id}`, broken)
    expect(await refusalOf(domain.pairing.preview(scanned(code), roomy)), what).toBe('pairing_code_invalid')
    expect(domain.warnings).toHaveLength(1)
    expect(domain.warnings[0]).toMatch(/^a stored pairing code .* treated as absent$/)
    expect(await refusalOf(domain.pairing.claim(typed(code), somebody, roomy))).toBe('pairing_code_invalid')
    expect(await domain.pairing.revoke(room.id, code.id)).toBe(false)
  })

  test('warnings hold nothing of the value', async () => {
    const domain = createDomain()
    const { host, room } = await written(domain)
    await domain.store.putRow(`room:${room.id}:sessions`, host.id, '{"v":9,"tokenHash":"leaked"}', ONE_YEAR)
    await domain.sessions.authenticate(host.token)
    expect(domain.warnings.join()).not.toContain('leaked')
  })

  test('a session whose hash has as many letters as a hash and more bytes is refused, not fatal', async () => {
    const domain = createDomain()
    const { host, room } = await written(domain)
    const table = `room:${room.id}:sessions`
    const text = (await domain.store.row(table, host.id)) ?? ''
    await domain.store.putRow(
      table,
      host.id,
      text.replace(/"tokenHash":"[^"]+"/, `"tokenHash":"${'é'.repeat(22)}"`),
      ONE_YEAR,
    )
    expect(await domain.sessions.authenticate(host.token)).toBeUndefined()
  })

  test('any text is read without a throw, and warned of unless it is sound', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify({ v: 1, status: 'open', value })),
    )
    fc.assert(
      fc.property(texts, (text) => {
        for (const read of [readRoom, readSession, readCode]) {
          const warnings: string[] = []
          const record: unknown = read(text, (what) => warnings.push(what))
          expect(record).toBeUndefined()
          expect(warnings).toHaveLength(1)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('what is absent is not warned of', () => {
    for (const read of [readRoom, readSession, readCode]) {
      expect(
        read(undefined, (what) => {
          throw new Error(what)
        }),
      ).toBeUndefined()
    }
  })
})

test('[STORE-6] a field that a neighbouring version adds does no harm', async () => {
  const domain = createDomain()
  const { room, host, code } = await written(domain)
  const more = (text: string | undefined) => (text ?? '').replace('"v":1', '"v":1,"later":{"a":[1]}')
  await domain.store.exchange(`room:${room.id}`, more(await domain.store.get(`room:${room.id}`)))
  await domain.store.exchange(`code:${code.id}`, more(await domain.store.get(`code:${code.id}`)))
  const table = `room:${room.id}:sessions`
  await domain.store.putRow(table, host.id, more(await domain.store.row(table, host.id)), ONE_YEAR)
  expect(await domain.rooms.find(room.id)).toEqual(room)
  expect(await domain.sessions.authenticate(host.token)).toBeDefined()
  expect(await domain.sessions.find(room.id, 'never' as SessionId)).toBeUndefined()
  expect(await domain.pairing.claim(scanned(code), somebody, roomy)).toMatchObject({
    session: { status: 'active' },
  })
  expect(domain.warnings).toEqual([])
})
