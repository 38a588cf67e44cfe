import { afterEach, expect, test } from 'vitest'
import { createRoom, testApp, type TestApp } from '../support/app.ts'
import { join } from '../support/client.ts'

let app: TestApp
afterEach(() => app.close())

const read = (headers: Record<string, string> = {}) => fetch(`${app.url}/metrics`, { headers })

test('loopback reads the metrics, and they count rooms, members and requests by route', async () => {
  app = await testApp()
  const { session } = await createRoom(app.url)
  await join(app.url, session.token)
  const answer = await read()
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
  const text = await answer.text()
  expect(text).toMatch(/^pairlens_rooms\{[^}]*\} 1$/m)
  expect(text).toMatch(/^pairlens_members\{[^}]*\} 1$/m)
  expect(text).toMatch(/^pairlens_connections\{[^}]*\} 1$/m)
  expect(text).toMatch(/pairlens_http_request_seconds_count\{[^}]*route="\/api\/rooms"[^}]*\} 1/)
  expect(text).not.toContain(session.token)
})

test('a request that a proxy passed on is not loopback', async () => {
  app = await testApp()
  expect((await read({ 'x-forwarded-for': '203.0.113.7' })).status).toBe(401)
})

test('with METRICS_TOKEN the bearer decides, also on loopback', async () => {
  app = await testApp({ env: { METRICS_TOKEN: 'metrics-token' } })
  expect((await read()).status).toBe(401)
  expect((await read({ authorization: 'Bearer wrong-token-x' })).status).toBe(401)
  expect((await read({ authorization: 'Bearer metrics-token' })).status).toBe(200)
})

test('[STORE-4] the metrics count the commands of the store, and say whether it is away', async () => {
  app = await testApp()
  const text = await (await read()).text()
  expect(text).toContain('# TYPE store_commands_total counter')
  expect(text).toMatch(/^pairlens_store_degraded\{[^}]*\} 0$/m)
})
