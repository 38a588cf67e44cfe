import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { afterEach } from 'vitest'
import { testApp, type TestApp, type TestAppOptions } from '../support/app.ts'

const open: TestApp[] = []
afterEach(async () => {
  for (const app of open.splice(0)) await app.close()
})

/** An app that ends with the test. */
export async function startApp(options: TestAppOptions = {}): Promise<TestApp> {
  const app = await testApp(options)
  open.push(app)
  return app
}

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The server took the upgrade. */
  readonly upgraded: boolean
}

/** A request that fetch would not send: odd paths, upgrades, bodies of any kind. */
export const raw = (
  base: string,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base)
    const length = options.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(options.body)) }
    const request = httpRequest({
      hostname, port, path, method: options.method ?? 'GET', headers: { ...length, ...options.headers }, agent: false,
    })
    request.on('response', (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text, upgraded: false }))
    })
    request.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text: '', upgraded: true })
    })
    request.on('error', reject)
    request.end(options.body)
  })

/** Headers of a sound WebSocket upgrade. */
export const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
}
