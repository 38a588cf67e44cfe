import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { call, createRoom, issueCode } from '../support/app.ts'
import { join as enter } from '../support/client.ts'
import { freePort } from '../support/server-process.ts'
import { failedStart, logLines, serve } from './support.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const WARN = 40

test('[STORE-1] unconfigured, the log warns of the store in memory with the line of the contract', async () => {
  const server = await serve()
  const warnings = logLines(server.logs()).filter(({ level }) => level === WARN)
  expect(warnings.map(({ msg }) => msg)).toEqual([
    '[UPSTASH] Redis not configured, using in-memory storage (single instance, data is lost on restart)',
  ])
  const { body } = await call(server.url, 'GET', '/readyz')
  expect(body).toStrictEqual({
    status: 'ok',
    store: 'memory',
    instance: expect.any(String),
    rooms: 0,
    members: 0,
    uptimeMs: expect.any(Number),
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
  })
})

test('section 1: an instance has a new id at every start', async () => {
  const instances = new Set<unknown>()
  for (let start = 0; start < 2; start += 1) {
    const server = await serve({ INSTANCE_ID: 'label' })
    const { session } = await createRoom(server.url)
    const { welcome } = await enter(server.url, session.token)
    expect((await call<{ instance: string }>(server.url, 'GET', '/readyz')).body.instance).toBe(
      welcome.instance,
    )
    expect(server.logs()).toContain('"instance":"label"')
    instances.add(welcome.instance)
  }
  expect(instances.size).toBe(2)
})

test.each([
  ['PORT', { PORT: '70000' }],
  ['PORT', { PORT: 'http' }],
  ['PUBLIC_URL', { PUBLIC_URL: 'cameras.example.com' }],
  ['PUBLIC_URL', { PUBLIC_URL: 'https://cameras.example.com/app' }],
  ['ALLOWED_ORIGINS', { ALLOWED_ORIGINS: '*' }],
  ['TRUST_PROXY', { TRUST_PROXY: 'true' }],
  ['UPSTASH_REDIS_REST_TOKEN', { UPSTASH_REDIS_REST_URL: 'https://x.upstash.io' }],
  ['UPSTASH_REDIS_REST_URL', { UPSTASH_REDIS_REST_TOKEN: 'hunter22hunter22' }],
  ['REDIS_URL', { REDIS_URL: 'http://:hunter22hunter22@127.0.0.1' }],
  ['PAIRING_TTL_SECONDS', { PAIRING_TTL_SECONDS: '0' }],
  ['SESSION_TTL_SECONDS', { SESSION_TTL_SECONDS: 'week' }],
  ['RESUME_WINDOW_SECONDS', { RESUME_WINDOW_SECONDS: '-1' }],
  ['DRAIN_SECONDS', { DRAIN_SECONDS: '1.5' }],
  ['MAX_ROOM_MEMBERS', { MAX_ROOM_MEMBERS: '0' }],
  ['RATE_LIMITS', { RATE_LIMITS: 'no' }],
  ['ICE_SERVERS', { ICE_SERVERS: '{"urls":"hunter22hunter22"}' }],
  ['TURN_SECRET', { TURN_URLS: 'turn:turn.example.com' }],
  ['TURN_URLS', { TURN_SECRET: 'hunter22hunter22' }],
  ['APP_SECRET', { APP_SECRET: 'hunter22' }],
  ['LAN_HTTPS_PORT', { LAN_HTTPS_PORT: '99999' }],
  ['LOG_LEVEL', { LOG_LEVEL: 'loud' }],
] as const)(
  'section 2: a bad %s ends the start with code 1 and one line that names it (%j)',
  async (name, env) => {
    const { exit, logs } = await failedStart(env)
    expect(exit?.code).toBe(1)
    expect(logs.trimEnd().split('\n')).toHaveLength(1)
    // The variable, the fault, a colon and the mend.
    expect(logs).toMatch(new RegExp(`^${name} .+: .+`))
    expect(logs).not.toContain('hunter22')
  },
)

