import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { get } from 'node:https'
import { type AddressInfo, connect as connectPlain, createServer as createNetServer } from 'node:net'
import { connect } from 'node:tls'
import Fastify from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { lanRoutes } from '../../server/http/routes/lan.ts'
import { LanInfo } from '../../server/protocol/api.ts'
import { Value } from 'typebox/value'
import { readPlist } from './plist.ts'
import { card, startLan, temporaryFolder, type TestLan } from './support.ts'

/** An app with one route, the LAN routes and a socket that answers, behind a LAN listener. */
async function startApp({ lan }: TestLan) {
  const app = Fastify({ forceCloseConnections: true })
  const sockets = new WebSocketServer({ noServer: true })
  app.get('/hello', async (request) => ({ protocol: request.protocol, host: request.host }))
  await app.register(lanRoutes, { lan })
  app.server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on('message', (data: Buffer) => ws.send(`heard ${data.toString()} on ${request.url}`))
    })
  })
  await app.ready()
  onTestFinished(() => app.close())
  const detach = await lan.attach(app)
  return { app, sockets, detach, port: Number(new URL(lan.urlFor() ?? '').port) }
}

const read = (port: number, path: string, ca: string) =>
  new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, ca, agent: false }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () =>
        resolve({ status: response.statusCode, text: Buffer.concat(parts).toString() }),
      )
    }).on('error', reject)
  })

/** The certificate that a new connection is greeted with. */
async function greeted(port: number, ca: string) {
  const socket = connect({ host: '127.0.0.1', port, ca })
  await once(socket, 'secureConnect')
  const { subjectaltname, serialNumber } = socket.getPeerCertificate()
  socket.destroy()
  return { names: subjectaltname ?? '', serialNumber }
}

describe('the https listener', () => {
  test('a request reaches the app, which knows that it came by https', async () => {
    const started = await startLan({ folder: await temporaryFolder() })
    const { port } = await startApp(started)
    const { status, text } = await read(port, '/hello', started.lan.authorityPem())
    expect(status).toBe(200)
    expect(JSON.parse(text)).toEqual({ protocol: 'https', host: `127.0.0.1:${port}` })
  })

  test('without the authority the connection is refused by the client', async () => {
    const started = await startLan({ folder: await temporaryFolder() })
    const { port } = await startApp(started)
    const { lan: other } = await startLan({ folder: await temporaryFolder() })
    await expect(read(port, '/hello', other.authorityPem())).rejects.toThrow(/certificate/i)
  })

  test('a socket reaches the app', async () => {
    const started = await startLan({ folder: await temporaryFolder() })
    const { port } = await startApp(started)
    const socket = new WebSocket(`wss://localhost:${port}/ws`, { ca: started.lan.authorityPem() })
    await once(socket, 'open')
    socket.send('ping')
    const [data] = (await once(socket, 'message')) as [Buffer]
    expect(data.toString()).toBe('heard ping on /ws')
    socket.close()
    await once(socket, 'close')
  })

  test('an upgrade to an app without sockets is ended, not left open', async () => {
    const { lan } = await startLan({ folder: await temporaryFolder() })
    const app = Fastify()
    await app.ready()
    onTestFinished(() => app.close())
    await lan.attach(app)
    const socket = new WebSocket(`wss://localhost:${new URL(lan.urlFor() ?? '').port}/ws`, {
      ca: lan.authorityPem(),
    })
    const [error] = (await once(socket, 'error')) as [Error]
    expect(error.message).toMatch(/hang up/)
  })

  test('noise and plain http on the port hurt nobody', async () => {
    const started = await startLan({ folder: await temporaryFolder() })
    const { port } = await startApp(started)
    await expect(
      new Promise((resolve, reject) => {
        httpRequest({ host: '127.0.0.1', port, path: '/hello', agent: false }, resolve)
          .on('error', reject)
          .end()
      }),
    ).rejects.toThrow()
    const raw = connectPlain(port, '127.0.0.1')
    raw.write('no handshake at all')
    raw.resume()
    await once(raw, 'close')
    const tls = connect({ host: '127.0.0.1', port, ca: started.lan.authorityPem() }, () =>
      tls.write('NOISE\r\n\r\n'),
    )
    const [answer] = (await once(tls, 'data')) as [Buffer]
    expect(answer.toString()).toContain('400')
    tls.destroy()
    expect((await read(port, '/hello', started.lan.authorityPem())).status).toBe(200)
  })

  test('new addresses: the next connection sees a leaf with them, an open socket stays', async () => {
    let address = '192.168.1.5'
    const started = await startLan({
      folder: await temporaryFolder(),
      interfaces: () => ({ wlan0: card(address) }),
    })
    const { lan } = started
    const { port } = await startApp(started)
    const socket = new WebSocket(`wss://localhost:${port}/ws`, { ca: lan.authorityPem() })
    await once(socket, 'open')
    const before = await greeted(port, lan.authorityPem())
    expect(before.names).toContain('192.168.1.5')
    address = '10.0.0.7'
    await lan.refresh()
    const after = await greeted(port, lan.authorityPem())
    expect(after.names).toContain('10.0.0.7')
    expect(after.serialNumber).not.toBe(before.serialNumber)
    expect(lan.urlFor()).toBe(`https://10.0.0.7:${port}`)
    socket.send('still there')
    const [data] = (await once(socket, 'message')) as [Buffer]
    expect(data.toString()).toContain('still there')
  })

  test('a taken port is said and tried again; until then the URLs are plain', async () => {
    const taken = createNetServer().listen(0)
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const { lan, said } = await startLan({ folder: await temporaryFolder(), httpsPort: port })
    const app = Fastify()
    app.get('/hello', () => 'hello')
    await app.ready()
    onTestFinished(() => app.close())
    await lan.attach(app)
    await lan.refresh()
    expect(said.filter((line) => line.includes(`Port ${port} is taken`))).toHaveLength(1)
    expect(lan.urlFor()).toBe('http://192.168.1.5:4100')
    taken.close()
    await once(taken, 'close')
    await lan.refresh()
    expect(lan.urlFor()).toBe(`https://192.168.1.5:${port}`)
    expect((await read(port, '/hello', lan.authorityPem())).text).toBe('hello')
  })

  test('detach ends the listener, cuts off who stays, and another app can take its place', async () => {
    const started = await startLan({ folder: await temporaryFolder() })
    const { lan } = started
    const { port, detach } = await startApp(started)
    const socket = new WebSocket(`wss://localhost:${port}/ws`, { ca: lan.authorityPem() })
    await once(socket, 'open')
    const silent = connectPlain(port, '127.0.0.1')
    silent.resume()
    await once(silent, 'connect')
    const ended = [once(socket, 'close'), once(silent, 'close')]
    await detach()
    await Promise.all(ended)
    await expect(read(port, '/hello', lan.authorityPem())).rejects.toThrow(/ECONNREFUSED/)
    expect(lan.urlFor()).toBe('http://192.168.1.5:4100')
    await detach()
    const second = await startApp(started)
    expect((await read(second.port, '/hello', lan.authorityPem())).status).toBe(200)
    await expect(lan.attach(second.app)).rejects.toThrow(/already/)
  })

  test('a plain node server can stand behind it too', async () => {
    const { lan } = await startLan({ folder: await temporaryFolder() })
    await lan.attach({ server: createServer((_request, response) => response.end('plain')) })
    expect((await read(Number(new URL(lan.urlFor() ?? '').port), '/', lan.authorityPem())).text).toBe('plain')
  })
})

