/** [MED-6]: a camera and its watchers on different instances, as processes. */
import { expect, test } from 'vitest'
import { createRoom, pair } from '../support/app.ts'
import { Film, relayedOf } from '../support/film.ts'
import { enter, overBackends } from './cluster.ts'

overBackends(
  'relayed pictures',
  {},
  (cluster) => {
    test('[MED-6] watchers on every instance get each picture of one upload, and go on where the camera goes', async () => {
      const { session } = await createRoom(cluster().url(0))
      const { session: phone } = await pair(cluster().url(0), session.token)
      const { session: other } = await pair(cluster().url(0), session.token, 'viewer')
      const host = await enter(cluster().url(0), session.token, { attempt: 1 })
      const viewer = await enter(cluster().url(2), other.token, { attempt: 1 })
      const camera = await enter(cluster().url(1), phone.token, { attempt: 1 })
      await host.client.next('member-joined', ({ member }) => member.id === phone.id)
      await viewer.client.next('member-joined', ({ member }) => member.id === phone.id)
      const watchers = [host, viewer]
      for (const { client } of watchers)
        expect(await client.ask({ type: 'watch', camera: phone.id, on: true })).toMatchObject({ ok: true })
      await camera.client.next('relay', ({ watchers: count }) => count === 2)
      const first = new Film({ stream: 1, keyBytes: 60_000, deltaBytes: 8_000 }).group(29)
      for (const picture of first) camera.client.raw(picture)
      const expected = first.map((picture) => relayedOf(phone.id, picture))
      for (const { client } of watchers) expect(await client.pictures(30)).toEqual(expected)

      await cluster().at(1).kill()
      await camera.client.closed
      // It comes back where one of the watchers is; the other gets its pictures from there.
      const back = await enter(cluster().url(2), phone.token, { attempt: 2, resume: camera.welcome.at })
      await back.client.next('relay', ({ watchers: count }) => count === 2)
      const second = new Film({ stream: 2 }).group(3)
      for (const picture of second) back.client.raw(picture)
      const all = [...expected, ...second.map((picture) => relayedOf(phone.id, picture))]
      for (const { client } of watchers) expect(await client.pictures(34)).toEqual(all)
    })
  },
  ['redis'],
)
