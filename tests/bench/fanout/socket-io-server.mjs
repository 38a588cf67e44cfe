/** The same job on Socket.IO: its own parsing, rooms and heartbeats, the WebSocket transport alone. */
import process from 'node:process'
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const http = createServer()
const server = new Server(http, { transports: ['websocket'], serveClient: false })
server.on('connection', (socket) => {
  const { room } = socket.handshake.query
  void socket.join(room)
  socket.on('message', (data) => socket.to(room).emit('message', { from: socket.id, data }))
})
http.listen(Number(process.env.PORT), '127.0.0.1')
