import fc from 'fast-check'
import { expect, test } from 'vitest'
import { connect } from '../support/client.ts'
import { addMember, newRoom, startApp } from './support.ts'

const TYPES = [
  'hello',
  'signal',
  'message',
  'state',
  'command',
  'result',
  'approve',
  'deny',
  'watch',
  'key-frame',
  'leave',
  'ping',
]

/** Values that break what is written carelessly: numbers out of range, halves of characters, odd keys. */
const odd = fc.oneof(
  fc.constantFrom(
    null,
    true,
    '',
    '\u0000',
    '\ud800',
    '\udfff\ud800',
    '__proto__',
    'constructor',
    'x'.repeat(5_000),
    -0,
    1e308,
    -1e308,
    1e20,
    Number.MAX_SAFE_INTEGER,
    5e-324,
  ),
  fc.string({ unit: 'binary' }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const json = fc.jsonValue({ maxDepth: 4 })
const key = fc.oneof(
  fc.constantFrom('id', 'to', 'data', 'state', 'token', 'ref', 't', '__proto__', 'type'),
  fc.string(),
)
const value = fc.oneof(odd, json)
const nested = fc
  .integer({ min: 1, max: 20_000 })
  .chain((depth) =>
    fc.constantFrom(
      `${'['.repeat(depth)}${']'.repeat(depth)}`,
      `${'{"a":'.repeat(Math.min(depth, 8_000))}1${'}'.repeat(Math.min(depth, 8_000))}`,
      '['.repeat(depth),
    ),
  )
const message = fc.record({
  type: fc.oneof(fc.constantFrom(...TYPES), fc.string()),
  rest: fc.dictionary(key, value, { maxKeys: 6 }),
})

const frame: fc.Arbitrary<string | Buffer> = fc.oneof(
  { weight: 5, arbitrary: message.map(({ type, rest }) => JSON.stringify({ ...rest, type })) },
  { weight: 2, arbitrary: json.map((any) => JSON.stringify(any)) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 200 }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 3,
    // Sound but for their depth, so that they reach whatever writes them out again.
    arbitrary: fc
      .record({
        start: fc.constantFrom('"message","data"', '"ping","t"', '"state","state"', '"unknown","x"'),
        inner: nested,
      })
      .map(({ start, inner }) => `{"id":1,"type":${start}:${inner}}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '1e999',
      '{"type":"ping","t":1e999}',
      '{"type":"message","id":1e999,"data":1}',
      '{"type":"state","state":{"a":1e999}}',
    ),
  },
)

test('[SEC-6] no frame of a member harms the process or another member', async () => {
  const app = await startApp({ env: { RATE_LIMITS: 'off' } })
  const here = await newRoom(app)
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 9 }), async (frames) => {
      const camera = await addMember(here)
      for (const one of frames) camera.client.raw(one)
      // Whatever it sent, it is served or closed with a code of the contract.
      const outcome = await Promise.race([
        camera.client.closed,
        camera.client.settled().catch(() => camera.client.closed),
      ])
      if ('code' in outcome) expect([1000, 1007, 1009, 4400, 4429]).toContain(outcome.code)
      camera.client.send({ type: 'leave' })
      expect(await here.host.client.ask({ type: 'message', data: 1 })).toMatchObject({ ok: true })
    }),
    { numRuns: 25 },
  )
  expect(app.logs()).not.toContain('"level":50')
  expect(app.logs()).not.toContain('"level":60')
}, 60_000)

test('[SEC-6] no first frame harms the process', async () => {
  const app = await startApp({ env: { RATE_LIMITS: 'off' } })
  const here = await newRoom(app)
  await fc.assert(
    fc.asyncProperty(frame, async (first) => {
      const client = await connect(app.url)
      client.raw(first)
      expect([1007, 1009, 4400, 4401]).toContain((await client.closed).code)
      await here.host.client.settled()
    }),
    { numRuns: 200 },
  )
  expect(app.logs()).not.toContain('"level":50')
}, 60_000)

test('[SEC-6] every member gets whatever may be said, unharmed', async () => {
  const app = await startApp({ env: { RATE_LIMITS: 'off' } })
  const here = await newRoom(app)
  const viewer = await addMember(here, 'viewer')
  await fc.assert(
    fc.asyncProperty(value, async (data) => {
      const sent: unknown = JSON.parse(JSON.stringify(data))
      expect(await here.host.client.ask({ type: 'message', data: sent })).toMatchObject({ ok: true })
      const got = await viewer.client.next('message')
      expect(JSON.stringify(got.data)).toBe(JSON.stringify(sent))
    }),
    { numRuns: 200 },
  )
}, 60_000)

test('[SEC-6] text that is no UTF-8 ends its own connection alone', async () => {
  const app = await startApp()
  const here = await newRoom(app)
  const camera = await addMember(here)
  camera.client.socket.send(Buffer.from([0x22, 0xff, 0xfe, 0x22]), { binary: false })
  expect([1006, 1007]).toContain((await camera.client.closed).code)
  await here.host.client.settled()
})

test.each([
  ['message', '"message","data"'],
  ['ping', '"ping","t"'],
  ['state', '"state","state"'],
])('[SEC-6] a %s that nests ten thousand levels is refused, not tried', async (_what, start) => {
  const app = await startApp()
  const here = await newRoom(app)
  here.host.client.raw(`{"id":1,"type":${start}:${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`)
  const answers = (await here.host.client.settled()).filter(
    ({ type }) => type === 'reply' || type === 'error',
  )
  expect(answers).toMatchObject([{ code: 'invalid_message' }])
  expect(app.logs()).not.toContain('"level":50')
})
