/** The same job on bare `ws`: parse, write out once with the sender's id, send to the others of the room. */
import process from 'node:process'
import { WebSocket, WebSocketServer } from 'ws'

const rooms = new Map()
let ids = 0

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.env.PORT),
  perMessageDeflate: false,
})
server.on('connection', (socket, { url }) => {
  const name = new URL(url, 'ws://localhost').searchParams.get('room')
  const room = rooms.get(name) ?? new Set()
  rooms.set(name, room.add(socket))
  const id = `member-${(ids += 1)}`
  socket.on('message', (bytes) => {
    const { type, data } = JSON.parse(/** @type {Buffer} */ (bytes).toString('utf8'))
    const text = JSON.stringify({ type, from: id, data })
    for (const member of room)
      if (member !== socket && member.readyState === WebSocket.OPEN) member.send(text)
  })
  socket.on('close', () => room.delete(socket))
})