test('section 2: a taken port ends the start with code 1 and one line that says so', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  try {
    const { exit, logs } = await failedStart({ PORT: String(port), LOG_LEVEL: 'error' })
    expect(exit?.code).toBe(1)
    expect(logs.trimEnd().split('\n')).toHaveLength(1)
    expect(logs).toMatch(new RegExp(`^PORT ${port} is taken.+: .+`))
  } finally {
    other.close()
  }
})

test('section 2: RATE_LIMITS=off is warned of', async () => {
  const server = await serve({ RATE_LIMITS: 'off' })
  expect(
    logLines(server.logs()).filter(({ level, msg }) => level === WARN && msg.startsWith('RATE_LIMITS')),
  ).toHaveLength(1)
})

test('[PAIR-8] no token, code or secret stands in the log, at any level', async () => {
  const server = await serve({
    LOG_LEVEL: 'trace',
    APP_SECRET: 'a-secret-of-the-app',
    METRICS_TOKEN: 'metrics-token-1',
  })
  const { session } = await createRoom(server.url)
  const code = await issueCode(server.url, session.token)
  const secret = new URL(code.url).hash.slice(1)
  const { client } = await enter(server.url, session.token)
  await client.ask({ type: 'message', data: 1 })
  await fetch(`${server.url}/p?token=${session.token}&secret=${secret}`)
  await call(server.url, 'POST', '/api/pairings/preview', { body: { secret } })
  await client.settled()
  // The log comes through a pipe, behind the answer.
  await expect.poll(() => server.logs()).toContain('/api/pairings/preview')
  for (const hidden of [
    session.token.split('.')[2] ?? '',
    secret,
    code.code,
    code.code.replace('-', ''),
    'a-secret-of-the-app',
    'metrics-token-1',
  ]) {
    expect(hidden).not.toBe('')
    expect(server.logs()).not.toContain(hidden)
  }
})

/** Starts a copy of the server in a folder with these `.env` files and gives what it prints until its end. */
async function lineOf(
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'pairlens-env-'))
  try {
    cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true })
    cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction')
    mkdirSync(join(folder, 'server'))
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text)
    const child = spawn(process.execPath, [join(folder, 'dist/server/main.js')], {
      // Elsewhere: the files belong to the project, not to whoever starts it.
      cwd: tmpdir(),
      env: { PATH: process.env['PATH'], HOST: '127.0.0.1', HOME: folder, LAN_HTTPS_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A start that finds no fault would go on for ever.
      timeout: 10_000,
      killSignal: 'SIGKILL',
    })
    let printed = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (printed += text))
    await once(child, 'close')
    return printed
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

// Each start ends at its first fault, whose line shows the value that counted.
test('section 2: .env in the root is read', async () => {
  expect(await lineOf({ '.env': 'LOG_LEVEL=root\n' }, {})).toContain('"root"')
})

test('section 2: server/.env is read too', async () => {
  expect(await lineOf({ 'server/.env': 'LOG_LEVEL="server"\n' }, {})).toContain('"server"')
})

test('section 2: the environment wins over both files', async () => {
  const files = { '.env': 'LOG_LEVEL=root\n', 'server/.env': 'LOG_LEVEL=server\n' }
  const line = await lineOf(files, { LOG_LEVEL: 'environment' })
  expect(line).toContain('"environment"')
  expect(line.trimEnd().split('\n')).toHaveLength(1)
})

test('section 2: an empty value in the environment is none, and the file counts', async () => {
  expect(await lineOf({ '.env': 'LOG_LEVEL=root\n' }, { LOG_LEVEL: '' })).toContain('"root"')
})

test('section 2: an empty value in one file is none, and the other file counts', async () => {
  expect(await lineOf({ '.env': 'LOG_LEVEL=\n', 'server/.env': 'LOG_LEVEL=server\n' }, {})).toContain(
    '"server"',
  )
})

test('section 2: a secret of a file is not printed either', async () => {
  const line = await lineOf({ '.env': 'APP_SECRET=hunter22\n' }, { PORT: String(await freePort()) })
  expect(line).toMatch(/^APP_SECRET .+: .+/)
  expect(line).not.toContain('hunter22')
})
