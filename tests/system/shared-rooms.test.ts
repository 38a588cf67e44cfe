/** Members of one room on three instances behave as if on one. */
import { expect, test } from 'vitest'
import type { Member } from '../../server/protocol/models.ts'
import { call, createRoom, pair } from '../support/app.ts'
import type { TestClient } from '../support/client.ts'
import { enter, overBackends, until, type Cluster, type Entered } from './cluster.ts'

interface Party {
  readonly host: Entered & { readonly id: string; readonly token: string }
  readonly camera: Entered & { readonly id: string; readonly token: string }
  readonly viewer: Entered & { readonly id: string; readonly token: string }
}

/** A host on the first instance, a camera on the second, a viewer on the third. */
async function party(cluster: Cluster): Promise<Party> {
  const { session } = await createRoom(cluster.url(0), { name: 'Kitchen' })
  const phone = await pair(cluster.url(1), session.token, 'camera', 'Phone')
  const watcher = await pair(cluster.url(2), session.token, 'viewer', 'Watcher')
  const seated = async (n: number, { id, token }: { id: string; token: string }) => ({
    id,
    token,
    ...(await enter(cluster.url(n), token, { attempt: 1 })),
  })
  const host = await seated(0, session)
  const camera = await seated(1, phone.session)
  return { host, camera, viewer: await seated(2, watcher.session) }
}

/** The members that a client was told of, as they are after everything it received. */
function membersOf({ received }: TestClient): Map<string, Member> {
  const members = new Map<string, Member>()
  for (const message of received) {
    if (message.type === 'welcome') for (const member of message.members) members.set(member.id, member)
    else if (message.type === 'member-joined' || message.type === 'member-updated')
      members.set(message.member.id, message.member)
    else if (message.type === 'member-left') members.delete(message.memberId)
  }
  return members
}
const sorted = (members: Iterable<Member>): Member[] => [...members].sort((a, b) => (a.id < b.id ? -1 : 1))

async function listOf(url: string, token: string): Promise<Member[]> {
  const { status, body } = await call<{ members: Member[] }>(url, 'GET', '/api/room', { token })
  expect(status).toBe(200)
  return sorted(body.members)
}

