/** What stands in the store is damaged, key by key, under members on three instances. */
import { createClient } from '@redis/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, createRoom, issueCode, pair, secretOf } from '../support/app.ts'
import { keysOf } from '../support/redis-keys.ts'
import { enter, overBackends } from './cluster.ts'

type Admin = ReturnType<typeof adminOf>
const adminOf = (url: string) => createClient({ url, RESP: 2, maintNotifications: 'disabled' })

const SUITABLE = new Set([200, 401, 404, 409])

/** Puts something else where a key is, and leaves its time to live. */
const DAMAGES: readonly (readonly [string, (admin: Admin, key: string, type: string) => Promise<unknown>])[] =
  [
    [
      'garbage',
      async (admin, key, type) => {
        if (type === 'string') await admin.set(key, '\u0001{not json', { KEEPTTL: true })
        else if (type === 'hash')
          for (const field of await admin.hKeys(key)) await admin.hSet(key, field, '\u0001{not json')
        else await admin.xAdd(key, '*', { e: '\u0001{not json' })
      },
    ],
    [
      'an unknown version',
      async (admin, key, type) => {
        const later = JSON.stringify({ v: 99, what: 'of a later version' })
        if (type === 'string') await admin.set(key, later, { KEEPTTL: true })
        else if (type === 'hash')
          for (const field of await admin.hKeys(key)) await admin.hSet(key, field, later)
        else await admin.xAdd(key, '*', { e: later })
      },
    ],
    [
      'another type',
      async (admin, key, type) => {
        await admin.del(key)
        if (type === 'string') await admin.lPush(key, 'a list')
        else await admin.set(key, 'a text')
        await admin.expire(key, 600)
      },
    ],
  ]

overBackends('a damaged store', {}, (cluster) => {
  let admin: Admin
  beforeAll(async () => {
    admin = adminOf(cluster().redis.url)
    // Told by what it was asked.
    admin.on('error', () => undefined)
    await admin.connect()
  })
  afterAll(() => admin.destroy())

  test.each(DAMAGES)(
    '[STORE-6] every key in turn holds %s: nobody crashes, and what cannot be read is absent',
    async (_what, damage) => {
      const kinds = new Set<string>()
      for (const suffix of ['', ':sessions', ':seats', ':log', 'code']) {
        const { room, session } = await createRoom(cluster().url(0))
        const { session: phone } = await pair(cluster().url(0), session.token)
        const code = await issueCode(cluster().url(0), session.token)
        const host = await enter(cluster().url(0), session.token, { attempt: 1 })
        const camera = await enter(cluster().url(1), phone.token, { attempt: 1 })
        await host.client.next('member-joined')
        expect((await host.client.ask({ type: 'message', data: 'before' })).ok).toBe(true)
        await camera.client.next('message')
        const keys = (await keysOf(cluster().redis.url)).map(({ key }) => key)
        const damaged = keys.find((key) =>
          suffix === 'code' ? key.endsWith(`code:${code.id}`) : key.endsWith(`room:${room.id}${suffix}`),
        )
        if (damaged === undefined) throw new Error(`no key for ${suffix}`)
        kinds.add(suffix)
        await damage(admin, damaged, await admin.type(damaged))
        for (const url of cluster().urls) {
          expect(SUITABLE).toContain((await call(url, 'GET', '/api/room', { token: session.token })).status)
          expect(SUITABLE).toContain((await call(url, 'GET', '/api/session', { token: phone.token })).status)
          expect(SUITABLE).toContain(
            (await call(url, 'POST', '/api/pairings/preview', { body: { secret: secretOf(code) } })).status,
          )
          expect((await call(url, 'GET', '/healthz')).status).toBe(200)
        }
        // Who is connected stays so, and is heard, or is told why not.
        const reply = await host.client.ask({ type: 'message', data: 'after' }).catch(() => undefined)
        expect(reply === undefined || reply.ok || reply.code === 'store_unavailable').toBe(true)
        // And a new room works as if nothing had been.
        const fresh = await createRoom(cluster().url(1))
        expect(
          (await call(cluster().url(2), 'GET', '/api/room', { token: fresh.session.token })).status,
        ).toBe(200)
      }
      expect(kinds.size).toBe(5)
      expect(cluster().instances.every(({ isRunning }) => isRunning)).toBe(true)
      expect(
        cluster()
          .instances.map((instance) => instance.logs())
          .join(''),
      ).toMatch(/"level":40.*(treated as absent|cannot be read)/)
    },
  )

  test('[STORE-5] after all of it every key has the prefix and an end', async () => {
    for (const { key, ttlMs } of await keysOf(cluster().redis.url)) {
      expect(key).toMatch(/^pairlens:/)
      expect(ttlMs, key).toBeGreaterThan(0)
    }
  })
})
