/** The same job on Socket.IO over several processes: its Redis adapter, with the same client as ours. */
import process from 'node:process'
import { createServer } from 'node:http'
import { createClient } from '@redis/client'
import { createAdapter } from '@socket.io/redis-adapter'
import { Server } from 'socket.io'

const connected = async () => {
  const client = createClient({ url: process.env.REDIS_URL, RESP: 2, maintNotifications: 'disabled' })
  client.on('error', (error) => {
    throw error
  })
  return client.connect()
}

const http = createServer()
const server = new Server(http, {
  transports: ['websocket'],
  serveClient: false,
  adapter: createAdapter(await connected(), await connected()),
})
server.on('connection', (socket) => {
  const { room } = socket.handshake.query
  void socket.join(room)
  socket.on('message', (data) => socket.to(room).emit('message', { from: socket.id, data }))
})
http.listen(Number(process.env.PORT), '127.0.0.1')
