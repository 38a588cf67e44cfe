/** [RES-2]: a member that comes back on another instance, whatever became of the one it was on. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ServerMessageOf } from '../../server/protocol/messages.ts'
import { createRoom, pair } from '../support/app.ts'
import { enter, overBackends, until, type Cluster, type Entered } from './cluster.ts'

interface Scene {
  readonly host: Entered & { readonly id: string; readonly token: string }
  readonly camera: Entered & { readonly id: string; readonly token: string }
}

/** A host on one instance, a camera on another, and what each has sent the other so far: nothing. */
async function scene(cluster: Cluster, hostAt: number, cameraAt: number): Promise<Scene> {
  const { session } = await createRoom(cluster.url(hostAt))
  const { session: phone } = await pair(cluster.url(hostAt), session.token)
  const host = await enter(cluster.url(hostAt), session.token, { attempt: 1 })
  const camera = await enter(cluster.url(cameraAt), phone.token, { attempt: 1 })
  return {
    host: { id: session.id, token: session.token, ...host },
    camera: { id: phone.id, token: phone.token, ...camera },
  }
}

/** Sends numbers and gives those that were answered `ok`; ends where the connection does. */
async function tell({ client }: Entered, from: number, to: number): Promise<number[]> {
  const taken: number[] = []
  for (let n = from; n <= to; n += 1) {
    const reply: ServerMessageOf<'reply'> | undefined = await client
      .ask({ type: 'message', data: n })
      .catch(() => undefined)
    if (reply === undefined) break
    expect(reply).toMatchObject({ ok: true })
    taken.push(n)
  }
  return taken
}

const numbers = ({ client }: Entered): unknown[] => client.of('message').map(({ data }) => data)
/** The place behind the newest thing that it saw. */
function placeOf({ client }: Entered): string {
  const { at } = client.received.findLast((message) => 'at' in message) as { at: string }
  return at
}

/** What becomes of the second instance meanwhile. */
const FATES: readonly (readonly [string, (cluster: Cluster) => Promise<unknown>])[] = [
  ['lives', () => Promise.resolve()],
  ['drains', (cluster) => cluster.at(1).stop()],
  ['was killed', (cluster) => cluster.at(1).kill()],
  ['is stopped in its tracks', (cluster) => Promise.resolve(cluster.at(1).pause())],
]

overBackends('moves between instances', {}, (cluster) => {
  beforeEach(async () => {
    // What an earlier test ended.
    await Promise.all(
      cluster()
        .instances.filter(({ isRunning }) => !isRunning)
        .map((instance) => instance.start()),
    )
  })
  afterEach(() => {
    for (const instance of cluster().instances) if (instance.isPaused) instance.goOn()
  })

  test.each(FATES)(
    '[RES-2] the instance that a camera comes from %s: it gets what it missed, once and in order',
    async (_what, become) => {
      const { host, camera } = await scene(cluster(), 0, 1)
      await tell(host, 1, 3)
      await until(
        () => numbers(camera),
        (got) => got.length === 3,
        5_000,
        'three came',
      )
      const at = placeOf(camera)
      camera.client.drop()
      await tell(host, 4, 6)
      await become(cluster())
      await tell(host, 7, 9)
      const back = await enter(cluster().url(2), camera.token, { attempt: 2, resume: at })
      expect(back.welcome.resumed).toBe(true)
      expect(back.welcome.members.map(({ id }) => id).sort()).toEqual([host.id, camera.id].sort())
      await tell(host, 10, 12)
      await until(
        () => numbers(back),
        (got) => got.length >= 9,
        5_000,
        'the rest came',
      )
      await back.client.settled()
      expect(numbers(back)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12])
      // And so does what it says itself.
      await tell(back, 1, 3)
      await until(
        () => numbers(host),
        (got) => got.length >= 3,
        5_000,
        'its own came',
      )
      expect(numbers(host)).toEqual([1, 2, 3])
      expect(host.client.of('member-left')).toEqual([])
    },
  )

  test.each(['drains', 'is killed'] as const)(
    '[RES-2] what was answered ok before a sender’s instance %s is not lost',
    async (how) => {
      const { host, camera } = await scene(cluster(), 0, 1)
      const talking = tell(camera, 1, 10_000)
      await until(
        () => numbers(host).length,
        (count) => count >= 20,
        10_000,
        'it talks',
      )
      if (how === 'drains') await cluster().at(1).stop()
      else await cluster().at(1).kill()
      const taken = await talking
      const last = taken.at(-1) ?? 0
      const back = await enter(cluster().url(2), camera.token, { attempt: 2, resume: placeOf(camera) })
      expect(back.welcome.resumed).toBe(true)
      await tell(back, last + 100, last + 103)
      await until(
        () => numbers(host).at(-1),
        (n) => n === last + 103,
        5_000,
        'the last came',
      )
      const got = numbers(host) as number[]
      // One more may have been taken whose answer was lost.
      expect(got.filter((n) => n !== last + 1)).toEqual([
        ...taken,
        last + 100,
        last + 101,
        last + 102,
        last + 103,
      ])
      expect(got).toEqual([...got].sort((a, b) => a - b))
    },
  )

  test('[RES-2] both move at once, again and again, while they talk', async () => {
    const { host, camera } = await scene(cluster(), 0, 1)
    let [here, there]: [Entered, Entered] = [host, camera]
    const heard: unknown[][] = [[], []]
    for (let round = 0; round < 4; round += 1) {
      await Promise.all([
        tell(here, round * 10 + 1, round * 10 + 3),
        tell(there, round * 10 + 1, round * 10 + 3),
      ])
      const places = [placeOf(here), placeOf(there)]
      for (const [n, each] of [here, there].entries()) heard[n]?.push(...numbers(each))
      here.client.drop()
      const last = tell(there, round * 10 + 4, round * 10 + 6)
      const attempt = round + 2
      here = await enter(cluster().url(round + 1), host.token, { attempt, resume: places[0] ?? '' })
      await last
      // What it saw between the place and the drop comes again: to the place it says it has.
      there.client.drop()
      there = await enter(cluster().url(round + 2), camera.token, { attempt, resume: places[1] ?? '' })
      expect([here.welcome.resumed, there.welcome.resumed]).toEqual([true, true])
    }
    for (const [n, each] of [here, there].entries()) {
      await until(
        () => numbers(each),
        (got) => n === 1 || got.includes(36),
        5_000,
        'the last came',
      )
      await each.client.settled()
      heard[n]?.push(...numbers(each))
    }
    expect(heard[0]).toEqual([0, 1, 2, 3].flatMap((round) => [1, 2, 3, 4, 5, 6].map((n) => round * 10 + n)))
    expect(heard[1]).toEqual([0, 1, 2, 3].flatMap((round) => [1, 2, 3].map((n) => round * 10 + n)))
  })
})
