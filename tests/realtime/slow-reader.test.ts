import { once } from 'node:events'
import { connect as tcp, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { SUBPROTOCOL } from '../../server/protocol/limits.ts'
import { connect, type TestClient } from '../support/client.ts'
import { createTestClock } from '../support/clock.ts'
import { addMember, pass, seat, stage, startApp, timedStage, type Seated, type Stage } from './support.ts'

const KIB = 1024
const unlimited = { env: { RATE_LIMITS: 'off' } }

/** Sends until the server has said in its log what is looked for; the kernel's buffers differ between machines. */
async function sendUntil(here: Stage, from: TestClient, send: () => void, said: string): Promise<void> {
  for (let round = 0; round < 1_000; round += 1) {
    if (here.app.logs().includes(said)) return
    for (let n = 0; n < 8; n += 1) send()
    await from.settled()
  }
  throw new Error(`the server never said: ${said}`)
}

/** A client of bare TCP: it does what no library does. */
async function bare(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = tcp({ host: hostname, port: Number(port), allowHalfOpen: true })
  // The other side may end it by a reset, which is what some tests wait for.
  socket.on('error', () => socket.destroy())
  await once(socket, 'connect')
  socket.write(
    [
      'GET /ws HTTP/1.1',
      `Host: ${hostname}:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
      `Sec-WebSocket-Protocol: ${SUBPROTOCOL}`,
      '',
      '',
    ].join('\r\n'),
  )
  const [head] = (await once(socket, 'data')) as [Buffer]
  expect(head.toString()).toMatch(/^HTTP\/1\.1 101 /)
  return socket
}

/** A masked frame (RFC 6455, section 5.2) with a mask of zeros. */
function masked(opcode: number, payload: Buffer): Buffer {
  const length =
    payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 0xff]
  return Buffer.concat([Buffer.from([0x80 | opcode, ...length, 0, 0, 0, 0]), payload])
}
const TEXT = 1
const CLOSE = 8
const PING = 9

/** Resolves when the other side has ended the connection, with the milliseconds it took. */
async function gone(socket: Socket): Promise<number> {
  const began = performance.now()
  socket.resume()
  await Promise.race([once(socket, 'end'), once(socket, 'close')])
  socket.destroy()
  return performance.now() - began
}

test('[SEC-4] a reader that stops reading is closed with 4430, and nobody else notices', async () => {
  const here = await stage(unlimited)
  const [camera, slow, viewer] = [
    await addMember(here),
    await addMember(here, 'viewer'),
    await addMember(here, 'viewer'),
  ]
  slow.client.socket.pause()
  let sent = 0
  const send = () => camera.client.send({ type: 'message', data: [(sent += 1), 'x'.repeat(15 * KIB)] })
  await sendUntil(here, camera.client, send, 'too_slow')
  slow.client.socket.resume()
  expect((await slow.client.closed).code).toBe(4430)
  await viewer.client.settled()
  for (const { client } of [viewer, here.host]) {
    await client.settled()
    expect(client.of('message').map(({ data }) => (data as unknown[])[0])).toEqual(
      Array.from({ length: sent }, (_, n) => n + 1),
    )
  }
  expect(here.host.client.of('member-updated')).toMatchObject([{ member: { id: slow.id, connected: false } }])
  // It comes back: 4430 is no end.
  const back = await seat(here.app, slow)
  await back.client.settled()
}, 30_000)

test('[SEC-4] a reader that stops reading and pings is closed too', async () => {
  const here = await stage(unlimited)
  const slow = await addMember(here, 'viewer')
  slow.client.socket.pause()
  const t = 'x'.repeat(60 * KIB)
  await sendUntil(here, here.host.client, () => slow.client.send({ type: 'ping', t }), 'too_slow')
}, 30_000)

test('[SEC-4] what waits for a reader of WebSocket pings is bounded as well', async () => {
  const here = await stage()
  const socket = await bare(here.app.url)
  const slow = await addMember(here, 'viewer')
  socket.write(masked(TEXT, Buffer.from(JSON.stringify({ type: 'hello', token: slow.token }))))
  expect((await slow.client.closed).code).toBe(4409)
  socket.pause()
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const pings = Buffer.concat(Array.from({ length: 500 }, () => masked(PING, Buffer.alloc(125))))
  // 26 MB of pongs that nobody reads: more than the kernel's buffers take.
  for (let round = 0; round < 400 && !socket.destroyed; round += 1) {
    if (socket.write(pings)) continue
    await Promise.race([ended, new Promise<void>((resolve) => socket.once('drain', () => resolve()))])
  }
  await ended
  await here.host.client.next('member-updated', ({ member }) => member.id === slow.id && !member.connected)
}, 30_000)

test('[SEC-4] a prompt reader is not closed, however much comes in one moment', async () => {
  const here = await stage()
  const senders: Seated[] = []
  for (let n = 0; n < 4; n += 1) senders.push(await addMember(here))
  // 60 messages at once are what [SEC-3] allows each of them: 3.7 MB.
  for (const { client } of senders) {
    for (let n = 0; n < 60; n += 1)
      client.send({ type: 'signal', to: here.host.id, data: 'x'.repeat(15 * KIB) })
  }
  for (const { client } of senders) await client.settled()
  await here.host.client.settled()
  expect(here.host.client.of('signal')).toHaveLength(240)
}, 30_000)

test('section 4: a connection that answers pings of the server lives on', async () => {
  const here = await timedStage()
  const camera = await addMember(here)
  await pass(here.clock, 300_000, [here.host.client, camera.client])
  expect(here.host.client.of('member-updated')).toEqual([])
})

test('section 4: a connection that does not answer a ping for 10 s is dropped', async () => {
  const clock = createTestClock()
  const here = await stage({ clock })
  const camera = await addMember(here)
  const mute = await connect(here.app.url, { socket: { autoPong: false } })
  const pings: number[] = []
  mute.socket.on('ping', () => pings.push(clock.now()))
  mute.send({ type: 'hello', token: camera.token, attempt: 1 })
  await mute.next('welcome')
  const began = clock.now()
  await pass(clock, 18_000, [here.host.client, mute])
  clock.advance(1_999)
  await mute.settled()
  expect(pings).toEqual([])
  clock.advance(1)
  await mute.settled()
  expect(pings).toEqual([began + 20_000])
  // Messages alone are no pong.
  await pass(clock, 9_000, [here.host.client, mute])
  await pass(clock, 999, [here.host.client, mute])
  expect(here.host.client.of('member-updated')).toEqual([])
  clock.advance(1)
  expect((await mute.closed).code).toBe(1006)
  expect(await here.host.client.next('member-updated')).toMatchObject({
    member: { id: camera.id, connected: false },
  })
})

test.each([
  ['4400', Buffer.from('no JSON')],
  ['4401', Buffer.from('{"type":"hello","token":"no token"}')],
])(
  'section 4: after the close frame %s the socket is gone within 2 s though the peer answers nothing',
  async (_code, first) => {
    const app = await startApp()
    const socket = await bare(app.url)
    socket.write(masked(TEXT, first))
    const [frame] = (await once(socket, 'data')) as [Buffer]
    expect(frame[0]).toBe(0x80 | CLOSE)
    expect(await gone(socket)).toBeLessThan(2_000)
  },
)

test('section 4: what a client sent just before its close frame is answered before the close frame', async () => {
  const here = await stage()
  const camera = await addMember(here)
  const socket = await bare(here.app.url)
  socket.write(masked(TEXT, Buffer.from(JSON.stringify({ type: 'hello', token: camera.token }))))
  expect((await camera.client.closed).code).toBe(4409)
  const read: Buffer[] = []
  socket.on('data', (data: Buffer) => read.push(data))
  const message = Buffer.from('{"type":"message","id":"last","data":1}')
  socket.write(Buffer.concat([masked(TEXT, message), masked(CLOSE, Buffer.from([0x03, 0xe8]))]))
  await gone(socket)
  const all = Buffer.concat(read)
  // The close frame is the last of all, and the reply stands before it.
  expect(all.subarray(-4)).toEqual(Buffer.from([0x80 | CLOSE, 2, 0x03, 0xe8]))
  expect(all.includes('"type":"reply","id":"last","ok":true')).toBe(true)
})

test('section 4: after a close frame of the client the socket is gone within 2 s though the peer does not end it', async () => {
  const here = await stage()
  const camera = await addMember(here)
  const socket = await bare(here.app.url)
  socket.write(masked(TEXT, Buffer.from(JSON.stringify({ type: 'hello', token: camera.token }))))
  expect((await camera.client.closed).code).toBe(4409)
  const count = here.host.client.received.length
  socket.write(masked(CLOSE, Buffer.from([0x03, 0xe9])))
  socket.resume()
  const began = performance.now()
  await here.host.client.next('member-updated')
  expect(performance.now() - began).toBeLessThan(2_000)
  expect(here.host.client.received.slice(count)).toMatchObject([
    { type: 'member-updated', member: { connected: false } },
  ])
  socket.destroy()
})
