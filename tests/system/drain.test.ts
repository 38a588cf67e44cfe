import { once } from 'node:events'
import { connect as tcp } from 'node:net'
import { expect, test } from 'vitest'
import { call, createRoom, pair } from '../support/app.ts'
import { connect, join, Refused } from '../support/client.ts'
import type { ServerProcess } from '../support/server-process.ts'
import { serve } from './support.ts'

/** What `/readyz` says, or nothing where nobody answers any more. */
async function readiness(server: ServerProcess): Promise<{ status: number; body: unknown } | undefined> {
  try {
    return await call(server.url, 'GET', '/readyz')
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

test('[DRAIN-1] SIGTERM: every socket gets going-away with a time and 1012, also one without a hello', async () => {
  const server = await serve()
  const { session } = await createRoom(server.url)
  const host = await join(server.url, session.token)
  const camera = await join(server.url, (await pair(server.url, session.token)).session.token)
  const stranger = await connect(server.url)
  const exit = server.stop()
  for (const client of [host.client, camera.client, stranger]) {
    expect((await client.closed).code).toBe(1012)
    expect(client.received.at(-1)).toStrictEqual({ type: 'going-away', reconnectInMs: expect.any(Number) })
    expect(client.of('going-away')).toHaveLength(1)
    const { reconnectInMs } = client.of('going-away')[0] ?? { reconnectInMs: -1 }
    expect(reconnectInMs).toBeGreaterThanOrEqual(0)
    expect(reconnectInMs).toBeLessThanOrEqual(10_000)
  }
  expect(await exit).toEqual({ code: 0, signal: null })
})

test('[DRAIN-1] the times after which clients come back are jittered', async () => {
  const server = await serve()
  const clients = await Promise.all(Array.from({ length: 10 }, () => connect(server.url)))
  const exit = server.stop()
  await Promise.all(clients.map(({ closed }) => closed))
  expect(new Set(clients.map((client) => client.of('going-away')[0]?.reconnectInMs)).size).toBeGreaterThan(5)
  await exit
})

test('[DRAIN-1] /readyz says 503 draining for at least one second, while upgrades are 503', async () => {
  const server = await serve()
  const watcher = await connect(server.url)
  const exit = server.stop()
  await watcher.closed
  const began = performance.now()
  expect(await readiness(server)).toMatchObject({ status: 503, body: { status: 'draining' } })
  const refused = await connect(server.url).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(Refused)
  expect(refused).toMatchObject({ status: 503 })
  expect(JSON.parse((refused as Refused).body)).toMatchObject({ code: 'draining' })
  let last = began
  for (let answer = await readiness(server); answer !== undefined; answer = await readiness(server)) {
    expect(answer).toMatchObject({ status: 503, body: { status: 'draining' } })
    last = performance.now()
  }
  expect(last - began).toBeGreaterThan(950)
  expect((await exit).code).toBe(0)
})

test('[DRAIN-1] a process with nobody connected ends with code 0 on SIGTERM', async () => {
  const server = await serve()
  expect(await server.stop()).toEqual({ code: 0, signal: null })
})

test.each([
  ['a client that does not answer the close frame', true],
  ['a request that never ends', false],
])('[DRAIN-1] exit code 0 within DRAIN_SECONDS in spite of %s', async (_what, upgraded) => {
  const DRAIN_SECONDS = 4
  const server = await serve({ DRAIN_SECONDS: String(DRAIN_SECONDS) })
  const socket = tcp({ host: '127.0.0.1', port: server.port, allowHalfOpen: true })
  await once(socket, 'connect')
  socket.on('error', () => socket.destroy())
  socket.write(
    upgraded
      ? `GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\nSec-WebSocket-Protocol: pairlens.v1\r\n\r\n`
      : 'POST /api/rooms HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  )
  if (upgraded) expect(String((await once(socket, 'data'))[0])).toContain('101 ')
  // Once this is answered the server has read what was written before.
  await call(server.url, 'GET', '/healthz')
  const began = performance.now()
  expect(await server.stop()).toEqual({ code: 0, signal: null })
  expect(performance.now() - began).toBeLessThan(DRAIN_SECONDS * 1000)
  socket.destroy()
})

test('[DRAIN-1] the shortest DRAIN_SECONDS that a start takes ends with code 0 too', async () => {
  const server = await serve({ DRAIN_SECONDS: '1' }).catch(() => serve({ DRAIN_SECONDS: '2' }))
  const client = await connect(server.url)
  const exit = server.stop()
  expect((await client.closed).code).toBe(1012)
  expect(await exit).toEqual({ code: 0, signal: null })
})

test('[DRAIN-1] SIGINT drains as SIGTERM does', async () => {
  const server = await serve()
  const client = await connect(server.url)
  process.kill(server.pid, 'SIGINT')
  expect((await client.closed).code).toBe(1012)
  expect(await server.exited).toEqual({ code: 0, signal: null })
})
