/** Instances that are killed, all of them or one, and one that is taken for dead and is not. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Member } from '../../server/protocol/models.ts'
import { call, createRoom, pair } from '../support/app.ts'
import { Chatter } from './chatter.ts'
import { enter, overBackends, PEER_TIMEOUT, RESUME_WINDOW, until } from './cluster.ts'
import { Traveller } from './traveller.ts'

const LOST_WITHIN = PEER_TIMEOUT + 5_000

overBackends('lost instances', {}, (cluster) => {
  beforeEach(async () => {
    await Promise.all(
      cluster()
        .instances.filter(({ isRunning }) => !isRunning)
        .map((instance) => instance.start()),
    )
  })
  afterEach(() => {
    for (const instance of cluster().instances) if (instance.isPaused) instance.goOn()
  })

  test('[SYNC-3] members of a killed instance leave as instance-lost, for quiet members and for busy ones', async () => {
    const rooms = await Promise.all(
      [false, true].map(async (isBusy) => {
        const { session } = await createRoom(cluster().url(0))
        const lost = await pair(cluster().url(0), session.token)
        const other = await pair(cluster().url(0), session.token)
        const host = await enter(cluster().url(0), session.token)
        const second = await enter(cluster().url(2), other.session.token)
        await enter(cluster().url(1), lost.session.token)
        for (const { client } of [host, second])
          await client.next('member-joined', ({ member }) => member.id === lost.session.id)
        return { isBusy, host, second, id: lost.session.id, token: session.token }
      }),
    )
    const killed = performance.now()
    await cluster().at(1).kill()
    await Promise.all(
      rooms.map(async ({ isBusy, host, second, id, token }) => {
        if (isBusy) await host.client.ask({ type: 'message', data: 'is anybody there' })
        for (const { client } of [host, second])
          expect(await client.next('member-left')).toMatchObject({ memberId: id, reason: 'instance-lost' })
        expect(performance.now() - killed).toBeLessThan(LOST_WITHIN)
        const { body } = await call<{ members: Member[] }>(cluster().url(2), 'GET', '/api/room', { token })
        expect(body.members.map((member) => member.id)).not.toContain(id)
      }),
    )
  })

  test('[SYNC-3] [RES-2] who was lost with its instance may come back within the window, and resumes', async () => {
    const { session } = await createRoom(cluster().url(0))
    const { session: phone } = await pair(cluster().url(0), session.token)
    const host = await enter(cluster().url(0), session.token)
    const camera = await enter(cluster().url(1), phone.token, { attempt: 1 })
    await host.client.next('member-joined')
    await cluster().at(1).kill()
    await host.client.next('member-left')
    await host.client.ask({ type: 'message', data: 'in the meantime' })
    const back = await enter(cluster().url(2), phone.token, { attempt: 2, resume: camera.welcome.at })
    expect(back.welcome.resumed).toBe(true)
    expect(await back.client.next('message')).toMatchObject({ data: 'in the meantime' })
    expect((await host.client.next('member-joined')).member).toMatchObject({ id: phone.id, connected: true })
  })

  test('[SYNC-3] all instances were killed: who joins first sees no ghosts five seconds later', async () => {
    const { session } = await createRoom(cluster().url(0))
    const phones = await Promise.all(
      cluster().urls.map(async (url) => (await pair(url, session.token)).session),
    )
    const host = await enter(cluster().url(0), session.token, { attempt: 1 })
    for (const [n, { token }] of phones.entries()) await enter(cluster().url(n), token, { attempt: 1 })
    await until(
      () => host.client.of('member-joined').length,
      (count) => count === 3,
      5_000,
      'all joined',
    )
    await Promise.all(cluster().instances.map((instance) => instance.kill()))
    await cluster().at(2).start()
    const back = new Traveller({ id: session.id, token: session.token, next: () => cluster().url(2) })
    back.attempt = 1
    back.travel()
    await until(() => back.isLive, Boolean, 10_000, 'the host is back')
    await until(
      () => [...back.members.keys()],
      (ids) => ids.length === 1,
      5_000,
      'the ghosts are gone',
    )
    const { body } = await call<{ members: Member[] }>(cluster().url(2), 'GET', '/api/room', {
      token: session.token,
    })
    expect(body.members.map(({ id }) => id)).toEqual([session.id])
    // They are no ghosts to themselves: their sessions are good.
    const again = await enter(cluster().url(2), phones[0]?.token ?? '', { attempt: 2 })
    expect(again.welcome.members).toHaveLength(2)
    back.end()
  })

  test('[SYNC-4] one that was stopped longer than the timeout brings its members back within five seconds', async () => {
    const chatter = await Chatter.start({
      seed: 7,
      members: 6,
      url: cluster().url(0),
      next: (index) => cluster().url(index),
    })
    chatter.talk()
    await until(
      () => chatter.figures().ok,
      (ok) => ok > 30,
      10_000,
      'they talk',
    )
    const [, paused] = chatter.travellers
    cluster().at(1).pause()
    await until(
      () => chatter.host.events.filter((event) => event.type === 'member-left'),
      (left) => left.length === 2 && left.every(({ reason }) => reason === 'instance-lost'),
      LOST_WITHIN + 2_000,
      'its members are taken for lost',
    )
    cluster().at(1).goOn()
    await chatter.converged(cluster().urls, 5_000)
    expect(paused?.isLive).toBe(true)
    await chatter.quiet()
    await chatter.heard()
    chatter.end()
  })

  test('[SYNC-4] one that is cut off alone counts as killed, and is back within five seconds of its return', async () => {
    const chatter = await Chatter.start({
      seed: 8,
      members: 6,
      url: cluster().url(0),
      next: (index) => cluster().url(index),
    })
    await cluster().at(2).way.shut()
    await until(
      () => chatter.host.events.filter((event) => event.type === 'member-left'),
      (left) => left.length === 2 && left.every(({ reason }) => reason === 'instance-lost'),
      LOST_WITHIN,
      'its members are taken for lost',
    )
    const alone = chatter.travellers[2]
    await until(
      () => alone?.store,
      (store) => store === 'degraded',
      10_000,
      'its members are told',
    )
    expect(alone?.events.filter((event) => event.type === 'member-left')).toEqual([])
    // Its members may still talk to each other, and the others will hear of it.
    expect((await alone?.say())?.ok).toBe(true)
    await cluster().at(2).way.open()
    await until(
      () => alone?.store,
      (store) => store === 'shared',
      5_000,
      'it is back',
    )
    await chatter.converged(cluster().urls, 5_000)
    await chatter.heard()
    chatter.end()
  })

  test('[ROOM-2] a member of a drained instance that does not come back is lost after the window', async () => {
    const { session } = await createRoom(cluster().url(0))
    const { session: phone } = await pair(cluster().url(0), session.token)
    const host = await enter(cluster().url(0), session.token)
    await enter(cluster().url(1), phone.token, { attempt: 1 })
    await host.client.next('member-joined')
    const began = performance.now()
    await cluster().at(1).stop()
    expect((await host.client.next('member-updated')).member).toMatchObject({
      id: phone.id,
      connected: false,
    })
    expect(await host.client.next('member-left')).toMatchObject({ memberId: phone.id, reason: 'lost' })
    expect(performance.now() - began).toBeGreaterThan(RESUME_WINDOW - 500)
  })
})
