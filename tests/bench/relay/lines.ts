/** One camera and its watchers, as they are connected to each contender. */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { MAX_BINARY_FRAME, SUBPROTOCOL } from '../../../server/protocol/limits.ts'
import type { ServerMessage } from '../../../server/protocol/messages.ts'
import { createRoom, pair } from '../../support/app.ts'
import { startOurs, startPeer, type Server } from '../fanout/process.ts'

export interface Line {
  readonly camera: WebSocket
  readonly watchers: readonly WebSocket[]
}

export interface Contender {
  readonly name: string
  start(): Promise<Server>
  connect(port: number, watchers: number): Promise<Line>
}

const LARGEST = { maxPayload: 2 * MAX_BINARY_FRAME, perMessageDeflate: false }

async function seated(url: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, SUBPROTOCOL, LARGEST)
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'hello', token }))
  await said(socket, 'welcome')
  return socket
}

/** Resolves when the server has said a message of this type. */
function said(socket: WebSocket, type: ServerMessage['type']): Promise<void> {
  return new Promise((resolve) => {
    const look = (data: Buffer, isBinary: boolean): void => {
      if (isBinary || (JSON.parse(data.toString()) as ServerMessage).type !== type) return
      socket.off('message', look)
      resolve()
    }
    socket.on('message', look)
  })
}

const ours: Contender = {
  name: 'pairlens',
  start: () => startOurs(),
  async connect(port, count) {
    const url = `http://127.0.0.1:${port}`
    const { session: host } = await createRoom(url)
    const { session: phone } = await pair(url, host.token)
    const camera = await seated(url, phone.token)
    const watchers: WebSocket[] = []
    for (let n = 0; n < count; n += 1) {
      const { session } = await pair(url, host.token, 'viewer')
      const watcher = await seated(url, session.token)
      watcher.send(JSON.stringify({ type: 'watch', id: 1, camera: phone.id, on: true }))
      await said(watcher, 'reply')
      watchers.push(watcher)
    }
    return { camera, watchers }
  },
}

const bare: Contender = {
  name: 'ws',
  start: () => startPeer('../relay/forwarder.mjs'),
  async connect(port, count) {
    const sockets = Array.from({ length: count + 1 }, () => new WebSocket(`ws://127.0.0.1:${port}`, LARGEST))
    await Promise.all(sockets.map((socket) => once(socket, 'open')))
    const [camera, ...watchers] = sockets as [WebSocket, ...WebSocket[]]
    return { camera, watchers }
  },
}

export const CONTENDERS = [ours, bare] as const

/** What one round relayed. */
export interface Relayed {
  /** Of each watcher's stream. */
  readonly pictures: number
  /** To all watchers. */
  readonly bytes: number
  readonly ms: number
}

/** Pictures under way at once: as many as a camera's few frames of latency. */
const UNDER_WAY = 4

/** Sends pictures for so long, each as soon as the slowest watcher has one of those before. */
export function stream({ camera, watchers }: Line, shoot: () => Buffer, ms: number): Promise<Relayed> {
  return new Promise((resolve) => {
    const began = performance.now()
    const got = watchers.map(() => 0)
    let sent = 0
    let bytes = 0
    const send = (): void => {
      const slowest = Math.min(...got)
      const isOver = performance.now() - began >= ms
      if (isOver && slowest === sent) {
        for (const watcher of watchers) watcher.removeAllListeners('message')
        resolve({ pictures: sent, bytes, ms: performance.now() - began })
        return
      }
      const upTo = isOver ? sent : slowest + UNDER_WAY
      for (; sent < upTo; sent += 1) camera.send(shoot())
    }
    for (const [index, watcher] of watchers.entries()) {
      watcher.on('message', (data: Buffer, isBinary) => {
        if (!isBinary) return
        got[index] = (got[index] ?? 0) + 1
        bytes += data.length
        send()
      })
    }
    send()
  })
}
