import { expect, test } from 'vitest'
import type { CodeIssued } from '../../server/protocol/api.ts'
import { createMemoryStore } from '../../server/store/memory.ts'
import { call, claimCode, createRoom, issueCode, secretOf } from '../support/app.ts'
import { connect, join } from '../support/client.ts'
import { breakable, recorded } from '../domain/support.ts'
import { raw, startApp, UPGRADE } from './support.ts'

/** What must never be read anywhere: a token, its secret part, both forms of codes. */
const formsOf = ({ code, url }: CodeIssued): string[] => [
  new URL(url).hash.slice(1),
  code,
  code.replace('-', ''),
]

test('[PAIR-8] no secret, token or code stands in the log or in the store, whatever was done with it', async () => {
  const { store, asked } = recorded(createMemoryStore())
  let broken = false
  const app = await startApp({
    store: breakable(store, () => broken),
    env: { RATE_LIMITS: 'off', LOG_LEVEL: 'trace', APP_SECRET: 'app-secret-0123456789' },
  })
  const secrets: string[] = ['app-secret-0123456789']
  const keepToken = (token: string) => secrets.push(token, token.split('.')[2] ?? '')

  // A room, a typed and a scanned pairing, a second host, an approval, a wrong one.
  const { session: host } = await createRoom(app.url)
  keepToken(host.token)
  const dashboard = await join(app.url, host.token)
  const claimKey = 'claim-key-0123456789-abcdef'
  secrets.push(claimKey)
  for (const [role, form, check] of [
    ['camera', 'scanned', ''],
    ['viewer', 'typed', 'right'],
    ['host', 'scanned', 'right'],
    ['camera', 'typed', 'wrong'],
    ['camera', 'typed', 'none'],
  ] as const) {
    const code = await issueCode(app.url, host.token, role)
    secrets.push(...formsOf(code))
    const body = form === 'typed' ? { code: code.code } : { secret: secretOf(code) }
    await call(app.url, 'POST', '/api/pairings/preview', { body })
    const paired = await claimCode(app.url, { ...body, claimKey })
    await claimCode(app.url, { ...body, claimKey })
    await call(app.url, 'POST', '/api/pairings', { body })
    keepToken(paired.session.token)
    const member = await join(app.url, paired.session.token)
    if (check === 'right')
      await dashboard.client.ask({ type: 'approve', pairing: code.id, check: paired.check })
    if (check === 'wrong') await dashboard.client.ask({ type: 'approve', pairing: code.id, check: '0' })
    member.client.drop()
  }
  const code = await issueCode(app.url, host.token)
  const secret = secretOf(code)
  secrets.push(...formsOf(code))
  const typed = code.code

  // Every way to put them where they do not belong.
  for (const path of [
    '/',
    '/p',
    '/api/session',
    '/api/pairings',
    '/healthz',
    '/nothing',
    '/ws',
    '/api/docs',
    '/assets/x',
    '/%ff',
    '//x',
  ]) {
    const query = `?token=${host.token}&secret=${secret}&code=${typed}&q=%ff`
    await raw(app.url, `${path}${query}`)
    await raw(app.url, `${path}${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', referer: `http://x/${query}` },
      body: '{}',
    })
    await raw(app.url, `${path}${query}`, { headers: { ...UPGRADE, origin: 'https://evil.example' } }).catch(
      () => undefined,
    )
    await raw(app.url, `${path}${query}`, {
      headers: { ...UPGRADE, 'sec-websocket-protocol': 'pairlens.v1' },
    }).catch(() => undefined)
  }
  const json = { 'content-type': 'application/json' }
  for (const body of [
    `{"secret":"${secret}"`,
    `{"secret":"${secret}","claimKey":5}`,
    `{"__proto__":{"secret":"${secret}"}}`,
    `["${secret}"]`,
    `{"${secret}":1}`,
  ]) {
    for (const path of ['/api/pairings', '/api/pairings/preview', '/api/rooms']) {
      const answer = await raw(app.url, path, { method: 'POST', headers: json, body })
      expect(answer.text).not.toContain(secret)
    }
  }
  await raw(app.url, '/api/pairings', {
    method: 'POST',
    headers: { 'content-type': `text/${secret}` },
    body: secret,
  })
  for (const authorization of [
    `Basic ${host.token}`,
    `Bearer ${host.token}x`,
    `Bearer ${host.token} ${secret}`,
  ]) {
    await call(app.url, 'GET', '/api/session', { headers: { authorization } })
  }
  for (const protocol of ['pairlens.v1', `pairlens.v1,${secret}`]) {
    await raw(app.url, '/ws', {
      headers: { ...UPGRADE, 'sec-websocket-protocol': protocol, authorization: `Bearer ${host.token}` },
    }).catch(() => undefined)
  }
  for (const hello of [
    { token: `${host.token}x` },
    { token: host.token, attempt: 'x' },
    { token: 5, secret },
    {},
  ]) {
    const client = await connect(app.url)
    client.send({ type: 'hello', ...hello })
    await client.closed
  }
  const noisy = await connect(app.url)
  noisy.raw(`{"type":"hello","token":"${host.token}"`)
  await noisy.closed

  // A store that fails, and one that answers nonsense.
  broken = true
  await call(app.url, 'GET', '/api/session', { token: host.token })
  await call(app.url, 'POST', '/api/pairings', { body: { secret } })
  const failing = await connect(app.url)
  failing.send({ type: 'hello', token: host.token })
  await failing.closed
  broken = false
  await store.putRow(`room:${host.token.split('.')[0]}:sessions`, host.id, '{"v":2}', 60_000)
  await call(app.url, 'GET', '/api/session', { token: host.token })

  const log = app.logs()
  expect(log).toContain('is treated as absent')
  expect(log).toContain('"path":"/api/pairings"')
  expect(asked.length).toBeGreaterThan(30)
  const stored = asked.join('\n')
  for (const text of secrets) {
    expect(text.length).toBeGreaterThan(7)
    expect(stored, 'in the store').not.toContain(text)
    expect(
      log.split('\n').find((line) => line.includes(text)),
      'in the log',
    ).toBeUndefined()
  }
  // A path may stand in the log, a query may not, encoded or not.
  expect(log.split('\n').find((line) => line.includes('?') || line.includes('%ff'))).toBeUndefined()
})

test('[PAIR-8] what identifies a code to hosts does not open it', async () => {
  const app = await startApp()
  const { session } = await createRoom(app.url)
  const { id } = await issueCode(app.url, session.token)
  for (const body of [{ secret: id }, { code: id }]) {
    expect((await call(app.url, 'POST', '/api/pairings', { body })).status).toBe(404)
  }
})
