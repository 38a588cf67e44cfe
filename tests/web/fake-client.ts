import { vi } from 'vitest'
import { createClient, type Client } from '../../web/lib/client.ts'
import { FakeSocket, welcome } from './fakes.ts'

/** Makes the jitter sit at its upper end: waits of 300, 600, 1200 … ms. */
const NO_JITTER = () => 1

/** A client over fake sockets; `live` takes it through its first welcome. */
export const clientOver = (more: { askSession?: () => Promise<unknown> } = {}) => {
  const sockets: FakeSocket[] = []
  let attempts = 0
  let wake: () => void = () => {}
  const askSession = vi.fn(more.askSession ?? (() => Promise.resolve({})))
  const client: Client = createClient({
    url: 'wss://host.example/ws',
    token: 'room.me.secret',
    nextAttempt: () => (attempts += 1),
    askSession,
    createSocket(url, protocol) {
      const socket = new FakeSocket(url, protocol)
      sockets.push(socket)
      return socket
    },
    onWake(listener) {
      wake = listener
      return () => {
        wake = () => {}
      }
    },
    random: NO_JITTER,
  })
  const last = () => {
    const socket = sockets.at(-1)
    if (!socket) throw new Error('No socket was made')
    return socket
  }
  const live = () => {
    client.connect()
    last().open()
    last().deliver(welcome())
    return last()
  }
  return { client, sockets, last, live, askSession, wake: () => wake() }
}
