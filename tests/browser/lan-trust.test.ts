import { mkdir, writeFile } from 'node:fs/promises'
import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { lanAddresses } from '../../server/lan/addresses.ts'
import { makeAuthority } from '../../server/lan/authority.ts'
import { makeLeaf } from '../../server/lan/leaf.ts'
import { openListener } from '../../server/lan/listener.ts'
import { run, startLan, temporaryFolder } from '../lan/support.ts'
import { startChromium } from '../support/chromium.ts'

/** A browser whose HOME trusts the authority, as after an import by hand; no flag relaxes anything. */
async function startTrusting(pem: string | undefined) {
  const home = await temporaryFolder()
  if (pem !== undefined) {
    const store = join(home, '.pki', 'nssdb')
    await mkdir(store, { recursive: true })
    await writeFile(join(home, 'authority.pem'), pem)
    for (const args of [
      ['-N', '--empty-password'],
      ['-A', '-n', 'Pairlens', '-t', 'C,,', '-i', join(home, 'authority.pem')],
    ]) {
      const { code, output } = await run('certutil', ['-d', `sql:${store}`, ...args])
      expect(code, output).toBe(0)
    }
  }
  const chromium = await startChromium({ home })
  onTestFinished(() => chromium.close())
  return chromium
}

/** A page and a socket behind the LAN listener, on this machine's real addresses. */
async function startApp() {
  const app = Fastify({ forceCloseConnections: true })
  const sockets = new WebSocketServer({ noServer: true })
  app.get('/', (_request, reply) => reply.type('text/html').send('<!doctype html><title>Pairlens</title>'))
  app.server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (ws) => ws.send('welcome'))
  })
  await app.listen({ port: 0, host: '::' })
  onTestFinished(() => app.close())
  const address = app.server.address()
  const httpPort = typeof address === 'object' && address !== null ? address.port : 0
  const { lan } = await startLan({ folder: await temporaryFolder(), httpPort, interfaces: networkInterfaces })
  await lan.attach(app)
  // A machine without a private address (some CI hosts) still has loopback, which the leaf covers too.
  const best = lanAddresses(networkInterfaces(), '')[0]?.address ?? '127.0.0.1'
  const { port } = new URL(lan.origins().find((origin) => origin.startsWith('https://127.0.0.1')) ?? '')
  const host = isIPv4(best) ? best : `[${best}]`
  return { lan, app, https: `https://${host}:${port}`, http: `http://${host}:${httpPort}` }
}

describe('a browser on the LAN address', () => {
  test('over plain http there is no camera: what all this is for', async () => {
    const { http } = await startApp()
    const { open } = await startTrusting(undefined)
    // Loopback is secure over http as well, so this says something on real addresses alone.
    const page = await open(http)
    const loopback = new URL(http).hostname === '127.0.0.1'
    expect(await page.evaluate('[isSecureContext, typeof navigator.mediaDevices]')).toEqual(
      loopback ? [true, 'object'] : [false, 'undefined'],
    )
  })

  test('that trusts the authority gets a secure context, a camera and a socket, without a warning', async () => {
    const { lan, https } = await startApp()
    const { open, faults } = await startTrusting(lan.authorityPem())
    const page = await open(https)
    // As texts: these tests are typed for Node, where there is no navigator.
    expect(
      await page.evaluate(`navigator.mediaDevices.getUserMedia({ video: true }).then((stream) => {
      const kinds = stream.getTracks().map((track) => track.kind)
      for (const track of stream.getTracks()) track.stop()
      return { isSecureContext, kinds, subtle: typeof crypto.subtle }
    })`),
    ).toEqual({ isSecureContext: true, kinds: ['video'], subtle: 'object' })
    expect(
      await page.evaluate(`new Promise((resolve) => {
      const socket = new WebSocket('wss://' + location.host + '/ws')
      socket.onmessage = ({ data }) => resolve(data)
      socket.onerror = () => resolve('error')
    })`),
    ).toBe('welcome')
    expect(faults.filter((fault) => !fault.includes('favicon') && !fault.includes('404'))).toEqual([])
  })

  test('that does not trust it sees a certificate error', async () => {
    const { https } = await startApp()
    const { open } = await startTrusting(undefined)
    await expect(open(https)).rejects.toThrow('ERR_CERT_AUTHORITY_INVALID')
  })

  test('that trusts it still refuses what it may not vouch for', async () => {
    const authority = await makeAuthority('Pairlens on laptop', Date.now())
    const app = Fastify({ forceCloseConnections: true })
    app.get('/', () => 'never asked for more')
    await app.ready()
    onTestFinished(() => app.close())
    const { open } = await startTrusting(authority.certificate.toString())
    const serve = async (...names: string[]) => {
      const leaf = await makeLeaf(authority, 'Pairlens server', names, Date.now())
      const listener = await openListener({
        backend: app,
        port: 0,
        host: '127.0.0.1',
        leaf,
        warn: () => undefined,
      })
      onTestFinished(() => listener.close())
      return `https://127.0.0.1:${listener.port}`
    }
    expect(await (await open(await serve('127.0.0.1'))).content()).toContain('never asked for more')
    await expect(open(await serve('127.0.0.1', 'example.com'))).rejects.toThrow('ERR_CERT_INVALID')
  })
})
