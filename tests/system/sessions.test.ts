/** Sessions on three instances: restarts of all of them, moves between them, and ends. */
import { expect, test } from 'vitest'
import { call, createRoom, pair } from '../support/app.ts'
import { enter, overBackends, until, type Cluster } from './cluster.ts'
import { Traveller } from './traveller.ts'

const dashboardAndPhone = async (cluster: Cluster) => {
  const { room, session } = await createRoom(cluster.url(0), { name: 'Kitchen', deviceName: 'Desk' })
  const phone = await pair(cluster.url(1), session.token, 'camera', 'Phone')
  return { room, host: session, phone: phone.session }
}

overBackends('sessions on three instances', {}, (cluster, backend) => {
  test('[SESS-1] phone and dashboard are back with role, name and room when all instances were restarted', async () => {
    const { room, host, phone } = await dashboardAndPhone(cluster())
    const travellers = [host, phone].map(({ id, token }, n) => {
      let turn = n
      return new Traveller({ id, token, next: () => cluster().url((turn += 1)) })
    })
    for (const traveller of travellers) traveller.travel()
    await until(
      () => travellers.filter(({ isLive }) => isLive).length,
      (live) => live === 2,
      10_000,
      'both are there',
    )
    const before = travellers.map(({ welcome }) => welcome?.instance)
    const exits = await Promise.all(cluster().instances.map((instance) => instance.stop()))
    for (const exit of exits) expect(exit).toEqual({ code: 0, signal: null })
    await Promise.all(cluster().instances.map((instance) => instance.start()))
    await until(
      () => travellers.map(({ isLive, welcome }) => (isLive ? welcome?.instance : undefined)),
      (now) => now.every((instance) => instance !== undefined && !before.includes(instance)),
      15_000,
      'both are back on new instances',
    )
    const [dashboard, camera] = travellers
    expect(dashboard?.welcome).toMatchObject({
      self: { id: host.id, role: 'host', name: 'Desk', status: 'active' },
      room: { id: room.id, name: 'Kitchen' },
    })
    expect(camera?.welcome).toMatchObject({
      self: { id: phone.id, role: 'camera', name: 'Phone', status: 'active' },
      room: { id: room.id, name: 'Kitchen' },
    })
    await until(
      () =>
        travellers.map(({ members }) => [...members.values()].filter(({ connected }) => connected).length),
      (counts) => counts.every((count) => count === 2),
      5_000,
      'both see each other',
    )
    for (const traveller of travellers) traveller.end()
  })

  test('[SESS-2] of three connections on three instances the last one stays, the others are closed with 4409', async () => {
    const { host, phone } = await dashboardAndPhone(cluster())
    const watching = await enter(cluster().url(0), host.token, { attempt: 1 })
    const first = await enter(cluster().url(0), phone.token, { attempt: 1 })
    const second = await enter(cluster().url(1), phone.token, { attempt: 2 })
    expect((await first.client.closed).code).toBe(4409)
    const third = await enter(cluster().url(2), phone.token, { attempt: 3 })
    expect((await second.client.closed).code).toBe(4409)
    // One that was under way all the time and comes last all the same is the earlier one.
    const late = await enter(cluster().url(1), phone.token, { attempt: 2 }).catch((error: unknown) => error)
    expect(String(late)).toContain('4409')
    expect((await third.client.ask({ type: 'message', data: 'here' })).ok).toBe(true)
    expect(await watching.client.next('message')).toMatchObject({ from: phone.id, data: 'here' })
    expect(watching.client.of('member-left')).toEqual([])
    await watching.client.settled()
    expect(watching.client.of('member-updated').at(-1)?.member.connected ?? true).toBe(true)
  })

  test('[SESS-3] who is kicked by another instance is out within a second, and out everywhere', async () => {
    const { host, phone } = await dashboardAndPhone(cluster())
    const watching = await enter(cluster().url(0), host.token, { attempt: 1 })
    for (const [n, holder] of cluster().urls.entries()) {
      const victim = n === 0 ? phone : (await pair(cluster().url(n), host.token)).session
      const camera = await enter(holder, victim.token, { attempt: 1 })
      const began = performance.now()
      const { status } = await call(cluster().url(n + 2), 'DELETE', `/api/room/members/${victim.id}`, {
        token: host.token,
      })
      expect(status).toBe(204)
      expect((await camera.client.closed).code).toBe(4403)
      expect(performance.now() - began).toBeLessThan(1_000)
      expect(
        await watching.client.next('member-left', ({ memberId }) => memberId === victim.id),
      ).toMatchObject({
        reason: 'kicked',
      })
      for (const url of cluster().urls) {
        expect((await call(url, 'GET', '/api/session', { token: victim.token })).status).toBe(401)
        const again = await enter(url, victim.token, { attempt: 2 }).catch((error: unknown) => error)
        expect(String(again)).toContain('4401')
      }
    }
  })

  test('[SESS-3] who signs out on another instance is closed with 4401 within a second', async () => {
    const { host, phone } = await dashboardAndPhone(cluster())
    const watching = await enter(cluster().url(0), host.token)
    const camera = await enter(cluster().url(1), phone.token)
    const began = performance.now()
    expect((await call(cluster().url(2), 'DELETE', '/api/session', { token: phone.token })).status).toBe(204)
    expect((await camera.client.closed).code).toBe(4401)
    expect(performance.now() - began).toBeLessThan(1_000)
    expect(await watching.client.next('member-left')).toMatchObject({ memberId: phone.id, reason: 'left' })
  })

  test('[SESS-2] the earlier connection is closed also when the word of it was lost', async () => {
    const { host, phone } = await dashboardAndPhone(cluster())
    await enter(cluster().url(2), host.token, { attempt: 1 })
    const first = await enter(cluster().url(0), phone.token, { attempt: 1 })
    const deaf = cluster().at(0).way
    if (backend === 'upstash') deaf.double?.fault({ messages: { seed: 1, lose: 1 } })
    // Over TCP what is published while a listener is cut is lost as well.
    else await deaf.shut()
    const second = await enter(cluster().url(1), phone.token, { attempt: 2 })
    expect((await second.client.ask({ type: 'message', data: 1 })).ok).toBe(true)
    deaf.double?.heal()
    if (backend === 'redis') await deaf.open()
    else deaf.cut()
    expect((await first.client.closed).code).toBe(4409)
    expect((await second.client.ask({ type: 'message', data: 2 })).ok).toBe(true)
  })
})
