import { once } from 'node:events'
import { connect as dial } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { connect, Refused, type ConnectOptions } from '../support/client.ts'
import { createTestClock } from '../support/clock.ts'
import { startApp } from './support.ts'

const OWN = 'https://cameras.example.com'
const FRIEND = 'https://app.example.com'
const ENV = { PUBLIC_URL: OWN, ALLOWED_ORIGINS: FRIEND }

async function refusal(url: string, options: ConnectOptions): Promise<Refused & { code: unknown }> {
  const outcome = await connect(url, options).then(
    () => 'the upgrade was not refused',
    (error: unknown) => error,
  )
  if (!(outcome instanceof Refused)) throw new Error(String(outcome))
  const { code } = JSON.parse(outcome.body) as { code: unknown }
  return Object.assign(outcome, { code })
}

test.each([
  ['none', []],
  ['another', ['chat']],
  ['another version', ['pairlens.v2']],
  ['one that looks like it', ['PAIRLENS.V1']],
])('section 4: an upgrade that offers %s subprotocol is 400', async (_what, protocols) => {
  const app = await startApp()
  expect(await refusal(app.url, { protocols })).toMatchObject({ status: 400, code: 'invalid_request' })
})

test('section 4: the subprotocol is chosen among those offered', async () => {
  const app = await startApp()
  const { socket } = await connect(app.url, { protocols: ['chat', 'pairlens.v1'] })
  expect(socket.protocol).toBe('pairlens.v1')
})

test('section 4: a plain GET of /ws is 400 and leaves the connection sound', async () => {
  const app = await startApp()
  const answer = await fetch(`${app.url}/ws`)
  expect(answer.status).toBe(400)
  expect(answer.headers.get('content-type')).toContain('application/problem+json')
})

test.each([
  'https://evil.example',
  'https://cameras.example.com.evil.example',
  'http://cameras.example.com',
  'https://cameras.example.com:444',
  'null',
])('[SEC-1] Origin %s is refused before the upgrade', async (origin) => {
  const app = await startApp({ env: ENV })
  const refused = await refusal(app.url, { origin })
  expect(refused).toMatchObject({ status: 403, code: 'forbidden' })
  expect(refused.headers['upgrade']).toBeUndefined()
})

test.each([OWN, FRIEND])('[SEC-1] Origin %s may connect', async (origin) => {
  const app = await startApp({ env: ENV })
  expect((await connect(app.url, { origin })).socket.readyState).toBe(WebSocket.OPEN)
})

test('[SEC-1] a client without an Origin is no page and may connect', async () => {
  const app = await startApp({ env: ENV })
  expect((await connect(app.url)).socket.readyState).toBe(WebSocket.OPEN)
})

test.each(['/healthz', '/readyz', '/api/room', '/', '/ws/more'])(
  '[SEC-1] no other address takes an upgrade: %s',
  async (path) => {
    const app = await startApp({ env: ENV })
    const outcome = await connect(app.url, { path, origin: 'https://evil.example' }).then(
      () => 'upgraded',
      (error: unknown) => error,
    )
    expect(outcome).toBeInstanceOf(Refused)
  },
)

test('[SEC-2] compression is not negotiated with a client that offers it', async () => {
  const app = await startApp()
  const { socket } = await connect(app.url, { socket: { perMessageDeflate: true } })
  expect(socket.extensions).toBe('')
})

test('[SEC-7] one address opens 200 sockets a minute, then 429', async () => {
  const clock = createTestClock()
  const app = await startApp({ clock })
  for (let batch = 0; batch < 10; batch += 1) {
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect(app.url)))
    for (const client of clients) client.drop()
  }
  const refused = await refusal(app.url, {})
  expect(refused).toMatchObject({ status: 429, code: 'rate_limited' })
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60)
  clock.advance(60_000)
  expect((await connect(app.url)).socket.readyState).toBe(WebSocket.OPEN)
})

test('[SEC-7] RATE_LIMITS=off bounds no sockets', async () => {
  const app = await startApp({ env: { RATE_LIMITS: 'off' } })
  for (let batch = 0; batch < 11; batch += 1) {
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect(app.url)))
    for (const client of clients) client.drop()
  }
  expect((await connect(app.url)).socket.readyState).toBe(WebSocket.OPEN)
})

test('[DRAIN-1] while the instance drains, upgrades are 503', async () => {
  const app = await startApp()
  app.hub.drain()
  expect(await refusal(app.url, {})).toMatchObject({ status: 503, code: 'draining' })
})

test('[DRAIN-1] an upgrade that comes while the server closes is refused and holds nothing up', async () => {
  const app = await startApp()
  const accepted = once(app.server.server, 'connection')
  const socket = dial(Number(new URL(app.url).port), '127.0.0.1')
  // It is no idle connection, which would be closed at once.
  socket.write('GET /ws HTTP/1.1\r\n')
  await accepted
  const closed = app.server.close()
  await expect.poll(() => app.server.server.listening).toBe(false)
  socket.write(
    'Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: pairlens.v1\r\n\r\n',
  )
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 503 /)
  await closed
  socket.destroy()
})
