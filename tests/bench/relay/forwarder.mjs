/** The same job on bare `ws`: what one socket sends goes to all the others. */
import process from 'node:process'
import { WebSocket, WebSocketServer } from 'ws'

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.env.PORT),
  perMessageDeflate: false,
})
server.on('connection', (socket) => {
  socket.on('message', (bytes, isBinary) => {
    for (const other of server.clients)
      if (other !== socket && other.readyState === WebSocket.OPEN) other.send(bytes, { binary: isBinary })
  })
})
