/** Who is compared: how each is started, and how its members come in and speak. */
import { SUBPROTOCOL } from '../../../server/protocol/limits.ts'
import type { CodeIssued, Paired, RoomCreated } from '../../../server/protocol/api.ts'
import { startOurs, startPeer, type Server } from './process.ts'
import { DATA, type Dialect, type Seat } from './protocol.ts'

/** Requests under way at once while sessions are made. */
const CLAIM_AT_ONCE = 16

export interface Contender {
  readonly name: string
  readonly dialect: Dialect
  start(): Promise<Server>
  /** Makes rooms and the right to enter them. */
  seats(port: number, rooms: number, members: number): Promise<Seat[][]>
}

let named = 0

/** Rooms that need no making. */
const plain =
  (seat: (room: string) => Seat): Contender['seats'] =>
  async (_port, rooms, members) =>
    Array.from({ length: rooms }, () => {
      const room = `room-${(named += 1)}`
      return Array.from({ length: members }, () => seat(room))
    })

async function post<T>(port: number, path: string, body: object, token?: string): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  })
  if (response.status !== 201) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

/**
 * A room and its members, as people would come in: a host, and a code for each of the others.
 * @param ports of the servers, which the members connect to in turn; the first is asked for rooms and codes
 * @param isSignalling two signal to each other instead of speaking to the room
 */
export async function paired(
  ports: readonly number[],
  members: number,
  isSignalling = false,
): Promise<Seat[]> {
  const [port = 0] = ports
  const { session: host } = await post<RoomCreated>(port, '/api/rooms', {})
  const sessions = [host]
  let left = members - 1
  const work = async () => {
    while (left > 0) {
      left -= 1
      const { url } = await post<CodeIssued>(port, '/api/room/pairing-codes', { role: 'viewer' }, host.token)
      const { session } = await post<Paired>(port, '/api/pairings', { secret: new URL(url).hash.slice(1) })
      sessions.push(session)
    }
  }
  await Promise.all(Array.from({ length: CLAIM_AT_ONCE }, work))
  return sessions.map(({ token }, index) => ({
    port: ports[index % ports.length] ?? port,
    path: '/ws',
    subprotocol: SUBPROTOCOL,
    greeting: [{ say: JSON.stringify({ type: 'hello', token }) }, { wait: '{"type":"welcome"' }],
    ...(isSignalling
      ? { message: JSON.stringify({ type: 'signal', to: sessions[1 - index]?.id, data: DATA }) }
      : {}),
  }))
}

const ours: Contender = {
  name: 'pairlens',
  dialect: { message: JSON.stringify({ type: 'message', data: DATA }) },
  start: () => startOurs(),
  async seats(port, rooms, members) {
    const made: Seat[][] = []
    for (let room = 0; room < rooms; room += 1) made.push(await paired([port], members))
    return made
  },
}

const bareWs: Contender = {
  name: 'ws',
  dialect: { message: JSON.stringify({ type: 'message', data: DATA }) },
  start: () => startPeer('./ws-server.mjs'),
  seats: plain((room) => ({ path: `/?room=${room}`, greeting: [] })),
}

// The packets of Engine.IO 4 and Socket.IO 5: open, connect, event; ping and pong.
export const socketIo: Contender = {
  name: 'socket.io',
  dialect: { message: `42${JSON.stringify(['message', DATA])}`, heartbeat: { text: '2', answer: '3' } },
  start: () => startPeer('./socket-io-server.mjs'),
  seats: plain((room) => ({
    path: `/socket.io/?EIO=4&transport=websocket&room=${room}`,
    greeting: [{ wait: '0{' }, { say: '40' }, { wait: '40{' }],
  })),
}

/** In the order in which they take turns; the first is the one with goals. */
export const CONTENDERS = [ours, bareWs, socketIo] as const
