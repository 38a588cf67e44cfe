import { createServer, connect as dial, type Socket, type AddressInfo } from 'node:net'

/** A TCP relay in front of a server, whose connections a test may cut as a bad network does. */
export interface CutProxy {
  readonly url: string
  readonly port: number
  /** Ends all connections without a word (RST); new ones are taken as before, unless `refusing`. */
  cut(): void
  /** While true, new connections are ended at once. */
  refusing: boolean
  close(): Promise<void>
}

/** @param target port of the server on loopback; asked for each connection, since it may restart elsewhere */
export async function startCutProxy(target: () => number): Promise<CutProxy> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    // A relayed side that fails is the other side's end; nothing else is to be done about it.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const proxy: CutProxy = { url: '', port: 0, cut, refusing: false, close }
  const server = createServer((near) => {
    if (proxy.refusing) {
      near.resetAndDestroy()
      return
    }
    const far = dial({ host: '127.0.0.1', port: target() })
    keep(near)
    keep(far)
    near.pipe(far).pipe(near)
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  })
  function cut(): void {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  async function close(): Promise<void> {
    cut()
    await new Promise((resolve) => server.close(resolve))
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(proxy, { port, url: `http://127.0.0.1:${port}` })
}
