import { describe, expect, test } from 'vitest'
import { ConfigError, configFrom, type Config } from '../../server/config.ts'
import { testApp } from '../support/app.ts'

type Variables = Readonly<Record<string, string>>
const UPSTASH = {
  UPSTASH_REDIS_REST_URL: 'https://eu1-cat.upstash.io',
  UPSTASH_REDIS_REST_TOKEN: 'AXsecretToken',
}

/** The line that stops the start. */
function faultOf(variables: Variables): string {
  try {
    configFrom(variables)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error(`${JSON.stringify(variables)} was taken`)
}

describe('section 2: defaults', () => {
  test('of an empty environment', () => {
    const { user, ...config } = configFrom({})
    expect(user.home).not.toBe('')
    expect(config).toEqual({
      port: 3000,
      host: '0.0.0.0',
      allowedOrigins: [],
      trustProxy: [],
      store: { kind: 'memory' },
      keyPrefix: 'pairlens:',
      pairingTtlMs: 120_000,
      sessionTtlMs: 604_800_000,
      resumeWindowMs: 30_000,
      peerTimeoutMs: 10_000,
      drainMs: 25_000,
      maxRoomMembers: 200,
      rateLimits: true,
      iceServers: [{ urls: expect.stringMatching(/^stun:/) }],
      lanHttpsPort: 3443,
      logLevel: 'info',
      production: false,
      warnings: [],
      notices: [],
    })
  })

  test('an empty value is none, and so is one of spaces', () => {
    const names = [
      'PORT',
      'HOST',
      'PUBLIC_URL',
      'RENDER_EXTERNAL_URL',
      'RAILWAY_PUBLIC_DOMAIN',
      'ALLOWED_ORIGINS',
      'TRUST_PROXY',
      'UPSTASH_REDIS_REST_URL',
      'UPSTASH_REDIS_REST_TOKEN',
      'REDIS_URL',
      'KEY_PREFIX',
      'INSTANCE_ID',
      'PAIRING_TTL_SECONDS',
      'SESSION_TTL_SECONDS',
      'RESUME_WINDOW_SECONDS',
      'PEER_TIMEOUT_SECONDS',
      'DRAIN_SECONDS',
      'MAX_ROOM_MEMBERS',
      'RATE_LIMITS',
      'ICE_SERVERS',
      'TURN_URLS',
      'TURN_SECRET',
      'INTERNAL_URL',
      'APP_SECRET',
      'LAN_HTTPS_PORT',
      'METRICS_TOKEN',
      'LOG_LEVEL',
      'NODE_ENV',
    ]
    for (const value of ['', '  ', '\t']) {
      expect(configFrom(Object.fromEntries(names.map((name) => [name, value])))).toEqual(configFrom({}))
    }
  })

  test('the configuration cannot be changed', () => {
    expect(Object.isFrozen(configFrom({}))).toBe(true)
  })
})

describe('section 2: values', () => {
  const SET: [Variables, Partial<Config>][] = [
    [{ PORT: '8080' }, { port: 8080 }],
    [{ PORT: ' 8080 ' }, { port: 8080 }],
    [{ PORT: '0' }, { port: 0 }],
    [{ HOST: '127.0.0.1' }, { host: '127.0.0.1' }],
    [{ PUBLIC_URL: 'https://cameras.example.com/' }, { publicUrl: 'https://cameras.example.com' }],
    [{ PUBLIC_URL: 'http://192.168.1.5:3000' }, { publicUrl: 'http://192.168.1.5:3000' }],
    [
      { ALLOWED_ORIGINS: 'https://a.example, https://b.example:8443/ ,' },
      { allowedOrigins: ['https://a.example', 'https://b.example:8443'] },
    ],
    [
      { TRUST_PROXY: '10.0.0.0/8, 192.0.2.1,::1/128' },
      { trustProxy: ['10.0.0.0/8', '192.0.2.1', '::1/128'] },
    ],
    [
      { ...UPSTASH, UPSTASH_REDIS_REST_URL: 'https://eu1-cat.upstash.io/' },
      { store: { kind: 'upstash', url: 'https://eu1-cat.upstash.io', token: 'AXsecretToken' } },
    ],
    [{ REDIS_URL: 'redis://127.0.0.1:6379' }, { store: { kind: 'redis', url: 'redis://127.0.0.1:6379' } }],
    [{ REDIS_URL: 'rediss://u:p@h:6380/1' }, { store: { kind: 'redis', url: 'rediss://u:p@h:6380/1' } }],
    [{ KEY_PREFIX: 'mine:' }, { keyPrefix: 'mine:' }],
    [{ INSTANCE_ID: 'blue' }, { instanceLabel: 'blue' }],
    [{ PAIRING_TTL_SECONDS: '60' }, { pairingTtlMs: 60_000 }],
    [{ SESSION_TTL_SECONDS: '3600' }, { sessionTtlMs: 3_600_000 }],
    [{ RESUME_WINDOW_SECONDS: '5' }, { resumeWindowMs: 5_000 }],
    [{ PEER_TIMEOUT_SECONDS: '5' }, { peerTimeoutMs: 5_000 }],
    [{ ...UPSTASH, PEER_TIMEOUT_SECONDS: '300' }, { peerTimeoutMs: 300_000 }],
    [UPSTASH, { peerTimeoutMs: 30_000 }],
    [{ REDIS_URL: 'redis://127.0.0.1' }, { peerTimeoutMs: 10_000 }],
    [{ DRAIN_SECONDS: '10' }, { drainMs: 10_000 }],
    [{ MAX_ROOM_MEMBERS: '2' }, { maxRoomMembers: 2 }],
    [{ RATE_LIMITS: 'on' }, { rateLimits: true, warnings: [] }],
    [{ RATE_LIMITS: 'off' }, { rateLimits: false, warnings: [expect.stringContaining('RATE_LIMITS')] }],
    [{ ICE_SERVERS: '[]' }, { iceServers: [] }],
    [
      { ICE_SERVERS: '[{"urls":["turn:t.example:3478","turns:t.example"],"username":"u","credential":"c"}]' },
      { iceServers: [{ urls: ['turn:t.example:3478', 'turns:t.example'], username: 'u', credential: 'c' }] },
    ],
    [
      { TURN_URLS: 'turn:a.example, turns:b.example', TURN_SECRET: 's' },
      { turn: { urls: ['turn:a.example', 'turns:b.example'], secret: 's' } },
    ],
    [{ INTERNAL_URL: 'http://10.1.2.3:3000/' }, { internalUrl: 'http://10.1.2.3:3000' }],
    [{ INTERNAL_URL: 'https://[fd12::1]' }, { internalUrl: 'https://[fd12::1]' }],
    [{ INTERNAL_URL: 'http://a.internal:80' }, { internalUrl: 'http://a.internal' }],
    [{ APP_SECRET: '0123456789abcdef' }, { appSecret: '0123456789abcdef' }],
    [{ LAN_HTTPS_PORT: '4443' }, { lanHttpsPort: 4443 }],
    [{ METRICS_TOKEN: 'm' }, { metricsToken: 'm' }],
    [{ LOG_LEVEL: 'trace' }, { logLevel: 'trace' }],
    [{ NODE_ENV: 'production' }, { production: true }],
    [{ XDG_DATA_HOME: '/data' }, { user: expect.objectContaining({ XDG_DATA_HOME: '/data' }) }],
  ]
  test.each(SET)('%j', (variables, expected) => {
    expect(configFrom(variables)).toMatchObject(expected)
  })

  test.each([{ LAN_HTTPS_PORT: '0' }, { PUBLIC_URL: 'http://x.example' }, { NODE_ENV: 'production' }])(
    'LAN https is off with %j',
    (variables: Variables) => {
      expect(configFrom(variables)).not.toHaveProperty('lanHttpsPort')
      expect(configFrom({ LAN_HTTPS_PORT: '4443', ...variables })).not.toHaveProperty('lanHttpsPort')
    },
  )

  test('an http address of Upstash is warned of unless it is loopback, and the warning holds no token', () => {
    const withUrl = (url: string) => configFrom({ ...UPSTASH, UPSTASH_REDIS_REST_URL: url }).warnings
    for (const url of [
      'http://localhost:8079',
      'http://127.0.0.1:8079',
      'http://[::1]:8079',
      'https://eu1-cat.upstash.io',
    ])
      expect(withUrl(url)).toEqual([])
    expect(withUrl('http://redis.internal:8079')).toEqual([expect.stringContaining('UPSTASH_REDIS_REST_URL')])
    expect(withUrl('http://redis.internal:8079').join()).not.toContain('AXsecretToken')
  })
})

describe('section 2: APP_SECRET', () => {
  const secretOf = (variables: Variables) => configFrom(variables).appSecret

  test('is random for memory, and derived from the credentials of a shared store, which is said', () => {
    expect(secretOf({})).toBeUndefined()
    const stores: Variables[] = [UPSTASH, { REDIS_URL: 'redis://u:hunter22@h' }, { REDIS_URL: 'redis://h' }]
    for (const store of stores) {
      const { appSecret, notices } = configFrom(store)
      expect(appSecret).toMatch(/^[\w-]{43}$/)
      expect(notices).toEqual([expect.stringMatching(/^APP_SECRET .*rotating them signs everyone out/)])
      for (const hidden of [appSecret ?? '', 'hunter22', 'AXsecretToken'])
        expect(notices.join()).not.toContain(hidden)
    }
    expect(new Set(stores.map(secretOf)).size).toBe(stores.length)
  })

  test('is the same on every instance of one store, whichever of its addresses it uses, and no other', () => {
    const at = (REDIS_URL: string) => secretOf({ REDIS_URL })
    expect(secretOf({ ...UPSTASH })).toBe(
      secretOf({ ...UPSTASH, UPSTASH_REDIS_REST_URL: `${UPSTASH.UPSTASH_REDIS_REST_URL}/` }),
    )
    expect(secretOf({ ...UPSTASH, UPSTASH_REDIS_REST_TOKEN: 'rotated' })).not.toBe(secretOf(UPSTASH))
    expect(at('redis://u:p@private:6379')).toBe(at('rediss://u:p@public.example:6380'))
    expect(at('redis://u:p@h')).not.toBe(at('redis://u:q@h'))
  })

  test('that is given counts', () => {
    expect(configFrom({ ...UPSTASH, APP_SECRET: '0123456789abcdef' })).toMatchObject({
      appSecret: '0123456789abcdef',
      notices: [],
    })
  })
})

describe('section 2: platforms', () => {
  test('Render: address, label and the ranges of its proxies', () => {
    const config = configFrom({
      RENDER: 'true',
      RENDER_EXTERNAL_URL: 'https://pairlens.onrender.com',
      RENDER_INSTANCE_ID: 'srv-1',
    })
    expect(config).toMatchObject({ publicUrl: 'https://pairlens.onrender.com', instanceLabel: 'srv-1' })
    expect(config).not.toHaveProperty('lanHttpsPort')
    expect(config.trustProxy).toEqual(
      expect.arrayContaining(['10.0.0.0/8', '172.64.0.0/13', '2606:4700::/32']),
    )
  })

  test('Railway: address, label and the ranges of its proxies', () => {
    const config = configFrom({
      RAILWAY_ENVIRONMENT: 'production',
      RAILWAY_PUBLIC_DOMAIN: 'pairlens.up.railway.app',
      RAILWAY_REPLICA_ID: 'r-1',
    })
    expect(config).toMatchObject({ publicUrl: 'https://pairlens.up.railway.app', instanceLabel: 'r-1' })
    expect(config.trustProxy).toContain('100.64.0.0/10')
  })

  test('what the operator says wins over what the platform says', () => {
    const config = configFrom({
      RENDER: 'true',
      RENDER_EXTERNAL_URL: 'https://x.onrender.com',
      RENDER_INSTANCE_ID: 'srv-1',
      PUBLIC_URL: 'https://cameras.example.com',
      INSTANCE_ID: 'blue',
      TRUST_PROXY: '192.0.2.0/24',
    })
    expect(config).toMatchObject({
      publicUrl: 'https://cameras.example.com',
      instanceLabel: 'blue',
      trustProxy: ['192.0.2.0/24'],
    })
  })

  test('[PAIR-6] elsewhere no proxy is believed', () => {
    expect(configFrom({ PUBLIC_URL: 'https://cameras.example.com' }).trustProxy).toEqual([])
  })

  test('every range that is believed by default is one that the server can take', async () => {
    for (const env of [{ RENDER: 'true' }, { RAILWAY_ENVIRONMENT: 'production' }]) {
      const app = await testApp({ env })
      await app.close()
    }
  })
})

describe('section 2: a bad value stops the start with one line: variable, fault and mend', () => {
  const WHOLE_NUMBERS = [
    'PAIRING_TTL_SECONDS',
    'SESSION_TTL_SECONDS',
    'RESUME_WINDOW_SECONDS',
    'DRAIN_SECONDS',
    'MAX_ROOM_MEMBERS',
  ]
  const BAD: [variable: string, variables: Variables, mend: RegExp][] = [
    ...['abc', '-1', '65536', '3000.5', '3000x'].map((value): [string, Variables, RegExp] => [
      'PORT',
      { PORT: value },
      /0 to 65535/,
    ]),
    ...['abc', '-1', '65536'].map((value): [string, Variables, RegExp] => [
      'LAN_HTTPS_PORT',
      { LAN_HTTPS_PORT: value },
      /3443/,
    ]),
    ...WHOLE_NUMBERS.flatMap((name) =>
      ['abc', '0', '-5', '1.5', '999999999999'].map((value): [string, Variables, RegExp] => [
        name,
        { [name]: value },
        /whole number/,
      ]),
    ),
    ...[
      'cameras.example.com',
      'ftp://x.example',
      'https://x.example/app',
      'https://x.example?a=1',
      'https://x.example#a',
      'https://u:p@x.example',
    ].map((value): [string, Variables, RegExp] => [
      'PUBLIC_URL',
      { PUBLIC_URL: value },
      /https:\/\/cameras\.example\.com/,
    ]),
    ['RENDER_EXTERNAL_URL', { RENDER_EXTERNAL_URL: 'x' }, /https:\/\//],
    ['RAILWAY_PUBLIC_DOMAIN', { RAILWAY_PUBLIC_DOMAIN: 'a b' }, /https:\/\//],
    ...['*', 'a.example', 'https://a.example/x', 'https://a.example,b'].map(
      (value): [string, Variables, RegExp] => [
        'ALLOWED_ORIGINS',
        { ALLOWED_ORIGINS: value },
        /separated by commas/,
      ],
    ),
    ...[
      'true',
      '1',
      '10.0.0.0/33',
      '::1/129',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '10.0.0/8',
      '0.0.0.0/0',
      '::/0',
    ].map((value): [string, Variables, RegExp] => ['TRUST_PROXY', { TRUST_PROXY: value }, /10\.0\.0\.0\/8/]),
    ['UPSTASH_REDIS_REST_TOKEN', { UPSTASH_REDIS_REST_URL: UPSTASH.UPSTASH_REDIS_REST_URL }, /both/],
    ['UPSTASH_REDIS_REST_URL', { UPSTASH_REDIS_REST_TOKEN: UPSTASH.UPSTASH_REDIS_REST_TOKEN }, /both/],
    ['UPSTASH_REDIS_REST_URL', { ...UPSTASH, UPSTASH_REDIS_REST_URL: 'eu1-cat.upstash.io' }, /https/],
    ['REDIS_URL', { ...UPSTASH, REDIS_URL: 'redis://127.0.0.1' }, /one of the two/],
    ['REDIS_URL', { REDIS_URL: 'http://127.0.0.1' }, /redis:\/\//],
    ['REDIS_URL', { REDIS_URL: '127.0.0.1:6379' }, /redis:\/\//],
    ['KEY_PREFIX', { KEY_PREFIX: 'x'.repeat(65) }, /characters|shorter/],
    ['INSTANCE_ID', { INSTANCE_ID: 'x'.repeat(129) }, /characters|shorter/],
    ...['abc', '1', '301', '10.5'].map((value): [string, Variables, RegExp] => [
      'PEER_TIMEOUT_SECONDS',
      { PEER_TIMEOUT_SECONDS: value },
      /2 to 300/,
    ]),
    ['RATE_LIMITS', { RATE_LIMITS: 'maybe' }, /on or off/],
    ['LOG_LEVEL', { LOG_LEVEL: 'loud' }, /debug/],
    ...[
      'x',
      '{}',
      'null',
      '[{}]',
      '["stun:a"]',
      '[{"urls":"http://a"}]',
      '[{"urls":5}]',
      '[{"urls":["stun:a",5]}]',
      '[{"urls":"stun:a","username":1}]',
    ].map((value): [string, Variables, RegExp] => ['ICE_SERVERS', { ICE_SERVERS: value }, /\[\{"urls"/]),
    ['TURN_URLS', { TURN_SECRET: 's' }, /turn:/],
    ['TURN_URLS', { TURN_URLS: 'stun:a.example', TURN_SECRET: 's' }, /turn:/],
    ['TURN_SECRET', { TURN_URLS: 'turn:a.example' }, /static-auth-secret/],
    ...[
      '10.0.0.5:3000',
      'ws://10.0.0.5',
      'http://10.0.0.5/media',
      'http://user@10.0.0.5',
      'http://8.8.8.8:3000',
      'http://[2001:4860::1]',
      'http://[::ffff:8.8.8.8]',
      'http://172.32.0.1',
    ].map((value): [string, Variables, RegExp] => ['INTERNAL_URL', { INTERNAL_URL: value }, /10\.0\.0\.5/]),
    ['APP_SECRET', { APP_SECRET: 'short' }, /16 characters/],
  ]
  test.each(BAD)('%s %j', (variable, variables, mend) => {
    const line = faultOf(variables)
    expect(line).not.toContain('\n')
    expect(line.startsWith(`${variable} `)).toBe(true)
    const cut = line.lastIndexOf(': ')
    const [fault, mended] = [line.slice(0, cut), line]
    expect(fault.length).toBeGreaterThan(variable.length + 5)
    expect(mended).toMatch(mend)
    // A mend that speaks of numbers helps nobody who gave a text that is too long.
    if (['KEY_PREFIX', 'INSTANCE_ID'].includes(variable)) expect(mended).not.toContain('number')
  })

  test.each(['[{"urls":[]}]', '[{"urls":"turn:a.example"}]', '[{"urls":"turns:a.example","username":"u"}]'])(
    'ICE_SERVERS %s is no RTCIceServer: every browser would refuse it (WebRTC, set a configuration)',
    (value) => {
      expect(faultOf({ ICE_SERVERS: value })).toMatch(/^ICE_SERVERS /)
    },
  )

  test('a bad value is shown where it is no secret', () => {
    expect(faultOf({ PORT: 'abc' })).toContain('"abc"')
    expect(faultOf({ ALLOWED_ORIGINS: 'https://a.example,nonsense' })).toContain('"nonsense"')
    expect(faultOf({ TRUST_PROXY: '10.0.0.0/8,nonsense' })).toContain('"nonsense"')
  })

  const SECRET = 'hunter2hunter2'
  test.each([
    { APP_SECRET: SECRET },
    { REDIS_URL: `http://:${SECRET}@h` },
    { REDIS_URL: SECRET },
    { ...UPSTASH, REDIS_URL: `redis://:${SECRET}@h` },
    { UPSTASH_REDIS_REST_TOKEN: SECRET },
    { TURN_SECRET: SECRET },
    { ICE_SERVERS: `[{"urls":"turn:a","credential":"${SECRET}"` },
    { ICE_SERVERS: `[{"urls":"http:a","credential":"${SECRET}"}]` },
    { PUBLIC_URL: `https://user:${SECRET}@x.example` },
    { PUBLIC_URL: `ftp://user:${SECRET}@x.example` },
    // What people paste by mistake: the address for Redis clients, or the two values the wrong way round.
    {
      UPSTASH_REDIS_REST_URL: `rediss://default:${SECRET}@eu1-cat.upstash.io:6379`,
      UPSTASH_REDIS_REST_TOKEN: 't',
    },
    { UPSTASH_REDIS_REST_URL: SECRET, UPSTASH_REDIS_REST_TOKEN: 'https://eu1-cat.upstash.io' },
    { UPSTASH_REDIS_REST_URL: `https://default:${SECRET}@eu1-cat.upstash.io`, UPSTASH_REDIS_REST_TOKEN: 't' },
  ])('[PAIR-8] a secret is never printed: %j', (variables: Variables) => {
    expect(
      faultOf({ ...variables, ...('APP_SECRET' in variables ? { APP_SECRET: SECRET.slice(0, 8) } : {}) }),
    ).not.toContain(SECRET.slice(0, 8))
  })
})
