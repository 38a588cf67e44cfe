import { once } from 'node:events'
import { connect as connectTo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { raw, startApp, UPGRADE } from './support.ts'

describe('[SEC-1] upgrades anywhere but at /ws', () => {
  test.each(['/healthz', '/readyz', '/api/session', '/api/docs', '/api/openapi.json', '/nothing'])(
    'GET %s is never upgraded, whatever page asks',
    async (path) => {
      const app = await startApp()
      for (const origin of [{}, { origin: 'https://evil.example' }, { origin: 'http://pairlens.test' }]) {
        const answer = await raw(app.url, path, {
          headers: { ...UPGRADE, ...origin, 'sec-websocket-protocol': 'pairlens.v1' },
        })
        expect(answer.upgraded, path).toBe(false)
      }
      expect((await raw(app.url, '/healthz')).status).toBe(200)
    },
  )

  test.each(['POST', 'DELETE', 'PATCH'])('[SEC-6] a %s that asks for one does no harm', async (method) => {
    const app = await startApp()
    for (const path of ['/ws', '/api/rooms', '/api/room', '/nothing']) {
      const outcome = await raw(app.url, path, { method, headers: UPGRADE }).then(
        ({ upgraded, status }) => (upgraded ? 'upgraded' : status),
        () => 'cut',
      )
      expect(outcome).not.toBe('upgraded')
      expect(outcome).not.toBe(500)
    }
    expect((await raw(app.url, '/healthz')).status).toBe(200)
  })

  test.each(['/ws', '/healthz', '/api/session', '/nothing', '/%ff', `/api/room/members/${'x'.repeat(200)}`])(
    '[DRAIN-1] one that is refused at %s leaves no socket open, or the process could not end',
    async (path) => {
      const app = await startApp()
      const socket = connectTo(Number(new URL(app.url).port), '127.0.0.1')
      const lines = [
        `GET ${path} HTTP/1.1`,
        'host: pairlens.test',
        ...Object.entries(UPGRADE).map(([name, value]) => `${name}: ${value}`),
      ]
      socket.write(`${lines.join('\r\n')}\r\n\r\n`)
      socket.resume()
      const patience = AbortSignal.timeout(2_500)
      const outcome = await once(socket, 'close', { signal: patience }).then(
        () => 'closed',
        () => 'still open',
      )
      socket.destroy()
      expect(outcome).toBe('closed')
    },
  )
})
