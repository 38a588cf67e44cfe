/** [STORE-4]: the store is lost while members of three instances talk, and comes back. */
import { expect, test } from 'vitest'
import { call, claimCode, createRoom, issueCode, pair, secretOf } from '../support/app.ts'
import { FAILURES, type Failure } from '../support/upstash-double/index.ts'
import { Chatter } from './chatter.ts'
import { enter, overBackends, until, type Backend, type Cluster } from './cluster.ts'

interface Outage {
  readonly what: string
  readonly on: readonly Backend[]
  begin(cluster: Cluster): Promise<void>
  end(cluster: Cluster): Promise<void>
}

const answered = (what: string, answer: Failure): Outage => ({
  what,
  on: ['upstash'],
  begin: async ({ doubles }) => {
    for (const double of doubles) double.fault({ answer })
  },
  end: async ({ doubles }) => {
    for (const double of doubles) double.heal()
  },
})

const OUTAGES: readonly Outage[] = [
  {
    what: 'connections are refused',
    on: ['upstash', 'redis'],
    begin: async ({ ways }) => void (await Promise.all(ways.map((way) => way.shut()))),
    end: async ({ ways }) => void (await Promise.all(ways.map((way) => way.open()))),
  },
  {
    what: 'nothing is answered',
    on: ['upstash', 'redis'],
    begin: async ({ redis }) => redis.pause(),
    end: async ({ redis }) => redis.resume(),
  },
  answered('it fails (500)', FAILURES.server),
  answered('the token is wrong (401)', FAILURES.unauthorized),
  answered('the quota is used up', FAILURES.dailyLimit),
  {
    what: 'Redis is stopped, and comes back without its data',
    on: ['upstash', 'redis'],
    begin: ({ redis }) => redis.kill(),
    end: ({ redis }) => redis.restart({ empty: true }),
  },
]

const statusOf = async (url: string, token: string): Promise<number> =>
  (await call(url, 'GET', '/api/session', { token })).status
const claimStatus = async (url: string, secret: string): Promise<number> =>
  (await call(url, 'POST', '/api/pairings', { body: { secret } })).status

/** What is made, used up and ended on the first instance, alone. */
async function happenings(
  url: string,
  hostToken: string,
  before: { used: string; kicked: { id: string; token: string } },
) {
  // In the room that was there.
  const { session: joined } = await claimCode(url, { secret: before.used })
  expect(await claimStatus(url, before.used)).toBe(409)
  expect(
    (await call(url, 'DELETE', `/api/room/members/${before.kicked.id}`, { token: hostToken })).status,
  ).toBe(204)
  expect(await statusOf(url, before.kicked.token)).toBe(401)
  const open = secretOf(await issueCode(url, hostToken))
  // And in one that is new.
  const { session: host } = await createRoom(url)
  const dashboard = await enter(url, host.token, { attempt: 1 })
  const { session: phone } = await pair(url, host.token)
  const camera = await enter(url, phone.token, { attempt: 1 })
  expect((await camera.client.ask({ type: 'signal', to: host.id, data: 'offer' })).ok).toBe(true)
  expect(await dashboard.client.next('signal')).toMatchObject({ data: 'offer' })
  return { joined, open, host, phone }
}

/** What must go on while the store is away. */
async function meanwhile(
  cluster: Cluster,
  chatter: Chatter,
  before: { used: string; kicked: { id: string; token: string } },
) {
  const { host } = chatter
  await until(
    () => chatter.travellers.map(({ store }) => store),
    (states) => states.every((state) => state === 'degraded'),
    10_000,
    'members are told',
  )
  for (const instance of cluster.instances) expect(await instance.readiness()).toBe('degraded')
  const made = await happenings(cluster.url(0), host.token, before)
  const [, , , neighbour] = chatter.travellers
  const heard = (): number => neighbour?.chain?.heard.filter(({ from }) => from === host.id).length ?? 0
  const already = heard()
  await until(heard, (count) => count > already + 3, 5_000, 'members of one instance hear each other')
  for (const { events } of chatter.travellers)
    expect(events.filter(({ type }) => type === 'member-left')).toEqual([])
  return made
}