overBackends('members on three instances', {}, (cluster) => {
  test('[SYNC-1] they see, signal, message and command each other', async () => {
    const { host, camera, viewer } = await party(cluster())
    expect(new Set([host, camera, viewer].map(({ welcome }) => welcome.instance)).size).toBe(3)
    expect(viewer.welcome.members.map(({ id }) => id).sort()).toEqual([host.id, camera.id, viewer.id].sort())

    await camera.client.ask({ type: 'signal', to: host.id, data: { sdp: 1 } })
    expect(await host.client.next('signal')).toMatchObject({ from: camera.id, data: { sdp: 1 } })
    await viewer.client.ask({ type: 'signal', to: camera.id, data: { sdp: 2 } })
    expect(await camera.client.next('signal')).toMatchObject({ from: viewer.id, data: { sdp: 2 } })

    await viewer.client.ask({ type: 'message', data: 'all' })
    for (const { client } of [host, camera])
      expect(await client.next('message')).toMatchObject({ from: viewer.id, data: 'all' })
    await host.client.ask({ type: 'message', to: viewer.id, data: 'one' })
    expect(await viewer.client.next('message')).toMatchObject({ from: host.id, to: viewer.id, data: 'one' })

    const asked = await host.client.ask({ type: 'command', to: camera.id, name: 'zoom', args: { to: 2 } })
    const { ref, from } = await camera.client.next('command')
    expect(asked).toMatchObject({ ok: true, data: { ref } })
    expect(from).toBe(host.id)
    expect(
      await camera.client.ask({ type: 'result', to: host.id, ref, ok: true, data: { zoom: 2 } }),
    ).toMatchObject({ ok: true })
    expect(await host.client.next('result')).toMatchObject({ ref, from: camera.id, data: { zoom: 2 } })
    expect(await camera.client.ask({ type: 'result', to: host.id, ref, ok: true })).toMatchObject({
      ok: false,
      code: 'not_found',
    })

    // [ROOM-4] What was meant for one reached nobody else.
    await camera.client.settled()
    expect(camera.client.of('message').map(({ data }) => data)).toEqual(['all'])
    expect(viewer.client.of('signal')).toEqual([])
  })

  test('[SESS-4] roles and ids of other rooms are refused across instances as on one', async () => {
    const { host, camera } = await party(cluster())
    const second = await pair(cluster().url(2), host.token)
    const other = await enter(cluster().url(2), second.session.token)
    expect(await other.client.ask({ type: 'signal', to: camera.id, data: 1 })).toMatchObject({
      code: 'forbidden',
    })
    const stranger = await party(cluster())
    expect(await stranger.host.client.ask({ type: 'message', to: camera.id, data: 1 })).toMatchObject({
      code: 'not_found',
    })
    expect(
      (
        await call(cluster().url(2), 'DELETE', `/api/room/members/${camera.id}`, {
          token: stranger.host.token,
        })
      ).status,
    ).toBe(404)
  })

  test('[ROOM-1] presence is equal on all instances within a second of each change', async () => {
    const { host, camera, viewer } = await party(cluster())
    const all = [host, camera, viewer]
    const equal = async (clients: readonly Entered[], count: number) => {
      const views = async () => [
        ...clients.map(({ client }) => sorted(membersOf(client).values())),
        ...(await Promise.all(cluster().urls.map((url) => listOf(url, host.token)))),
      ]
      await until(
        views,
        (seen) =>
          seen.every((view) => view.length === count) &&
          new Set(seen.map((view) => JSON.stringify(view))).size === 1,
        1_000,
        'views are equal',
      )
    }
    await equal(all, 3)
    await camera.client.ask({ type: 'state', state: { battery: 0.5 } })
    // Whoever changes is not told of it.
    await equal([host, viewer], 3)
    expect(membersOf(viewer.client).get(camera.id)?.state).toEqual({ battery: 0.5 })
    camera.client.drop()
    await equal([host, viewer], 3)
    expect(membersOf(host.client).get(camera.id)?.connected).toBe(false)
    const back = await enter(cluster().url(2), camera.token, { attempt: 2 })
    await equal([host, viewer, { ...back }], 3)
    back.client.send({ type: 'leave' })
    await equal([host, viewer], 2)
  })

  test('[SYNC-1] GET /api/room on an instance without members gives the same members', async () => {
    const { session } = await createRoom(cluster().url(0))
    const phone = await pair(cluster().url(1), session.token, 'camera', 'Phone')
    const host = await enter(cluster().url(0), session.token)
    await enter(cluster().url(1), phone.session.token)
    await host.client.next('member-joined')
    const [here, there, nowhere] = await Promise.all(cluster().urls.map((url) => listOf(url, session.token)))
    expect(there).toEqual(here)
    // Of a member elsewhere the store knows where it sits, not what it says of itself [SYNC-6].
    expect(nowhere).toEqual(here)
    expect(nowhere).toHaveLength(2)
  })

  test('[SYNC-1] a room changed on one instance is changed on all, and its end closes the sockets of all', async () => {
    const { host, camera, viewer } = await party(cluster())
    await call(cluster().url(2), 'PATCH', '/api/room', { token: host.token, body: { name: 'Hall' } })
    for (const { client } of [host, camera, viewer])
      expect((await client.next('room-updated')).room.name).toBe('Hall')
    for (const url of cluster().urls)
      expect(
        (await call<{ room: { name: string } }>(url, 'GET', '/api/room', { token: camera.token })).body.room
          .name,
      ).toBe('Hall')
    expect((await call(cluster().url(1), 'DELETE', '/api/room', { token: host.token })).status).toBe(204)
    for (const { client } of [host, camera, viewer]) expect((await client.closed).code).toBe(4404)
    for (const url of cluster().urls)
      expect((await call(url, 'GET', '/api/room', { token: host.token })).status).toBe(401)
  })
})