test('urls and origins are those of the machine alone', async () => {
  const { lan } = await startLan({
    folder: await temporaryFolder(),
    interfaces: () => ({ wlan0: card('192.168.1.5', 'fd00::2') }),
  })
  await lan.attach({ server: createServer() })
  const { port } = new URL(lan.urlFor() ?? '')
  expect(lan.urlFor('fd00::2')).toBe(`https://[fd00::2]:${port}`)
  expect(lan.urlFor('laptop.local')).toBe(`https://laptop.local:${port}`)
  expect(lan.urlFor('192.168.1.6')).toBeUndefined()
  expect(lan.urlFor('evil.example')).toBeUndefined()
  expect(lan.origins()).toEqual(
    ['localhost', '127.0.0.1', '[::1]', '192.168.1.5', '[fd00::2]', 'laptop.local'].flatMap((host) => [
      `http://${host}:4100`,
      `https://${host}:${port}`,
    ]),
  )
})

test('a machine that listens on one address tells of that alone', async () => {
  const options = { interfaces: () => ({ wlan0: card('192.168.1.5'), eth0: card('10.0.0.7') }) }
  const one = await startLan({ folder: await temporaryFolder(), ...options, host: '10.0.0.7' })
  expect(one.lan.info().addresses.map(({ address }) => address)).toEqual(['10.0.0.7'])
  const none = await startLan({ folder: await temporaryFolder(), interfaces: () => ({}) })
  expect(none.lan.urlFor()).toBeUndefined()
  expect(none.said.join('\n')).toContain('no private network address')
})

describe('routes', () => {
  test('GET /api/lan is LanInfo, never cached', async () => {
    const started = await startLan({ folder: await temporaryFolder() })
    const { app, port } = await startApp(started)
    const response = await app.inject('/api/lan')
    expect(response.statusCode).toBe(200)
    expect(response.headers['cache-control']).toBe('no-store')
    expect(Value.Check(LanInfo, response.json())).toBe(true)
    expect(response.json()).toEqual(started.lan.info())
    expect(response.json<LanInfo>().addresses[0]).toEqual({
      address: '192.168.1.5',
      network: 'wlan0',
      url: `https://192.168.1.5:${port}`,
    })
  })

  test('the certificate is the DER of the authority whose fingerprint is told', async () => {
    const started = await startLan({ folder: await temporaryFolder() })
    const { app } = await startApp(started)
    const { certificate } = started.lan.info().trust.paths
    const response = await app.inject(certificate)
    expect(response.headers['content-type']).toBe('application/x-x509-ca-cert')
    expect(response.headers['content-disposition']).toBe('attachment; filename="pairlens-authority.crt"')
    expect(new X509Certificate(response.rawPayload).fingerprint256).toBe(started.lan.info().trust.fingerprint)
  })

  test('the profile is a well-formed property list that carries the same certificate', async () => {
    const started = await startLan({ folder: await temporaryFolder(), hostname: 'Ann & <Bob>' })
    const { app } = await startApp(started)
    const response = await app.inject(started.lan.info().trust.paths.profile)
    expect(response.headers['content-type']).toBe('application/x-apple-aspen-config')
    expect(readPlist(response.payload)).toMatchObject({
      PayloadType: 'Configuration',
      PayloadVersion: 1,
      PayloadDisplayName: 'Pairlens on Ann & <Bob>',
      PayloadUUID: expect.stringMatching(
        /^[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/,
      ),
      PayloadContent: [
        {
          PayloadType: 'com.apple.security.root',
          PayloadVersion: 1,
          PayloadContent: started.lan.authorityDer().toString('base64'),
        },
      ],
    })
  })
})