async function outage(cluster: Cluster, { begin, end }: Outage): Promise<void> {
  const url = cluster.url(0)
  const chatter = await Chatter.start({
    seed: 11,
    members: 6,
    url,
    next: (index) => cluster.url(index),
    pause: 150,
  })
  const { host } = chatter
  const used = secretOf(await issueCode(url, host.token))
  const { session: kicked } = await pair(url, host.token)
  chatter.talk()
  await until(
    () => chatter.figures().ok,
    (ok) => ok > 20,
    10_000,
    'they talk',
  )

  // Those who came in at the same time on different instances may have been seen to come twice.
  await chatter.converged(cluster.urls, 5_000)
  for (const { events } of chatter.travellers) events.splice(0)

  await begin(cluster)
  let made: Awaited<ReturnType<typeof meanwhile>>
  try {
    made = await meanwhile(cluster, chatter, { used, kicked })
  } finally {
    // What fails here must not fail the outages behind it.
    await end(cluster)
  }
  const began = performance.now()
  await until(
    () => chatter.travellers.map(({ store }) => store),
    (states) => states.every((state) => state === 'shared'),
    5_000,
    'the store is shared again',
  )
  await chatter.converged(cluster.urls, Math.max(500, 5_000 - (performance.now() - began)))
  for (const instance of cluster.instances) expect(await instance.readiness()).toBe('ok')
  await chatter.quiet()
  await chatter.heard(5_000)
  for (const { events, closes } of chatter.travellers) {
    expect(events.filter(({ type }) => type === 'member-left')).toEqual([])
    expect(closes).toEqual([])
  }

  for (const other of cluster.urls) {
    for (const { token } of [made.joined, made.host, made.phone, host])
      expect(await statusOf(other, token)).toBe(200)
    expect(await statusOf(other, kicked.token)).toBe(401)
    expect(await claimStatus(other, used)).toBe(409)
  }
  expect(await claimStatus(cluster.url(1), made.open)).toBe(201)
  expect(await claimStatus(cluster.url(2), made.open)).toBe(409)
  const members = (await enter(cluster.url(1), made.joined.token, { attempt: 1 })).welcome.members
  expect(members).toHaveLength(7)
  chatter.end()
}

overBackends('outages', {}, (cluster, backend) => {
  test.each(OUTAGES.filter(({ on }) => on.includes(backend)))('[STORE-4] $what', async (kind) => {
    await outage(cluster(), kind)
  })

  test('[STORE-4] what waits for members elsewhere is refused beyond a mebibyte, and nothing of it is lost', async () => {
    const { session } = await createRoom(cluster().url(0))
    const phones = await Promise.all(
      [0, 1].map(async () => (await pair(cluster().url(0), session.token)).session),
    )
    const host = await enter(cluster().url(0), session.token, { attempt: 1 })
    const [here, there] = await Promise.all(
      phones.map(async ({ id, token }, n) => ({
        id,
        ...(await enter(cluster().url(n), token, { attempt: 1 })),
      })),
    )
    if (here === undefined || there === undefined) throw new Error('two phones')
    await until(
      () => host.client.of('member-joined').length,
      (count) => count === 2,
      5_000,
      'both joined',
    )
    await Promise.all(cluster().ways.map((way) => way.shut()))
    await until(
      async () => {
        await host.client.ask({ type: 'message', to: there.id, data: 0 })
        return host.client.of('service').length
      },
      (count) => count > 0,
      10_000,
      'the host is told',
    )
    const large = 'x'.repeat(15_000)
    const replies = []
    for (let n = 1; n <= 90; n += 1)
      replies.push(await host.client.ask({ type: 'message', to: there.id, data: { n, large } }))
    const taken = replies.findIndex(({ ok }) => !ok)
    expect(taken).toBeGreaterThan(60)
    expect(taken).toBeLessThan(72)
    expect(replies.slice(taken).every((reply) => !reply.ok && reply.code === 'store_unavailable')).toBe(true)
    expect((await host.client.ask({ type: 'message', to: here.id, data: { n: -1, large } })).ok).toBe(true)
    await Promise.all(cluster().ways.map((way) => way.open()))
    const got = () =>
      there.client
        .of('message')
        .flatMap(({ data }) => (typeof data === 'object' ? [(data as { n: number }).n] : []))
    await until(got, (list) => list.length >= taken, 8_000, 'all of it came')
    expect(got()).toEqual(Array.from({ length: taken }, (_, n) => n + 1))
    expect((await host.client.ask({ type: 'message', to: there.id, data: { n: 100 } })).ok).toBe(true)
    await until(got, (list) => list.includes(100), 5_000, 'and so does what is said now')
  })
})
